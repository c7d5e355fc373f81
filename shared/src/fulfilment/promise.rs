//! A promise as the table holds it.

use serde::{Deserialize, Deserializer, Serialize};

use crate::fulfilment::decision::OperatorDecision;
use crate::fulfilment::log::{Log, is_zero};
use crate::fulfilment::policy::Rule;
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::state::State;
use crate::fulfilment::terms::Terms;
use crate::wire::Timestamp;

/// Reads a list that older items hold as a single value.
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

/// A worker's claim on a promise while it calls out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The task that was due when the worker took it; a message that names it
    /// may take over once the time is up.
    pub due: String,
    /// The time up to which the claim holds.
    pub until: Timestamp,
    /// The time at which the worker took it; not in leases from before that was
    /// noted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub at: Option<Timestamp>,
}

/// The reason for which a promise waits for the operator, and the state that it
/// was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// The state from which the promise goes on when it is resumed.
    pub from: State,
    /// The reason.
    pub reason: ParkReason,
    /// Nobody knows whether the call had its effect: the operator must say.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unknown: bool,
    /// The time at which the promise was parked.
    pub at: Timestamp,
}

/// The promise that begins once this one is taken back: its reward was approved
/// again meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextEpoch {
    /// The terms as of the new approval.
    pub terms: Terms,
    /// The first task of the new promise.
    #[serde(rename = "start")]
    pub opening: Opening,
    /// The campaign.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub campaign_id: Option<String>,
    /// The time of the new announcement.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub announced_at: Option<Timestamp>,
}

/// The reward endpoint and how it is called: a repetition must share both with the
/// call that it repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// SHA-256 of the endpoint's URL, in hex, shortened: the URL itself may hold a
    /// secret.
    pub id: String,
    /// True when the endpoint takes `webhook-id` as an idempotency key.
    pub idempotent: bool,
}

/// The first task of a new promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// The delivery.
    Deliver,
    /// A question to the platform.
    Ask,
    /// A question to the operator, with its reason.
    Park(ParkReason),
}

/// New terms that the platform states after the delivery, or after a try.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsChange {
    /// The terms as the platform states them now.
    #[serde(rename = "stated", skip_serializing_if = "Option::is_none", default)]
    pub new_terms: Option<Terms>,
    /// True when the operator resumed the promise knowing of the new terms.
    #[serde(rename = "seen", skip_serializing_if = "std::ops::Not::not", default)]
    pub acknowledged: bool,
    /// True when the terms changed while a call was under way.
    #[serde(rename = "amended", skip_serializing_if = "std::ops::Not::not", default)]
    pub in_flight: bool,
}

/// The exchange with the platform: what it was asked and told, and what it showed.
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact of the item")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtPlatform {
    /// True when the platform was asked for what the payload lacked.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub looked_up: bool,
    /// The time at which the platform was asked and showed the reward as approved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found_at: Option<Timestamp>,
    /// The time since which the reward was approved then, by the platform's own
    /// clock. Facts that events stated before are older news.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub found_since: Option<Timestamp>,
    /// The time at which the platform was asked while the operator let its list
    /// count. Terms that events stated before are older news, too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub believed_at: Option<Timestamp>,
    /// The time since which the reward is denied by the platform's own clock, or
    /// the operator's, where no event said so. An announcement from before is older
    /// news.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub denied_at: Option<Timestamp>,
    /// The time since which the platform, asked for the present task, has shown the
    /// reward otherwise than its events announced it.
    #[serde(rename = "unapproved_since", skip_serializing_if = "Option::is_none", default)]
    pub contradicted_since: Option<Timestamp>,
    /// True when the promise was denied, or taken back, because the platform's API
    /// said so, and neither an event nor the operator has said so yet.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unwitnessed: bool,
    /// True when the platform had been told of the delivery before that was to be
    /// taken back.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub was_confirmed: bool,
    /// True when the platform shows this promise, or the epoch before it, as
    /// fulfilled, or may show it so, and the reward is not given any more.
    #[serde(rename = "told", skip_serializing_if = "std::ops::Not::not", default)]
    pub shown_fulfilled: bool,
    /// The id of the platform's batch that is to be asked about.
    #[serde(rename = "batch", skip_serializing_if = "Option::is_none", default)]
    pub batch_id: Option<String>,
}

impl AtPlatform {
    /// True when what the platform showed counts beside the record: it was asked,
    /// or is to be asked again after the operator let its list count.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.looked_up || self.believed_at.is_some()
    }

    /// Forgets what the platform was asked.
    pub(super) fn forget(&mut self) {
        self.looked_up = false;
        self.believed_at = None;
    }
}

/// A withdrawal of the approval that could not take effect at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// True when the approval was withdrawn while a call was under way or the
    /// operator was waited for.
    #[serde(rename = "withdrawn", skip_serializing_if = "std::ops::Not::not", default)]
    pub pending: bool,
    /// True when the approval was withdrawn after the delivery, and the operator
    /// closed the promise: the recipient keeps the reward.
    #[serde(rename = "kept", skip_serializing_if = "std::ops::Not::not", default)]
    pub reversal_waived: bool,
    /// The next epoch, when the reward was approved again while it was being taken
    /// back.
    #[serde(rename = "again", skip_serializing_if = "Option::is_none", default)]
    pub next_epoch: Option<NextEpoch>,
}

