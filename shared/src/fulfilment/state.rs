//! The states of a promise.

use serde::{Deserialize, Serialize};

/// The state of a promise: how far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The platform is to be asked for something that the delivery needs.
    LookupDue,
    /// The platform is to be asked to approve the reward.
    ApprovalDue,
    /// The platform was asked to approve the reward.
    AwaitingApproval,
    /// The reward is to be delivered.
    Requested,
    /// A delivery is under way.
    Delivering,
    /// The reward is given; the platform is to be told.
    Delivered,
    /// The platform is being told.
    Confirming,
    /// The reward is given, and the platform knows.
    Confirmed,
    /// The reward was withdrawn before it was given.
    Denied,
    /// The reward was given and withdrawn, and is to be taken back.
    ReversalDue,
    /// The reward is being taken back.
    Reversing,
    /// The reward was taken back.
    Reversed,
    /// The promise waits for the operator.
    Parked,
}

impl State {
    /// Every state.
    pub const ALL: [State; 13] = [
        State::LookupDue,
        State::ApprovalDue,
        State::AwaitingApproval,
        State::Requested,
        State::Delivering,
        State::Delivered,
        State::Confirming,
        State::Confirmed,
        State::Denied,
        State::ReversalDue,
        State::Reversing,
        State::Reversed,
        State::Parked,
    ];

    /// The name of the state in the table and in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::LookupDue => "lookup_due",
            State::ApprovalDue => "approval_due",
            State::AwaitingApproval => "awaiting_approval",
            State::Requested => "requested",
            State::Delivering => "delivering",
            State::Delivered => "delivered",
            State::Confirming => "confirming",
            State::Confirmed => "confirmed",
            State::Denied => "denied",
            State::ReversalDue => "reversal_due",
            State::Reversing => "reversing",
            State::Reversed => "reversed",
            State::Parked => "parked",
        }
    }

    /// True when the delivery is durably recorded, so that the platform may be told
    /// (invariant `DeliverThenConfirm`).
    #[must_use]
    pub fn is_delivered(self) -> bool {
        matches!(self, State::Delivered | State::Confirming | State::Confirmed)
    }

    /// True while no delivery is under way or done.
    #[must_use]
    pub fn is_before_delivery(self) -> bool {
        matches!(
            self,
            State::LookupDue | State::ApprovalDue | State::AwaitingApproval | State::Requested
        )
    }

    /// True when the promise waits for an answer of the platform.
    #[must_use]
    pub fn is_asked_of_platform(self) -> bool {
        matches!(self, State::LookupDue | State::ApprovalDue | State::AwaitingApproval)
    }

    /// True when nothing more will happen by itself.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, State::Confirmed | State::Denied | State::Reversed)
    }

    /// The task that is owed in this state.
    #[must_use]
    pub fn task(self) -> Option<Task> {
        match self {
            // The platform is asked for its approval, too, in case the event of it
            // is lost.
            State::LookupDue | State::AwaitingApproval => Some(Task::Lookup),
            State::ApprovalDue => Some(Task::Approve),
            State::Requested => Some(Task::Deliver),
            State::Delivered => Some(Task::Confirm),
            State::ReversalDue => Some(Task::Reverse),
            _ => None,
        }
    }
}

/// A kind of work that a promise owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Asking the platform how it shows the reward.
    Lookup,
    /// Asking the platform to approve the reward.
    Approve,
    /// Giving the reward to the company's own system.
    Deliver,
    /// Telling the platform that the reward was given.
    Confirm,
    /// Having the company's own system take the reward back.
    Reverse,
    /// Telling the platform that the reward is not given any more.
    Unmark,
}

impl Task {
    /// Every task.
    pub const ALL: [Task; 6] =
        [Task::Lookup, Task::Approve, Task::Deliver, Task::Confirm, Task::Reverse, Task::Unmark];

    /// The name of the task in `due`, in messages and in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Task::Lookup => "lookup",
            Task::Approve => "approve",
            Task::Deliver => "deliver",
            Task::Confirm => "confirm",
            Task::Reverse => "reverse",
            Task::Unmark => "unconfirm",
        }
    }

    /// The due task `{task}#{seq}`: this task, owed since that change of state.
    #[must_use]
    pub fn due(self, seq: u64) -> String {
        format!("{}#{seq}", self.name())
    }

    /// The task that a `due` names.
    #[must_use]
    pub fn of_due(due: &str) -> Option<Self> {
        let (name, _) = due.split_once('#')?;
        Self::ALL.into_iter().find(|task| task.name() == name)
    }

    /// True when the task calls the company's own system, and not the platform.
    #[must_use]
    pub fn calls_endpoint(self) -> bool {
        matches!(self, Task::Deliver | Task::Reverse)
    }
}
