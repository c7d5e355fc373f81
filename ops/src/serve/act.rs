//! What waits for a person, and the form by which it goes on.

use std::collections::HashSet;

use answers::Reward;
use axum::http::StatusCode;
use page::{Act, BECAUSE, Fates, Frame, Leaf, WaitingRow};
use shared::fulfilment::{OperatorDecision, ParkReason, Promise, Resolution, Resuming, State};
use shared::wire::Timestamp;

use super::Page;
use super::gone::gone;
use super::screens::{Asked, Screen};
use crate::OpsError;
use crate::key::Key;
use crate::page::frame;
use crate::parked::causes;
use crate::parked::{Filter, ParkedPromises, parked};
use crate::resume::many::Plan;

/// The rows of a page.
const ROWS: usize = 25;
/// The most that go on at one time, as with `resume --where`.
const MOST: usize = 200;

/// What was filled in.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) token: String,
    reason: String,
    from: String,
    because: String,
    /// The rewards that were ticked, as [`page::choice`] names them.
    ticked: Vec<String>,
    /// True when those that no page showed are meant as well.
    all: bool,
}

impl Form {
    pub(super) fn of(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let value = value.trim().to_owned();
            match name.as_ref() {
                "token" => form.token = value,
                "reason" => form.reason = value,
                "from" => form.from = value,
                "because" => form.because = value,
                "ticked" => form.ticked.push(value),
                "all" => form.all = value == "yes",
                _ => {}
            }
        }
        form
    }

    /// What it lacks, or has too much of: a title and a sentence.
    fn lacks(&self) -> Option<(&'static str, String)> {
        let missing = "Something is missing";
        if self.because.is_empty() || (self.ticked.is_empty() && !self.all) {
            return Some((missing, "Tick what goes on, and say because of what.".into()));
        }
        if self.because.chars().count() > BECAUSE {
            let says = format!("Say because of what in {BECAUSE} characters.");
            return Some(("That is too much", says));
        }
        let is_cause = !self.reason.is_empty() && filter_of(None, Some(&self.from)).is_ok();
        (!is_cause).then(|| (missing, "The form names no reason and state.".into()))
    }

    fn takes(&self, promise: &Promise) -> bool {
        let since = promise.parked.as_ref().map_or(Timestamp::ZERO, |parked| parked.at);
        self.all || self.ticked.contains(&page::choice(since, promise.version, &promise.key))
    }
}

/// The filter for what is asked for: a reason, a state that was parked from, or both.
///
/// # Errors
/// [`OpsError::No`] where the state is none.
fn filter_of(reason: Option<&str>, from: Option<&str>) -> Result<Filter, OpsError> {
    let state = |name: &str| State::ALL.into_iter().find(|state| state.name() == name);
    let (reason, state) = (reason.map(str::to_owned), from.map(state));
    match state {
        Some(None) => Err(OpsError::No(
            "name the cause by reason and by state, as the screen Waiting shows it".into(),
        )),
        state => Ok(Filter { reason, from: state.flatten(), ..Filter::default() }),
    }
}

impl Page {
    /// Why rewards wait, or those that wait for one reason.
    ///
    /// # Errors
    /// [`OpsError`] when none waits for it, or that cannot be read.
    pub(super) async fn waiting(&self, frame: &Frame, asked: &Asked) -> Result<Screen, OpsError> {
        let parked = parked(&self.target.store).await;
        let parked = parked.map_err(|error| match error {
            OpsError::Failed(_) => OpsError::Failed(Self::gap("what waits", &error)),
            error => error,
        })?;
        let filter = filter_of(asked.value("reason"), asked.value("from"))?;
        let parked = parked.only(&filter)?;
        let causes = causes::of(&parked.shown());
        // A reason has a cause for each state that was parked from.
        if causes.len() != 1 || filter.reason.is_none() {
            let causes: Vec<_> = causes.iter().map(|cause| cause.view(&self.args)).collect();
            let only = (filter != Filter::default()).then(|| filter.to_string());
            let (only, gaps) = (only.as_deref(), parked.gaps.lines());
            return Ok(Screen::of(frame, page::causes(frame, &causes, only, gaps)));
        }
        let cause = self.cause(&parked)?;
        let ParkedPromises { waiting, gaps } = parked;
        let leaf = leaf(waiting.len(), asked.value("page"));
        let rows = waiting.iter().skip((leaf.page - 1) * ROWS).take(ROWS);
        let rows: Vec<WaitingRow> = rows.filter_map(|(promise, _)| self.row(promise)).collect();
        let act = self.allow_resume.as_deref().map(|by| self.may(by));
        let (act, gaps) = (act.as_ref(), gaps.lines());
        Ok(Screen::of(frame, page::waiting(frame, &cause, &rows, leaf, act, gaps)))
    }

    fn may(&self, by: &str) -> Act {
        Act { token: self.gate.token().to_owned(), by: by.to_owned(), most: MOST }
    }

    fn cause(&self, parked: &ParkedPromises) -> Result<page::Cause, OpsError> {
        let causes = causes::of(&parked.shown());
        let first = causes.first().map(|cause| cause.view(&self.args));
        first.ok_or_else(|| OpsError::No("nothing waits for this reason any more".into()))
    }

