//! A promise as the table holds it.

use serde::{Deserialize, Deserializer, Serialize};

use crate::fulfilment::policy::Rule;
use crate::fulfilment::state::State;
use crate::fulfilment::terms::Terms;
use crate::wire::Timestamp;

/// A list that was a single value once.
pub(crate) fn one_or_more<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored<T> {
        List(Vec<T>),
        One(T),
    }
    Ok(match Stored::deserialize(deserializer)? {
        Stored::List(list) => list,
        Stored::One(one) => vec![one],
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A worker's claim on a promise while it calls out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// What was due when it was taken; a message that says so may take over
    /// once the time is up.
    pub due: String,
    /// Until when.
    pub until: Timestamp,
}

/// Why and from where a promise was parked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// The state it goes on from when resumed.
    pub from: State,
    /// What stopped it.
    pub reason: String,
    /// Whether nobody knows if the call had its effect: then a person must say.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unknown: bool,
    /// When.
    pub at: Timestamp,
}

/// How a promise begins whose reward was approved again while the one before
/// was being taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// On which terms.
    pub terms: Terms,
    /// With what.
    pub start: Start,
    /// Of which campaign.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub campaign_id: Option<String>,
    /// When it was announced again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub announced_at: Option<Timestamp>,
}

/// How the reward endpoint is called: what a repetition must share with the call
/// that it repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// SHA-256 of its URL, in hex, shortened: the URL itself may hold a secret.
    pub id: String,
    /// Whether it takes `webhook-id` as an idempotency key.
    pub idempotent: bool,
}

/// What a promise begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The delivery.
    Deliver,
    /// A question to the platform.
    Ask,
    /// A question to a person.
    Park(String),
}

/// A person's word on a parked promise, kept for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// Who.
    pub by: String,
    /// Whether the effect had happened, where that was the question.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub granted: Option<bool>,
    /// Whether it was to be settled as it stood.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub close: bool,
    /// Why they know.
    pub because: String,
    /// When.
    pub at: Timestamp,
}

#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact of the item")]
/// One reward to be given: one key, whatever events announced it (invariant
/// `OnePromise`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// `{provider}:{commission or v1 fulfilment id}:{epoch}`; the idempotency
    /// key of everything done for it.
    pub key: String,
    /// From 1; rises when a reversed reward is approved again.
    pub epoch: u32,
    /// Rises with every write; the condition of the next.
    pub version: u64,
    /// How far it has come.
    pub state: State,
    /// Rises with every change of state and with nothing else.
    pub seq: u64,
    /// `{step}#{seq}` while a step is owed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<String>,
    /// What is promised.
    pub terms: Terms,
    /// The campaign.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub campaign_id: Option<String>,
    /// Whether the platform is told by the answer to its next request (v1
    /// without API key) and not by a call.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub by_response: bool,
    /// The terms that the platform states since it changed them after the
    /// delivery, or after a try.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stated: Option<Terms>,
    /// A person resumed it knowing of the stated terms.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub seen: bool,
    /// Since when it is denied by the platform's own clock, or a person's, where
    /// no event said so. What was announced before is older news.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub denied_at: Option<Timestamp>,
    /// The approval was withdrawn while a call was under way or a person was
    /// waited for.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub withdrawn: bool,
    /// The terms changed while a call was under way.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub amended: bool,
    /// The platform was asked what the payload lacked.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub looked_up: bool,
    /// Since when the platform, asked for the present step, has shown it otherwise
    /// than its events announced it.
    #[serde(rename = "unapproved_since", skip_serializing_if = "Option::is_none", default)]
    pub contradicted_since: Option<Timestamp>,
    /// When the platform was asked and showed it as approved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found_at: Option<Timestamp>,
    /// Since when it was approved then, by the platform's own clock. What was
    /// stated before is older news.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found_since: Option<Timestamp>,
    /// When it was asked while a person let its list count: what was stated of
    /// the terms before is older news, too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub believed_at: Option<Timestamp>,
    /// It was denied, or taken back, because the platform's API said so; no
    /// event and no person has yet.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unwitnessed: bool,
    /// How the endpoint was called first for the present step. A call that may
    /// have had its effect is only repeated there, and so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub endpoint: Option<Endpoint>,
    /// What the endpoint refused it with, or that somebody else gave it. Until a
    /// person resumes it, it is not sent again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<String>,
    /// An earlier call may have had its effect: that of telling the platform,
    /// of the delivery, or of taking it back.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub check: bool,
    /// It was approved again while it was being taken back: how the promise
    /// after it begins.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub again: Option<Again>,
    /// Withdrawn after it was given, and closed by a person: it is kept.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub kept: bool,
    /// The reasons for parking it that a person has waived.
    #[serde(skip_serializing_if = "Vec::is_empty", default, deserialize_with = "one_or_more")]
    pub waived: Vec<String>,
    /// It had been confirmed before it was to be taken back.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub was_confirmed: bool,
    /// The platform shows it as fulfilled, or may, or the one before it, and it
    /// is not given any more.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub told: bool,
    /// The claim of a worker.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lease: Option<Lease>,
    /// Tries of the present step.
    #[serde(default)]
    pub attempts: u32,
    /// No try before this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_before: Option<Timestamp>,
    /// How often the sweep queued the present step again.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub resent: u32,
    /// When it last did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resent_at: Option<Timestamp>,
    /// What the last call came to, without any personal data.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last: Option<String>,
    /// The platform's batch that is to be asked about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub batch: Option<String>,
    /// Why it waits for a person.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parked: Option<Parked>,
    /// What persons said.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub words: Vec<Spoken>,
    /// When the announcing event happened.
    pub announced_at: Timestamp,
    /// When it was recorded here.
    pub created_at: Timestamp,
    /// Since when it is open: what over age is measured from.
    pub open_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// When it was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delivered_at: Option<Timestamp>,
    /// When the platform was known to know.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confirmed_at: Option<Timestamp>,
}

