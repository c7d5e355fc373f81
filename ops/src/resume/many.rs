//! One decision about every promise that is parked for the same cause.

use std::fmt;
use std::io::{BufRead, IsTerminal, Write};
use std::str::FromStr;

use crate::OpsError;
use crate::gaps::Gaps;
use crate::key::Key;
use crate::paragraph::counted;
use crate::parked::{Filter, ParkedPromises, amount, with_gaps};
use crate::resume::{Resumed, decided, resume, rules};
use crate::table::{plain, table};
use crate::target::Target;
use serde::Serialize;
use shared::fulfilment::{OperatorDecision, Promise, State};
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
            Self::Resumed(resumed) => resumed.stands(),
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
        let ParkedPromises { waiting, gaps } = parked;
        let beyond_limit = waiting.len().saturating_sub(limit);
        let promises = waiting.into_iter().take(limit).map(|(promise, _)| {
            let key: Option<Key> = promise.key.parse().ok();
            let unknown = promise.parked.as_ref().is_none_or(|parked| parked.unknown);
            let fate = match &key {
                _ if unknown => Fate::Left("nobody knows what its last call came to".into()),
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

    /// The number of promises that go on.
    pub(crate) fn going(&self) -> usize {
        self.promises.iter().filter(|one| matches!(one.fate, Fate::Resumed(_))).count()
    }

    /// What a page shows of it.
    pub(crate) fn rows(&self) -> Vec<page::PreviewRow> {
        self.promises.iter().map(Planned::view).collect()
    }

    /// The table for people, with a sentence before it.
    pub(crate) fn text(&self) -> String {
        let (going, all) = (self.going(), self.promises.len());
        let verb = if self.dry_run { "would go on" } else { "went on" };
        let left = all.saturating_sub(going);
        let of = counted(all, "promise", "promises");
        let some = |count: usize, what: &str| match count {
            0 => String::new(),
            count => what.replace('#', &count.to_string()),
        };
        let left = some(left, ", # left as they are");
        let beyond = some(self.beyond_limit, "; # more are beyond --limit");
        let sentence = format!("{going} of {of} {verb}{left}{beyond}");
        let rows: Vec<_> = self.promises.iter().map(Planned::row).collect();
        let head = if self.dry_run { "WOULD BE" } else { "IS NOW" };
        let told = format!("{}\n\n{}", plain(&sentence), table(["KEY", "AMOUNT", head], &rows));
        with_gaps(&told, &self.gaps)
    }

    /// Lets each go on that was shown to; the others stay. One that changed since is
    /// left.
    ///
    /// # Errors
    /// [`OpsError::Failed`] at the first write that the table did not answer; what
    /// was done before is said. [`OpsError::No`] when nothing was written.
    pub(crate) async fn carry_out(
        self,
        target: &Target,
        decision: &OperatorDecision,
    ) -> Result<Self, OpsError> {
        let done = self.carried_out(target, decision).await?;
        if done.going() == 0 {
            return Err(OpsError::No(done.text()));
        }
        Ok(done)
    }

    /// [`Plan::carry_out`], which is no failure either where nothing was written.
    ///
    /// # Errors
    /// [`OpsError::Failed`] at the first write that the table did not answer.
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
            amount: self.amount.clone(),
            fate: self.fate.text(),
            goes_on: matches!(self.fate, Fate::Resumed(_)),
        }
    }

    fn row(&self) -> [String; 3] {
        [self.name.clone(), self.amount.clone(), self.fate.text()]
    }
}

/// Shows the plan on standard error and, where a person sits there, asks.
///
/// # Errors
/// [`OpsError::No`] when the person says no.
pub(crate) fn agreed(plan: &Plan, yes: bool) -> Result<(), OpsError> {
    let (mut out, mut input) = (std::io::stderr().lock(), std::io::stdin().lock());
    let asks = !yes && out.is_terminal() && input.is_terminal();
    // What cannot be shown is not there to be read.
    let _ = writeln!(out, "{}", plan.text());
    if !asks {
        return Ok(());
    }
    let _ = write!(out, "Let {} go on? [y/N] ", counted(plan.going(), "promise", "promises"));
    let _ = out.flush();
    let mut answer = String::new();
    let read = input.read_line(&mut answer).is_ok();
    if read && matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(OpsError::No("nothing was written".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