/// The tries of the present task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// The number of tries so far.
    #[serde(default)]
    pub attempts: u32,
    /// The time before which there is no other try.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub not_before: Option<Timestamp>,
    /// The number of times that the sweep queued the task again.
    #[serde(rename = "resent", skip_serializing_if = "is_zero", default)]
    pub redispatch_count: u32,
    /// The time at which the sweep last queued it again.
    #[serde(rename = "resent_at", skip_serializing_if = "Option::is_none", default)]
    pub redispatched_at: Option<Timestamp>,
    /// The outcome of the last call, without any personal data.
    #[serde(rename = "last", skip_serializing_if = "Option::is_none", default)]
    pub last_outcome: Option<String>,
}

/// A reward to be given: one key, whatever events announced it (invariant
/// `OnePromise`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// The key, `{provider}:{commission or v1 fulfilment id}:{epoch}`: the
    /// idempotency key of everything done for the promise.
    pub key: String,
    /// The number of the promise among those of its reward, from 1. It rises when a
    /// reversed reward is approved again.
    pub epoch: u32,
    /// The version, which rises with every write and is the condition of the next.
    pub version: u64,
    /// The state.
    pub state: State,
    /// The number of the state, which rises with every change of state and with
    /// nothing else.
    pub seq: u64,
    /// The task that is owed, as `{task}#{seq}`; `None` when none is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<String>,
    /// The terms that are promised.
    pub terms: Terms,
    /// The campaign.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub campaign_id: Option<String>,
    /// True when the platform is told by the answer to its next request (v1 without
    /// API key) and not by a call.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub by_response: bool,
    /// The terms that changed when something had gone out.
    #[serde(flatten)]
    pub terms_change: TermsChange,
    /// The exchange with the platform: what it was asked and told, and what it
    /// showed.
    #[serde(flatten)]
    pub platform: AtPlatform,
    /// The withdrawal that waits.
    #[serde(flatten)]
    pub withdrawal: Withdrawal,
    /// The tries of the present task.
    #[serde(flatten)]
    pub retry: Retry,
    /// The reward endpoint and how it was called first for the present task. A call
    /// that may have had its effect is only repeated there, and so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub endpoint: Option<Endpoint>,
    /// The reason for which the endpoint refused the reward, or
    /// `FulfilledAtProvider` when somebody else gave it. The reward is not sent
    /// again until the operator resumes the promise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<ParkReason>,
    /// True when an earlier call may have had its effect: that of telling the
    /// platform, of the delivery, or of the reversal.
    #[serde(rename = "check", skip_serializing_if = "std::ops::Not::not", default)]
    pub effect_uncertain: bool,
    /// The reasons for parking the promise that the operator has waived.
    #[serde(skip_serializing_if = "Vec::is_empty", default, deserialize_with = "one_or_more")]
    pub waived: Vec<ParkReason>,
    /// The claim of a worker.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lease: Option<Lease>,
    /// The reason for which the promise waits for the operator, and its state
    /// before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parked: Option<Parked>,
    /// The operators' decisions, kept for good.
    #[serde(rename = "words", skip_serializing_if = "Vec::is_empty", default)]
    pub decisions: Vec<OperatorDecision>,
    /// The latest transitions and tries. What announced the promise is no entry.
    #[serde(skip_serializing_if = "Log::is_empty", default)]
    pub log: Log,
    /// The time of the announcing event.
    pub announced_at: Timestamp,
    /// The time at which the promise was recorded here.
    pub created_at: Timestamp,
    /// The time since which the promise is open, from which its age counts.
    pub open_at: Timestamp,
    /// The time at which the state last changed.
    pub changed_at: Timestamp,
    /// The time at which the reward was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delivered_at: Option<Timestamp>,
    /// The time from which the platform is known to know of the delivery.
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
            terms_change: TermsChange::default(),
            platform: AtPlatform::default(),
            withdrawal: Withdrawal::default(),
            retry: Retry::default(),
            endpoint: None,
            refused: None,
            effect_uncertain: false,
            waived: Vec::new(),
            lease: None,
            parked: None,
            decisions: Vec::new(),
            log: Log::default(),
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

    /// True when the operator has waived this reason for parking the promise.
    #[must_use]
    pub fn waives(&self, reason: &ParkReason) -> bool {
        self.waived.contains(reason)
    }

    /// True when nothing has gone out for the promise: it is on its way to its
    /// first delivery, or parked there.
    #[must_use]
    pub fn is_before_delivery(&self) -> bool {
        self.parked.as_ref().map_or(self.state, |parked| parked.from).is_before_delivery()
    }

    /// True when the company's system has been asked for the reward and not asked
    /// to take it back since, so that it may be given.
    #[must_use]
    pub fn may_be_given(&self) -> bool {
        let taken_back = [State::Denied, State::Reversing, State::Reversed];
        !self.is_before_delivery() && !taken_back.contains(&self.state)
    }

    /// True when the sweep and the operator are to find the promise among the open
    /// ones.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.state.is_settled() || self.due.is_some() || self.platform.unwitnessed
    }

    /// The recipient rule by which the reward was given, while it is.
    #[must_use]
    pub fn rewarded_role(&self) -> Option<Rule> {
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

    /// True when the promise is still open, and its platform only learns of the
    /// delivery from the answer to a request.
    #[must_use]
    pub fn awaits_response(&self) -> bool {
        self.by_response && (self.state.is_before_delivery() || self.state == State::Delivering)
    }

    /// Brings `due` in line with the state.
    pub(super) fn set_due(&mut self) {
        let told_by_response = self.by_response && self.state == State::Delivered;
        let task = self.state.task().filter(|_| !told_by_response);
        self.due = task.map(|task| task.due(self.seq));
    }
}
