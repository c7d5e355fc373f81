//! What happened, in words.

use shared::fulfilment::{Actor, LogEntry, OperatorDecision, Resolution, State};
use shared::ledger::InboxReason;

use crate::because;
use crate::story::{StoryEvent, Try, What};

impl What {
    /// The key of the promise that this is about.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self {
            What::Event(_) => None,
            What::Tried(tried) => Some(&tried.key),
            What::Promised { key, .. }
            | What::LeftOut { key, .. }
            | What::Decided { key, .. }
            | What::Delivered { key }
            | What::Confirmed { key }
            | What::Entered { key, .. } => Some(key),
        }
    }

    /// What happened, in one line.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            What::Event(event) => event.event_type.clone().unwrap_or_else(|| "quarantined".into()),
            What::Promised { terms: None, .. } => "promised, on the terms of then".into(),
            What::Promised { terms: Some(terms), .. } => match &terms.recipient {
                Some(recipient) => format!("promised {} to {}", terms.amount, recipient.words()),
                None => format!("promised {}, nobody knows to whom", terms.amount),
            },
            What::Tried(tried) => tried.words(),
            What::LeftOut { count, .. } => format!("{count} earlier transitions are not told"),
            What::Decided { decision, .. } => decided(decision),
            What::Delivered { .. } => "delivered".into(),
            What::Confirmed { .. } => "confirmed".into(),
            What::Entered { state, reason: Some(reason), .. } => {
                format!("now {}: {reason}", state.name())
            }
            What::Entered { state, .. } => format!("now {}", state.name()),
        }
    }
}

impl StoryEvent {
    /// What is to be said of the event beside its changes, each in one line.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let list = |what: &str, names: &[String]| {
            (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
        };
        let inbox = self.inbox.map(|reason| match reason {
            InboxReason::Quarantined => "kept as it came: it cannot be read as an event".to_owned(),
            InboxReason::UnknownType => "kept only: its type is not known here".to_owned(),
            InboxReason::Test => "kept only: it comes from a test button".to_owned(),
        });
        let notes = [
            inbox,
            self.problem.as_ref().map(|problem| format!("problem: {problem}")),
            self.no_promise.as_ref().map(|reason| format!("no promise: {reason}")),
            list("an event before it is missing", &self.gap),
            list("only in the event", &self.over),
            self.kept_with.as_ref().map(|with| format!("kept with {with}")),
            self.identity.as_ref().map(|identity| format!("id {identity}")),
            Some(format!("secret {}", self.secret)),
        ];
        notes.into_iter().flatten().collect()
    }
}

impl Try {
    /// The entry in one line: `delivery: no answer, 2004 ms; now parked, because …`.
    #[must_use]
    pub fn words(&self) -> String {
        let LogEntry { from, to, by, outcome, reason, ms, .. } = &self.entry;
        let what = match (by, from) {
            (Actor::Event, _) => "event",
            (Actor::Deliver, State::Reversing | State::ReversalDue) => "reversal",
            (Actor::Deliver, _) => "delivery",
            (Actor::Confirm, State::LookupDue | State::AwaitingApproval) => "look-up",
            (Actor::Confirm, State::ApprovalDue) => "request for approval",
            (Actor::Confirm, State::Reversed) => "unmarking",
            (Actor::Confirm, _) => "confirmation",
            (Actor::Sweep, _) => "sweep",
            (Actor::Answer, _) => "answer",
            (Actor::Other(name) | Actor::Operator(name), _) => name,
        };
        let ms = ms.map(|ms| format!(", {ms} ms")).unwrap_or_default();
        let now = match (to, reason) {
            (State::Parked, None) if *from == State::Parked => "; it waits still".to_owned(),
            (State::Parked, reason) => {
                // Left out where it is the outcome.
                let reason = reason.clone().unwrap_or_else(|| outcome.as_str().into());
                format!("; parked, because {}", because(&reason, &self.vendor))
            }
            (to, _) if to == from => String::new(),
            (to, _) => format!("; now {}", to.name()),
        };
        format!("{what}: {outcome}{ms}{now}")
    }
}

/// An operator's decision in plain language.
pub(super) fn decided(decision: &OperatorDecision) -> String {
    let what = match decision.resolution {
        Resolution::GoOn => "resumed it",
        Resolution::Granted => "resumed it, as the call had done it",
        Resolution::NotGranted => "resumed it, as the call had not done it",
        Resolution::Close => "closed it as it stood",
        Resolution::CloseGranted => "closed it, as the call had done it",
        Resolution::CloseNotGranted => "closed it, as the call had not done it",
    };
    match decision.because.as_str() {
        "" => format!("{} {what}", decision.by),
        because => format!("{} {what}: {because}", decision.by),
    }
}