impl Promise {
    /// A new promise in its first state.
    #[must_use]
    pub fn new(key: String, epoch: u32, state: State, terms: Terms, at: Timestamp) -> Self {
        let mut promise = Self {
            key,
            epoch,
            version: 1,
            state,
            seq: 1,
            due: None,
            terms,
            campaign_id: None,
            by_response: false,
            stated: None,
            seen: false,
            denied_at: None,
            withdrawn: false,
            amended: false,
            looked_up: false,
            check: false,
            again: None,
            contradicted_since: None,
            found_at: None,
            found_since: None,
            believed_at: None,
            unwitnessed: false,
            endpoint: None,
            refused: None,
            kept: false,
            waived: Vec::new(),
            was_confirmed: false,
            told: false,
            lease: None,
            attempts: 0,
            not_before: None,
            resent: 0,
            resent_at: None,
            last: None,
            batch: None,
            parked: None,
            words: Vec::new(),
            announced_at: at,
            created_at: at,
            open_at: at,
            changed_at: at,
            delivered_at: None,
            confirmed_at: None,
        };
        promise.set_due();
        promise
    }

    /// Whether a person has waived this reason for parking it.
    #[must_use]
    pub fn waives(&self, reason: &str) -> bool {
        self.waived.iter().any(|waived| waived == reason)
    }

    /// Whether nothing has gone out for it: it is on its way to its first
    /// delivery, or parked there.
    #[must_use]
    pub fn is_before_delivery(&self) -> bool {
        self.parked.as_ref().map_or(self.state, |parked| parked.from).is_before_delivery()
    }

    /// Whether the company's system has been asked for it and not asked to take
    /// it back since, so that it may be given.
    #[must_use]
    pub fn may_be_given(&self) -> bool {
        let taken_back = [State::Denied, State::Reversing, State::Reversed];
        !self.is_before_delivery() && !taken_back.contains(&self.state)
    }

    /// Whether it is to be found by whoever looks for open work.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.state.is_settled() || self.due.is_some() || self.unwitnessed
    }

    /// Who was rewarded, while it is given.
    #[must_use]
    pub fn given_to(&self) -> Option<Rule> {
        self.delivered_at?;
        let from = self.parked.as_ref().map_or(self.state, |parked| parked.from);
        if matches!(from, State::Reversing | State::Reversed) {
            return None;
        }
        match self.terms.recipient.as_ref()?.role.as_str() {
            "referral" => Some(Rule::Referral),
            _ => Some(Rule::Promoter),
        }
    }

    /// Whether it is a fulfilment of v1.
    #[must_use]
    pub fn is_v1(&self) -> bool {
        self.key.starts_with("firstpromoter-v1:")
    }

    /// Brings `due` in line with the state.
    pub(super) fn set_due(&mut self) {
        let told_by_response = self.by_response && self.state == State::Delivered;
        let step = self.state.step().filter(|_| !told_by_response);
        self.due = step.map(|step| format!("{step}#{}", self.seq));
    }
}
