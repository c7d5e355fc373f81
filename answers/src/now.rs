//! How everything stands now: what waits for a person, what is late, the pipeline.

use serde::Serialize;
use shared::fulfilment::State;
use shared::wire::Timestamp;

use crate::alarm::Alarms;
use crate::words::span;

/// Seconds after which a reward that waits for its delivery, or for the platform to
/// answer about it, is late, as the alarm `rewards-late` counts.
pub const LATE_SECONDS: i64 = 3600;
/// The states that the alarm looks at. In others a promise may well stay for long: until
/// the platform asks again, approves, or says that it denied.
const MAY_BE_LATE: [State; 3] = [State::LookupDue, State::ApprovalDue, State::Requested];

/// The promises in one state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// The state.
    pub state: State,
    /// Their number, or a part of it.
    pub count: usize,
    /// True when there are more than were counted.
    pub more: bool,
    /// The time since which the oldest is open.
    pub oldest: Option<Timestamp>,
    /// The number of those counted that are late.
    pub late: usize,
}

/// How everything stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Now {
    /// The time.
    pub at: Timestamp,
    /// The open states in which there are promises, in the order of a promise's life.
    pub pipeline: Vec<Stage>,
    /// The states that could not be read.
    pub unread: Vec<State>,
    /// The sweep, where its log can be read.
    pub sweep: Option<Sweep>,
    /// The alarms; none where there cannot be any, or they could not be read.
    pub alarms: Option<Alarms>,
    /// What could not be read.
    pub gaps: Vec<String>,
}

/// The last sweep that was complete, as its log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sweep {
    /// The time of it; `None` when there was none in the time that was looked at.
    pub last: Option<Timestamp>,
    /// The oldest work that it saw.
    pub oldest: Option<Oldest>,
    /// The time since which the log was looked at.
    pub since: Timestamp,
}

/// The oldest work that a sweep saw. What waits for a person is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Oldest {
    /// The state of the promise.
    pub state: State,
    /// The seconds for which it was open then.
    pub seconds: i64,
}

impl Stage {
    /// The promises of a state that are open since these times, where they are known, with
    /// `more` of them or not.
    #[must_use]
    pub fn of(state: State, since: &[Option<Timestamp>], more: bool, now: Timestamp) -> Self {
        let is_late = |at: &&Timestamp| now.seconds() - at.seconds() > LATE_SECONDS;
        let may_be = MAY_BE_LATE.contains(&state);
        let late = if may_be { since.iter().flatten().filter(is_late).count() } else { 0 };
        Self {
            state,
            count: since.len(),
            more,
            oldest: since.iter().flatten().min().copied(),
            late,
        }
    }

    /// The count in words, with a plus where there are more.
    #[must_use]
    pub fn counted(&self) -> String {
        format!("{}{}", self.count, if self.more { "+" } else { "" })
    }
}

