//! One reward, as whoever asks for a person or a key wants to know it.

use serde::Serialize;
use shared::fulfilment::{ParkReason, Parked, Promise, Recipient, State, Task};
use shared::ledger::Partition;
use shared::provider::ALL;
use shared::provider::definition::find;
use shared::wire::Timestamp;

use crate::because;
use crate::given::{Given, Known};
use crate::money::Money;

/// Somebody in a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Party {
    /// The role, `promoter` or `referral`.
    pub role: String,
    /// The provider's id.
    pub id: Option<String>,
    /// The company's own id; only where personal data is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The e-mail address; only where personal data is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// How a reward stands, as a sum of rewards is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Given, and the platform knows.
    GivenAndConfirmed,
    /// Given, and the platform is not known to know.
    Given,
    /// On its way.
    UnderWay,
    /// Waits for a person.
    WaitsForPerson,
    /// Withdrawn before it was given.
    Denied,
    /// Given, and on its way back.
    BeingTakenBack,
    /// Taken back.
    TakenBack,
}

/// One reward: what was promised, how it stands, and what comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reward {
    /// The key.
    pub key: String,
    /// The partition of the object that it was promised for.
    pub partition: Partition,
    /// The platform's name, for people.
    pub vendor: String,
    /// The amount.
    pub amount: Money,
    /// The recipient, where one is known.
    pub recipient: Option<Party>,
    /// The affiliate whose commission it is.
    pub affiliate_id: Option<String>,
    /// The campaign.
    pub campaign_id: Option<String>,
    /// The state.
    pub state: State,
    /// How it stands.
    pub standing: Standing,
    /// Whether the recipient has it.
    pub given: Given,
    /// Whether the platform knows.
    pub platform_knows: Known,
    /// Why and since when it waits for a person.
    pub parked: Option<Parked>,
    /// True when the approval was withdrawn, and that waits for something.
    pub withdrawn: bool,
    /// True when the platform learns of the delivery from the answer to its next
    /// request.
    pub by_response: bool,
    /// The task that is owed, as `{task}#{seq}`.
    pub due: Option<String>,
    /// The time before which there is no other try.
    pub not_before: Option<Timestamp>,
    /// The number of tries of the present task.
    pub attempts: u32,
    /// The outcome of the last call.
    pub last_outcome: Option<String>,
    /// The time at which it was promised.
    pub promised_at: Timestamp,
    /// The time at which it was given.
    pub delivered_at: Option<Timestamp>,
    /// The time from which the platform is known to know.
    pub confirmed_at: Option<Timestamp>,
    /// The time since which it is open, from which its age counts.
    pub open_at: Timestamp,
    /// The time since which it is in its state.
    pub changed_at: Timestamp,
    /// The number of operators' decisions about it.
    pub decisions: usize,
}

impl Party {
    /// A recipient; who that is only if `personal`.
    #[must_use]
    pub fn of(recipient: &Recipient, personal: bool) -> Self {
        Self {
            role: recipient.role.clone(),
            id: recipient.id.clone(),
            reference: recipient.reference.clone().filter(|_| personal),
            email: recipient.email.clone().filter(|_| personal),
        }
    }

    /// The party in words: `promoter 31`.
    #[must_use]
    pub fn words(&self) -> String {
        let role = if self.role == "referral" { "customer" } else { self.role.as_str() };
        let who = [&self.id, &self.reference, &self.email].into_iter().flatten();
        let who: Vec<&str> = who.map(String::as_str).collect();
        match who.as_slice() {
            [] => format!("a {role} who is not known"),
            who => format!("{role} {}", who.join(" ")),
        }
    }
}

impl Standing {
    fn of(promise: &Promise) -> Self {
        match promise.state {
            State::Confirmed if Known::of(promise) == Known::Yes => Standing::GivenAndConfirmed,
            State::Confirmed | State::Delivered | State::Confirming => Standing::Given,
            State::LookupDue
            | State::ApprovalDue
            | State::AwaitingApproval
            | State::Requested
            | State::Delivering => Standing::UnderWay,
            State::Denied => Standing::Denied,
            State::ReversalDue | State::Reversing => Standing::BeingTakenBack,
            State::Reversed => Standing::TakenBack,
            State::Parked => Standing::WaitsForPerson,
        }
    }

