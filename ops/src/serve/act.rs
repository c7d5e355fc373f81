//! What waits for a person, and the form by which it goes on.

use answers::Reward;
use axum::http::StatusCode;
use page::{Act, BECAUSE, Frame, WaitingRow};
use shared::fulfilment::{OperatorDecision, ParkReason, Promise, Resolution, Resuming, State};
use shared::wire::Timestamp;

use super::Page;
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

    fn takes(&self, promise: &Promise) -> bool {
        let since = promise.parked.as_ref().map_or(Timestamp::ZERO, |parked| parked.at);
        self.all || self.ticked.contains(&page::choice(since, &promise.key))
    }
}

/// The filter for one cause, which is a reason and the state that was parked from.
///
/// # Errors
/// [`OpsError::No`] where one of them is missing or is none.
fn cause_of(reason: &str, from: &str) -> Result<Filter, OpsError> {
    let state = State::ALL.into_iter().find(|state| state.name() == from);
    match (reason, state) {
        ("", _) | (_, None) => Err(OpsError::No(
            "name the cause by reason and by state, as the screen Waiting shows it".into(),
        )),
        (reason, from) => Ok(Filter { reason: Some(reason.to_owned()), from, ..Filter::default() }),
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
        let parked = match (asked.value("reason"), asked.value("from")) {
            (None, _) => parked,
            (Some(reason), Some(from)) => parked.only(&cause_of(reason, from)?)?,
            (Some(reason), None) => {
                let reason = Some(reason.to_owned());
                parked.only(&Filter { reason, ..Filter::default() })?
            }
        };
        let causes = causes::of(&parked.shown());
        // A reason has a cause for each state that was parked from.
        if causes.len() != 1 || asked.value("reason").is_none() {
            let causes: Vec<_> = causes.iter().map(|cause| cause.view(&self.args)).collect();
            return Ok(Screen::of(frame, page::causes(frame, &causes, parked.gaps.lines())));
        }
        let cause = self.cause(&parked)?;
        let ParkedPromises { waiting, gaps } = parked;
        let rows: Vec<WaitingRow> =
            waiting.iter().take(ROWS).filter_map(|(promise, _)| self.row(promise)).collect();
        let beyond = waiting.len().saturating_sub(ROWS);
        let act = self.allow_resume.as_deref().map(|by| self.may(by));
        let (act, gaps) = (act.as_ref(), gaps.lines());
        Ok(Screen::of(frame, page::waiting(frame, &cause, &rows, beyond, act, gaps)))
    }

    fn may(&self, by: &str) -> Act {
        Act { token: self.gate.token().to_owned(), by: by.to_owned() }
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
        if form.because.is_empty() || (form.ticked.is_empty() && !form.all) {
            let says = "Tick what goes on, and say because of what. Nothing was written.";
            let html = page::told(&frame, "Something is missing", says);
            return Ok(Screen { status: StatusCode::BAD_REQUEST, ..Screen::of(&frame, html) });
        }
        if form.because.chars().count() > BECAUSE {
            let says = format!("Say because of what in {BECAUSE} characters. Nothing was written.");
            let html = page::told(&frame, "That is too much", &says);
            return Ok(Screen { status: StatusCode::BAD_REQUEST, ..Screen::of(&frame, html) });
        }
        let Ok(cause) = cause_of(&form.reason, &form.from) else {
            let says = "The form names no reason and state. Nothing was written.";
            let html = page::told(&frame, "Something is missing", says);
            return Ok(Screen { status: StatusCode::BAD_REQUEST, ..Screen::of(&frame, html) });
        };
        let resuming = ParkReason::from(form.reason.as_str()).explanation().resuming;
        if form.all && resuming != Resuming::Together {
            return self.refused(
                "these are not resumed together: look at each, and tick those for which it is \
                 right. Nothing was written",
            );
        }
        let parked = parked(&self.target.store).await?;
        let mut parked = parked.only(&cause)?;
        // One that was parked anew since it was shown is another case.
        parked.waiting.retain(|(promise, _)| form.takes(promise));
        let cause = self.cause(&parked)?;
        let decision = OperatorDecision {
            by: by.to_owned(),
            resolution: Resolution::GoOn,
            because: form.because.clone(),
            at: Timestamp::now(),
        };
        let plan = Plan::of(&self.target, parked, &decision, MOST);
        match asked.path().as_slice() {
            ["waiting", "preview"] => {
                let html =
                    page::preview(&frame, &cause, &plan.rows(), &form.because, &self.may(by));
                Ok(Screen::of(&frame, html))
            }
            ["waiting", "resume"] => {
                let done = plan.carried_out(&self.target, &decision).await?;
                // Somebody else was quicker, or it may not go on like this.
                let status = if done.going() == 0 { StatusCode::CONFLICT } else { StatusCode::OK };
                let html = page::done(&frame, &done.rows());
                Ok(Screen { status, ..Screen::of(&frame, html) })
            }
            _ => Err(OpsError::No("there is no such page".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_a_reason_and_a_state() {
        let cause = cause_of("over_age", "requested").unwrap();
        assert_eq!(cause.to_string(), "reason=over_age,from=requested");
        for (reason, from) in [("over_age", ""), ("over_age", "here"), ("", "requested")] {
            assert!(cause_of(reason, from).is_err(), "{reason} {from}");
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