impl Now {
    /// The answer in one line: "2 rewards wait for a person. Nothing is late. Last sweep
    /// 3 min ago." Alarms that are on stand first.
    #[must_use]
    pub fn sentence(&self) -> String {
        let unread = |what: &str| format!("{what} is not known.");
        let parked = self.pipeline.iter().find(|stage| stage.state == State::Parked);
        let waits = match parked {
            Some(Stage { count: 1, more: false, .. }) => "1 reward waits for a person.".to_owned(),
            Some(stage) if stage.count > 0 => {
                format!("{} rewards wait for a person.", stage.counted())
            }
            _ if self.unread.contains(&State::Parked) => {
                unread("Whether something waits for a person")
            }
            _ => "Nothing waits for a person.".to_owned(),
        };
        let late: usize = self.pipeline.iter().map(|stage| stage.late).sum();
        let late = match late {
            0 if !self.unread.is_empty() => unread("Whether something is late"),
            0 => "Nothing is late.".to_owned(),
            1 => "1 is late.".to_owned(),
            late => format!("{late} are late."),
        };
        let ago = |at: Timestamp| span(self.at.seconds().saturating_sub(at.seconds()));
        let swept = self.sweep.map(|sweep| match sweep.last {
            Some(at) => {
                let oldest = sweep
                    .oldest
                    .map(|of| format!("; the oldest work was {} old then", span(of.seconds)));
                format!(" Last sweep {} ago{}.", ago(at), oldest.unwrap_or_default())
            }
            None => format!(" No sweep was complete in the last {}.", ago(sweep.since)),
        });
        let told = format!("{waits} {late}{}", swept.unwrap_or_default());
        match &self.alarms {
            None => told,
            Some(alarms) if alarms.on.is_empty() => format!("{told} {}", alarms.sentence()),
            Some(alarms) => format!("{} {told}", alarms.sentence()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::On;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_ms(1_790_000_000_000).plus_seconds(second)
    }

    fn now(pipeline: Vec<Stage>, sweep: Option<Sweep>, unread: &[State]) -> Now {
        Now {
            at: at(9_000),
            pipeline,
            unread: unread.to_vec(),
            sweep,
            alarms: None,
            gaps: Vec::new(),
        }
    }

    fn stage(state: State, since: &[i64], more: bool) -> Stage {
        let since: Vec<_> = since.iter().map(|second| Some(at(*second))).collect();
        Stage::of(state, &since, more, at(9_000))
    }

    #[test]
    fn one_line_tells_what_waits_what_is_late_and_when_it_was_looked_at() {
        let parked = |since: &[i64], more| stage(State::Parked, since, more);
        for (pipeline, swept, unread, sentence) in [
            (vec![], None, &[][..], "Nothing waits for a person. Nothing is late."),
            (
                vec![parked(&[0], false), stage(State::Requested, &[8_000], false)],
                Some(Sweep { last: Some(at(8_820)), oldest: None, since: at(6_900) }),
                &[],
                "1 reward waits for a person. Nothing is late. Last sweep 3 min ago.",
            ),
            (
                vec![],
                Some(Sweep {
                    last: Some(at(8_820)),
                    oldest: Some(Oldest { state: State::Requested, seconds: 600 }),
                    since: at(6_900),
                }),
                &[],
                "Nothing waits for a person. Nothing is late. Last sweep 3 min ago; the oldest \
                 work was 10 min old then.",
            ),
            (
                vec![parked(&[0, 1], false), stage(State::Requested, &[0, 5_000, 8_000], false)],
                None,
                &[],
                "2 rewards wait for a person. 2 are late.",
            ),
            (
                vec![parked(&[0, 1, 2], true)],
                Some(Sweep { last: None, oldest: None, since: at(6_900) }),
                &[State::Reversing],
                "3+ rewards wait for a person. Whether something is late is not known. No sweep \
                 was complete in the last 35 min.",
            ),
            (
                vec![],
                None,
                &[State::Parked],
                "Whether something waits for a person is not known. Whether something is late \
                 is not known.",
            ),
        ] {
            assert_eq!(now(pipeline, swept, unread).sentence(), sentence);
        }
    }

    #[test]
    fn alarms_that_are_on_stand_first() {
        let mut alarms = Alarms::default();
        let mut told = |name: &str, on| {
            alarms.add("mine", name, "It fails.", on);
            let now = Now { alarms: Some(alarms.clone()), ..now(Vec::new(), None, &[]) };
            now.sentence()
        };
        let rest = "Nothing waits for a person. Nothing is late.";
        assert_eq!(told("other", On::Not), format!("{rest} There are no alarms."));
        assert_eq!(told("mine-parked", On::Not), format!("{rest} No alarm is on."));
        let on = told("mine-unavailable", On::Since(Some(at(0))));
        assert_eq!(on, format!("1 alarm is on: unavailable. {rest}"));
    }

    #[test]
    fn a_stage_knows_its_oldest_and_that_there_are_more() {
        for (state, late) in [(State::Requested, 1), (State::Delivered, 0), (State::Parked, 0)] {
            let stage = stage(state, &[0, 8_999], true);
            let told = (stage.counted(), stage.oldest, stage.late);
            assert_eq!(told, ("2+".to_owned(), Some(at(0)), late), "{state:?}");
        }
    }
}