    /// The standing of so many rewards, as the end of "2 …".
    #[must_use]
    pub fn words(self, count: usize) -> &'static str {
        match (self, count) {
            (Standing::GivenAndConfirmed, _) => "given and confirmed",
            (Standing::Given, _) => "given and not confirmed",
            (Standing::UnderWay, 1) => "on its way",
            (Standing::UnderWay, _) => "on their way",
            (Standing::WaitsForPerson, 1) => "waits for a person",
            (Standing::WaitsForPerson, _) => "wait for a person",
            (Standing::Denied, _) => "denied",
            (Standing::BeingTakenBack, _) => "being taken back",
            (Standing::TakenBack, _) => "taken back",
        }
    }
}

impl Reward {
    /// The reward of a promise in that partition; who its recipient is only if
    /// `personal`.
    #[must_use]
    pub fn of(partition: &Partition, promise: &Promise, personal: bool) -> Self {
        let Promise { terms, retry, .. } = promise;
        let vendor = find(ALL, partition.provider()).map_or(partition.provider(), |own| own.vendor);
        Self {
            key: promise.key.clone(),
            partition: partition.clone(),
            vendor: vendor.to_owned(),
            amount: Money::new(terms.amount.as_deref(), terms.unit.as_deref(), None),
            recipient: terms.recipient.as_ref().map(|to| Party::of(to, personal)),
            affiliate_id: terms.affiliate_id.clone(),
            campaign_id: promise.campaign_id.clone(),
            state: promise.state,
            standing: Standing::of(promise),
            given: Given::of(promise),
            platform_knows: Known::of(promise),
            parked: promise.parked.clone(),
            withdrawn: promise.withdrawal.pending,
            by_response: promise.by_response,
            due: promise.due.clone(),
            not_before: retry.not_before,
            attempts: retry.attempts,
            last_outcome: retry.last_outcome.clone(),
            promised_at: promise.created_at,
            delivered_at: promise.delivered_at,
            confirmed_at: promise.confirmed_at,
            open_at: promise.open_at,
            changed_at: promise.changed_at,
            decisions: promise.decisions.len(),
        }
    }

    /// How the reward stands, in a sentence or three: whether it is given, whether the
    /// platform knows, and what it waits for.
    #[must_use]
    pub fn sentence(&self) -> String {
        let vendor = self.vendor.as_str();
        match (&self.parked, self.state) {
            (Some(parked), State::Parked) => self.parked_sentence(parked),
            (_, State::LookupDue) => {
                format!("Not given: {vendor} is to be asked about it first.")
            }
            (_, State::ApprovalDue) => {
                format!("Not given: {vendor} is to be asked to approve it.")
            }
            (_, State::AwaitingApproval) => {
                format!("Not given: {vendor} was asked to approve it, and has not yet.")
            }
            (_, State::Requested) => match self.given {
                Given::NobodyKnows => "Nobody knows whether it is given: a call's answer did not \
                                       say. It is repeated under the same key."
                    .into(),
                _ => "Not given yet: it is to be delivered.".into(),
            },
            (_, State::Delivering) if self.withdrawn => {
                "It is being given right now, and its approval was withdrawn meanwhile.".into()
            }
            (_, State::Delivering) => "It is being given right now.".into(),
            (_, State::Delivered) if self.by_response => {
                format!("Given. {vendor} learns of it when it asks again.")
            }
            (_, State::Delivered) => match self.platform_knows {
                Known::NobodyKnows => {
                    format!("Given. Whether {vendor} knows is to be asked.")
                }
                _ => format!("Given. {vendor} is to be told."),
            },
            (_, State::Confirming) => format!("Given. {vendor} is being told right now."),
            (_, State::Confirmed) => match self.platform_knows {
                Known::Yes => format!("Given, and {vendor} knows."),
                _ => {
                    format!("Given, and settled by a person. Whether {vendor} knows is not known.")
                }
            },
            (_, State::Denied) => "Not given: its approval was withdrawn.".into(),
            (_, State::ReversalDue) => match self.given {
                Given::NobodyKnows => "Nobody knows whether it is taken back: a call's answer did \
                                       not say. It is repeated under the same key."
                    .into(),
                _ => "Given, and to be taken back: its approval was withdrawn.".into(),
            },
            (_, State::Reversing) => "It is being taken back right now.".into(),
            (_, State::Reversed) => match (self.task(), self.platform_knows) {
                (Some(_), _) => format!("Taken back. {vendor} is to be told."),
                (None, Known::No) => "Taken back.".into(),
                (None, Known::Yes) => {
                    format!("Taken back. {vendor} still shows it as fulfilled.")
                }
                (None, Known::NobodyKnows) => {
                    format!("Taken back. {vendor} may still show it as fulfilled.")
                }
            },
            (None, State::Parked) => "It waits for a person.".into(),
        }
    }