    fn row(&self, promise: &Promise) -> Option<WaitingRow> {
        let key: Key = promise.key.parse().ok()?;
        let parked = promise.parked.as_ref()?;
        Some(WaitingRow {
            reward: Reward::of(&key.item().pk, promise, self.personal),
            since: parked.at,
            version: promise.version,
            unknown: parked.unknown,
        })
    }

    /// Shows what a decision would make of what was ticked, or carries it out.
    ///
    /// # Errors
    /// [`OpsError`] when nothing of it waits any more, or the table does not answer.
    pub(super) async fn act(
        &self,
        asked: &Asked,
        form: &Form,
        by: &str,
    ) -> Result<Screen, OpsError> {
        let frame = frame(&self.args, true)?;
        if let Some((title, says)) = form.lacks() {
            let html = page::told(&frame, title, &format!("{says} Nothing was written."));
            return Ok(Screen { status: StatusCode::BAD_REQUEST, ..Screen::of(&frame, html) });
        }
        let filter = filter_of(Some(&form.reason), Some(&form.from))?;
        let resuming = ParkReason::from(form.reason.as_str()).explanation().resuming;
        if form.all && resuming != Resuming::Together {
            return self.refused(
                "these are not resumed together: look at each, and tick those for which it is \
                 right. Nothing was written",
            );
        }
        if form.all && !is_preview(asked) {
            return self.refused("look first at what would become of them. Nothing was written");
        }
        let mut parked = parked(&self.target.store).await?;
        if form.ticked.is_empty() {
            parked = parked.only(&filter)?;
        }
        parked.keep(&filter);
        let named: HashSet<&str> =
            form.ticked.iter().filter_map(|of| Some(page::chosen(of)?.1)).collect();
        let is_other = |promise: &Promise| !form.all && !named.contains(promise.key.as_str());
        let others = parked.waiting.iter().filter(|(promise, _)| is_other(promise)).count();
        // One that was parked anew, or changed, since it was shown is another case.
        parked.waiting.retain(|(promise, _)| form.takes(promise));
        let gone = gone(&self.target.store, &form.ticked, &parked).await;
        let decision = OperatorDecision {
            by: by.to_owned(),
            resolution: Resolution::GoOn,
            because: form.because.clone(),
            at: Timestamp::now(),
        };
        let plan = Plan::of(&self.target, parked, &decision, MOST);
        let fates = |plan: &Plan| Fates {
            reason: form.reason.clone(),
            from: filter.from.unwrap_or(State::Parked),
            rows: plan.rows().into_iter().chain(gone.iter().cloned()).collect(),
            others: others + plan.beyond_limit(),
            most: (plan.beyond_limit() > 0).then_some(MOST),
            not_read: plan.gaps().lines().to_vec(),
        };
        let (going, html) = match asked.path().as_slice() {
            _ if is_preview(asked) => {
                let shown = page::preview(&frame, &fates(&plan), &form.because, &self.may(by));
                (plan.going(), shown)
            }
            ["waiting", "resume"] => {
                let plan = plan.carried_out(&self.target, &decision).await?;
                (plan.going(), page::done(&frame, &fates(&plan)))
            }
            _ => return Err(OpsError::No("there is no such page".into())),
        };
        // Somebody else was quicker, or it may not go on like this.
        let status = if going == 0 { StatusCode::CONFLICT } else { StatusCode::OK };
        Ok(Screen { status, ..Screen::of(&frame, html) })
    }
}

fn is_preview(asked: &Asked) -> bool {
    asked.path().as_slice() == ["waiting", "preview"]
}

/// The page of a list that was asked for: the first where none is, the last where there
/// are not so many.
fn leaf(rows: usize, asked: Option<&str>) -> Leaf {
    let of = rows.div_ceil(ROWS).max(1);
    let page: usize = asked.and_then(|page| page.parse().ok()).unwrap_or(1);
    Leaf { page: page.clamp(1, of), of }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_a_reason_a_state_or_both() {
        for (reason, from, filter) in [
            (Some("over_age"), Some("requested"), "reason=over_age,from=requested"),
            (None, Some("requested"), "from=requested"),
            (Some("over_age"), None, "reason=over_age"),
            (None, None, ""),
        ] {
            assert_eq!(filter_of(reason, from).unwrap().to_string(), filter);
        }
        for from in ["here", ""] {
            assert!(filter_of(Some("over_age"), Some(from)).is_err(), "{from}");
        }
    }

    #[test]
    fn a_page_that_is_not_there_is_the_nearest() {
        for (rows, asked, page, of) in [
            (0, None, 1, 1),
            (25, Some("2"), 1, 1),
            (26, None, 1, 2),
            (26, Some("2"), 2, 2),
            (230, Some("99"), 10, 10),
            (230, Some("0"), 1, 10),
            (230, Some("x"), 1, 10),
        ] {
            assert_eq!(leaf(rows, asked), Leaf { page, of }, "{rows} {asked:?}");
        }
    }

    #[test]
    fn a_form_names_what_was_ticked() {
        let form =
            Form::of(b"token=t&reason=over_age&from=requested&ticked=1+a%3A1&ticked=2+b&x=y");
        assert_eq!(form.ticked, ["1 a:1", "2 b"]);
        assert_eq!((form.token.as_str(), form.all), ("t", false));
        assert!(Form::of(b"all=yes").all && !Form::of(b"all=no").all && !Form::of(b"all=").all);
        assert_eq!(Form::of(&[0xff, 0]), Form::default());
    }
}
