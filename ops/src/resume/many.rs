//! One decision about every promise that is parked for the same cause.

use std::fmt;
use std::str::FromStr;

use crate::OpsError;
use crate::gaps::Gaps;
use crate::key::Key;
use crate::paragraph::counted;
use crate::parked::{Filter, ParkedPromises, amount, with_gaps};
use crate::resume::caution::{NOT_AS_IT_IS, caution};
use crate::resume::{Resumed, decided, resume, rules};
use crate::table::{plain, table};
use crate::target::Target;
use serde::Serialize;
use shared::fulfilment::{OperatorDecision, ParkReason, Promise, Resuming, State};
use shared::wire::Timestamp;

/// The promises of one cause, `reason=…,from=…`, and `unit=…` or `campaign=…`
/// where only some of them are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) filter: Filter,
}

impl FromStr for Selection {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut filter = Filter::default();
        for part in text.split(',') {
            let named = part.split_once('=').filter(|(_, value)| !value.trim().is_empty());
            let (name, value) = named.ok_or("must be reason=…,from=…,unit=…,campaign=…")?;
            let value = value.trim().to_owned();
            let slot = match name.trim() {
                "reason" => &mut filter.reason,
                "unit" => &mut filter.unit,
                "campaign" => &mut filter.campaign,
                "from" => {
                    let state = State::ALL.into_iter().find(|state| state.name() == value);
                    let state = state.ok_or_else(|| format!("{value} is no state"))?;
                    if filter.from.replace(state).is_some() {
                        return Err("from stands there twice".to_owned());
                    }
                    continue;
                }
                _ => return Err("knows reason, from, unit and campaign".to_owned()),
            };
            if slot.replace(value).is_some() {
                return Err(format!("{} stands there twice", name.trim()));
            }
        }
        if filter.reason.is_none() || filter.from.is_none() {
            return Err("must name the cause, reason=… and from=…, as `parked` shows it".into());
        }
        Ok(Self { filter })
    }
}

impl Selection {
    /// What is to be done first, where the promises of this reason are not resumed
    /// together.
    pub(crate) fn caution(&self) -> String {
        let reason = ParkReason::from(self.filter.reason.as_deref().unwrap_or_default());
        match reason.explanation().resuming {
            Resuming::Together => String::new(),
            Resuming::OneByOne => caution(&reason, "each is to be looked at before it goes on"),
            Resuming::NotAsItIs => caution(&reason, NOT_AS_IT_IS),
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.filter.fmt(f)
    }
}

/// A promise of the selection and what the decision makes of it.
#[derive(Debug, Serialize)]
pub(crate) struct Planned {
    #[serde(skip)]
    key: Option<Key>,
    #[serde(skip)]
    promise: Promise,
    #[serde(rename = "key")]
    name: String,
    amount: String,
    /// What the pure transition says.
    #[serde(flatten)]
    fate: Fate,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    /// It goes on, or would.
    Resumed(Resumed),
    /// It is left as it is, for this reason.
    Left(String),
}

impl Fate {
    fn text(&self) -> String {
        match self {
            Self::Resumed(resumed) => resumed.sentence.clone(),
            Self::Left(why) => format!("left: {why}"),
        }
    }
}

/// The decision about a selection: what it makes of each promise.
#[derive(Debug, Serialize)]
pub(crate) struct Plan {
    dry_run: bool,
    promises: Vec<Planned>,
    /// The number of promises beyond the limit, which are left for another time.
    beyond_limit: usize,
    /// What could not be read, and so is left.
    #[serde(skip_serializing_if = "Gaps::is_empty")]
    gaps: Gaps,
}

impl Plan {
    /// Each promise through the pure transition; nothing is written. One whose
    /// outcome nobody knows is always left: of that a person has to say it each time.
    pub(crate) fn of(
        target: &Target,
        parked: ParkedPromises,
        decision: &OperatorDecision,
        limit: usize,
    ) -> Self {
        let ParkedPromises { mut waiting, gaps } = parked;
        // What is left in any case takes no place of what could go on.
        let is_left =
            |promise: &Promise| promise.parked.as_ref().is_none_or(|parked| parked.unknown);
        waiting.sort_by_key(|(promise, _)| is_left(promise));
        let beyond_limit = waiting.len().saturating_sub(limit);
        let promises = waiting.into_iter().take(limit).map(|(promise, _)| {
            let key: Option<Key> = promise.key.parse().ok();
            let fate = match &key {
                _ if is_left(&promise) => {
                    Fate::Left("nobody knows what its last call came to".into())
                }
                None => Fate::Left("its key is of no provider".into()),
                Some(key) => match decided(&promise, decision, rules(target, key)) {
                    Ok(next) => {
                        Fate::Resumed(Resumed::of(&promise, next.last().unwrap_or(&promise)))
                    }
                    Err(why) => Fate::Left(why),
                },
            };
            let terms = &promise.terms;
            let amount = amount(terms.amount.as_deref(), terms.unit.as_deref());
            Planned { key, name: promise.key.clone(), amount, fate, promise }
        });
        Self { dry_run: true, promises: promises.collect(), beyond_limit, gaps }
    }