    fn parked_sentence(&self, parked: &Parked) -> String {
        let vendor = self.vendor.as_str();
        let why = because(&parked.reason, vendor);
        let withdrawn = if self.withdrawn { " Its approval was withdrawn meanwhile." } else { "" };
        let given = match (self.given, parked.from) {
            (Given::NobodyKnows, State::ReversalDue | State::Reversing) => {
                "Nobody knows whether it is taken back".to_owned()
            }
            (Given::NobodyKnows, _) => "Nobody knows whether it is given".to_owned(),
            (Given::NotGiven, State::Reversed) => "Taken back".to_owned(),
            (Given::NotGiven, _) => "Not given".to_owned(),
            (Given::Given, _) => match self.platform_knows {
                Known::Yes => format!("Given, and {vendor} knows"),
                Known::No => format!("Given, and {vendor} was not told"),
                Known::NobodyKnows => format!("Given, and whether {vendor} knows is not known"),
            },
        };
        format!("{given}. It waits for a person, because {why}.{withdrawn}")
    }

    /// What comes next, in one sentence; `None` when nothing does. `gives_up_at` is the
    /// time at which it is parked if nothing helps.
    #[must_use]
    pub fn next(&self, gives_up_at: Option<Timestamp>) -> Option<String> {
        if let Some(parked) = self.parked.as_ref().filter(|_| self.state == State::Parked) {
            let say = if parked.unknown { ", and has to say what the call came to" } else { "" };
            return Some(format!("nothing by itself: a person lets it go on{say}"));
        }
        let what = match (self.task(), self.state) {
            (Some(Task::Lookup), _) => format!("{} is asked about it", self.vendor),
            (Some(Task::Approve), _) => format!("{} is asked to approve it", self.vendor),
            (Some(Task::Deliver), _) => "it is delivered".to_owned(),
            (Some(Task::Confirm), _) => format!("{} is told", self.vendor),
            (Some(Task::Reverse), _) => "it is taken back".to_owned(),
            (Some(Task::Unmark), _) => {
                format!("{} is told that it is not fulfilled any more", self.vendor)
            }
            (None, State::Delivering | State::Confirming | State::Reversing) => {
                "the outcome of the call under way".to_owned()
            }
            (None, State::Delivered) => format!("{} asks again, and is told", self.vendor),
            (None, _) => return None,
        };
        let not_before = self.not_before.filter(|_| self.task().is_some());
        let not_before = not_before.map(|at| format!(", not before {}", minute(at)));
        let given_up = gives_up_at.map(|at| format!(", given up on {}", minute(at)));
        Some([Some(what), not_before, given_up].into_iter().flatten().collect())
    }

    /// The task that is owed.
    #[must_use]
    pub fn task(&self) -> Option<Task> {
        self.due.as_deref().and_then(Task::of_due)
    }

    /// The reason for which it is parked.
    #[must_use]
    pub fn reason(&self) -> Option<&ParkReason> {
        self.parked.as_ref().map(|parked| &parked.reason)
    }
}

/// A time to the minute, in UTC.
fn minute(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {} UTC", time.get(..5).unwrap_or_default())
}

#[cfg(test)]
mod tests;
