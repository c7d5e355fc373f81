//! How everything stands now: what waits for a person, what is late, the pipeline.

use serde::Serialize;
use shared::fulfilment::State;
use shared::wire::Timestamp;

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
    /// What could not be read.
    pub gaps: Vec<String>,
}

/// The last sweep that was complete, as its log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sweep {
    /// The time of it; `None` when there was none in the time that was looked at.
    pub last: Option<Timestamp>,
    /// The time since which the log was looked at.
    pub since: Timestamp,
}

impl Stage {
    /// The promises of a state that are open since these times, oldest first, with
    /// `more` of them or not.
    #[must_use]
    pub fn of(state: State, since: &[Timestamp], more: bool, now: Timestamp) -> Self {
        let is_late = |at: &&Timestamp| now.seconds() - at.seconds() > LATE_SECONDS;
        let may_be = MAY_BE_LATE.contains(&state);
        let late = if may_be { since.iter().filter(is_late).count() } else { 0 };
        Self { state, count: since.len(), more, oldest: since.first().copied(), late }
    }

    /// The count in words, with a plus where there are more.
    #[must_use]
    pub fn counted(&self) -> String {
        format!("{}{}", self.count, if self.more { "+" } else { "" })
    }
}

impl Now {
    /// The answer in one line: "2 rewards wait for a person. Nothing is late. Last sweep
    /// 3 min ago."
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
            Some(at) => format!(" Last sweep {} ago.", ago(at)),
            None => format!(" No sweep was complete in the last {}.", ago(sweep.since)),
        });
        format!("{waits} {late}{}", swept.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_ms(1_790_000_000_000).plus_seconds(second)
    }

    fn now(pipeline: Vec<Stage>, sweep: Option<Sweep>, unread: &[State]) -> Now {
        Now { at: at(9_000), pipeline, unread: unread.to_vec(), sweep, gaps: Vec::new() }
    }

    fn stage(state: State, since: &[i64], more: bool) -> Stage {
        let since: Vec<_> = since.iter().map(|second| at(*second)).collect();
        Stage::of(state, &since, more, at(9_000))
    }

    #[test]
    fn one_line_tells_what_waits_what_is_late_and_when_it_was_looked_at() {
        let parked = |since: &[i64], more| stage(State::Parked, since, more);
        for (pipeline, swept, unread, sentence) in [
            (vec![], None, &[][..], "Nothing waits for a person. Nothing is late."),
            (
                vec![parked(&[0], false), stage(State::Requested, &[8_000], false)],
                Some(Sweep { last: Some(at(8_820)), since: at(6_900) }),
                &[],
                "1 reward waits for a person. Nothing is late. Last sweep 3 min ago.",
            ),
            (
                vec![parked(&[0, 1], false), stage(State::Requested, &[0, 5_000, 8_000], false)],
                None,
                &[],
                "2 rewards wait for a person. 2 are late.",
            ),
            (
                vec![parked(&[0, 1, 2], true)],
                Some(Sweep { last: None, since: at(6_900) }),
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
    fn a_stage_knows_its_oldest_and_that_there_are_more() {
        for (state, late) in [(State::Requested, 1), (State::Delivered, 0), (State::Parked, 0)] {
            let stage = stage(state, &[0, 8_999], true);
            let told = (stage.counted(), stage.oldest, stage.late);
            assert_eq!(told, ("2+".to_owned(), Some(at(0)), late), "{state:?}");
        }
    }
}