    /// The question whether they are to go on as shown.
    pub(crate) fn question(&self) -> String {
        format!("Let {} go on?", counted(self.going(), "promise", "promises"))
    }

    /// The number of promises that go on.
    pub(crate) fn going(&self) -> usize {
        self.promises.iter().filter(|one| matches!(one.fate, Fate::Resumed(_))).count()
    }

    /// The number of promises beyond the limit.
    pub(crate) fn beyond_limit(&self) -> usize {
        self.beyond_limit
    }

    /// What could not be read.
    pub(crate) fn gaps(&self) -> &Gaps {
        &self.gaps
    }

    /// What a page shows of it.
    pub(crate) fn rows(&self) -> Vec<page::PreviewRow> {
        self.promises.iter().map(Planned::view).collect()
    }

    /// The table for people, with a sentence before it.
    pub(crate) fn text(&self) -> String {
        let (going, all) = (self.going(), self.promises.len());
        let verb = if self.dry_run { "would go on" } else { "went on" };
        let of = counted(all, "promise", "promises");
        let left = match all.saturating_sub(going) {
            0 => String::new(),
            1 => ", 1 is left as it is".to_owned(),
            left => format!(", {left} are left as they are"),
        };
        let beyond = match self.beyond_limit {
            0 => String::new(),
            1 => "; 1 more is beyond --limit".to_owned(),
            beyond => format!("; {beyond} more are beyond --limit"),
        };
        let sentence = format!("{going} of {of} {verb}{left}{beyond}");
        let rows: Vec<_> = self.promises.iter().map(Planned::row).collect();
        let head = if self.dry_run { "WHAT WOULD COME OF IT" } else { "WHAT COMES OF IT" };
        let told = format!("{}\n\n{}", plain(&sentence), table(["KEY", "AMOUNT", head], &rows));
        with_gaps(&told, &self.gaps)
    }

    /// The plan as what was done, where none of it could be.
    pub(crate) fn with_nothing_done(self) -> Self {
        Self { dry_run: false, ..self }
    }

    /// Lets each go on that was shown to; the others stay. One that changed since is
    /// left.
    ///
    /// # Errors
    /// [`OpsError::Failed`] at the first write that the table did not answer; what
    /// was done before is said.
    pub(crate) async fn carried_out(
        mut self,
        target: &Target,
        decision: &OperatorDecision,
    ) -> Result<Self, OpsError> {
        let mut done = 0_usize;
        for planned in &mut self.promises {
            let (Some(key), Fate::Resumed(_)) = (&planned.key, &planned.fate) else { continue };
            planned.fate = match resume(target, key, &planned.promise, decision).await {
                Ok(resumed) => {
                    done += 1;
                    Fate::Resumed(resumed)
                }
                Err(OpsError::No(why) | OpsError::Found(why)) => {
                    let why = why.strip_prefix(&format!("{key}: ")).unwrap_or(&why);
                    Fate::Left(why.to_owned())
                }
                Err(OpsError::Failed(why)) => {
                    return Err(OpsError::Failed(format!(
                        "{why} ({done} went on before it, the rest is untouched)"
                    )));
                }
            };
        }
        self.dry_run = false;
        Ok(self)
    }
}

impl Planned {
    fn view(&self) -> page::PreviewRow {
        let parked = self.promise.parked.as_ref();
        page::PreviewRow {
            key: self.name.clone(),
            since: parked.map_or(Timestamp::ZERO, |parked| parked.at),
            version: self.promise.version,
            amount: self.amount.clone(),
            fate: self.fate.text(),
            goes_on: matches!(self.fate, Fate::Resumed(_)),
        }
    }

    fn row(&self) -> [String; 3] {
        [self.name.clone(), self.amount.clone(), self.fate.text()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(going: usize, left: usize, beyond_limit: usize) -> Plan {
        let promise = crate::resume::tests::parked(State::Requested);
        let fates = [
            vec![Fate::Resumed(Resumed::of(&promise, &promise)); going],
            vec![Fate::Left("that says nothing new".into()); left],
        ];
        let planned = |fate| Planned {
            key: None,
            promise: promise.clone(),
            name: promise.key.clone(),
            amount: amount(Some("2"), Some("free_months")),
            fate,
        };
        let promises = fates.concat().into_iter().map(planned).collect();
        Plan { dry_run: true, promises, beyond_limit, gaps: Gaps::default() }
    }

    #[test]
    fn a_plan_counts_as_people_do() {
        for (plan, says) in [
            (planned(2, 0, 0), "2 of 2 promises would go on\n"),
            (planned(1, 1, 1), "1 of 2 promises would go on, 1 is left as it is; 1 more is beyond"),
            (planned(0, 3, 2), "0 of 3 promises would go on, 3 are left as they are; 2 more are"),
        ] {
            let text = plan.text();
            assert!(text.starts_with(says), "{text}");
            assert!(text.contains("2 free months") && !text.contains('_'), "{text}");
        }
        assert_eq!(planned(1, 1, 0).question(), "Let 1 promise go on?");
        let none = planned(0, 2, 0).with_nothing_done().text();
        assert!(none.starts_with("0 of 2 promises went on, 2 are left as they are\n"), "{none}");
    }

    #[test]
    fn what_is_to_be_looked_at_is_said_before() {
        let caution = |reason: &str| {
            let selection: Selection = format!("reason={reason},from=requested").parse().unwrap();
            selection.caution()
        };
        assert_eq!(caution("over_age"), "");
        assert!(
            caution("amount_not_positive").starts_with(
                "amount_not_positive: none is to go on as it is. Correct it at FirstPromoter;"
            ),
            "{}",
            caution("amount_not_positive")
        );
        let each = caution("source_changed");
        assert!(each.contains("each is to be looked at before it goes on. Look whether"), "{each}");
        assert!(each.lines().all(|line| line.len() <= 100) && !each.contains('`'), "{each}");
    }

    #[test]
    fn a_selection_names_its_cause() {
        let selection: Selection =
            "reason=422 no_such_account, from=requested,unit=points".parse().unwrap();
        assert_eq!(selection.filter.reason.as_deref(), Some("422 no_such_account"));
        assert_eq!(selection.filter.from, Some(State::Requested));
        assert_eq!(selection.to_string(), "reason=422 no_such_account,from=requested,unit=points");
        for (text, problem) in [
            ("", "must be reason="),
            ("reason=", "must be reason="),
            ("reason=over_age", "must name the cause"),
            ("from=requested", "must name the cause"),
            ("reason=a,from=here", "here is no state"),
            ("reason=a,reason=b,from=requested", "reason stands there twice"),
            ("reason=a,from=requested,from=requested", "from stands there twice"),
            ("reason=a,from=requested,amount=5", "knows reason, from, unit and campaign"),
        ] {
            let refused = text.parse::<Selection>().unwrap_err();
            assert!(refused.contains(problem), "{text}: {refused}");
        }
    }
}
