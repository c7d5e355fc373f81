//! What a platform's API shows of a reward, and what that is worth beside what
//! its signed events said (invariant `ClocksNotPatience`).
//!
//! An API can be behind its own webhooks for as long as it likes. So a row
//! denies or reverses only by its own clock: when the platform changed its
//! status after the latest event that approved it. Without such a clock it is
//! asked again, further and further apart, until the promise is over age.

use crate::fulfilment::announce::{Assessment, assess_existing, entry_of, input_from_record};
use crate::fulfilment::machine::{Input, Start};
use crate::fulfilment::policy::Policy;
use crate::fulfilment::promise::Promise;
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::rewards::Rewards;
use crate::fulfilment::state::State;
use crate::fulfilment::terms::Terms;
use crate::ledger::{CLOCK_AHEAD_SECONDS, Record, Register};
use crate::wire::Timestamp;

/// How the platform shows a reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformStatus {
    /// Marked fulfilled.
    Fulfilled,
    /// Approved and not marked fulfilled.
    Approved,
    /// Not approved yet, or not any more.
    Pending,
    /// Denied.
    Denied,
    /// In a state that nobody knows.
    Unclear,
    /// Not shown, or otherwise than announced.
    NotFound,
}

/// What the platform's API shows of one reward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// How it stands.
    pub standing: PlatformStatus,
    /// When its status changed last, by the platform's clock, where it says so.
    pub since: Option<Timestamp>,
    /// When it was created, where it says so.
    pub created_at: Option<Timestamp>,
    /// Whether the platform suspects it: of fraud, or that the affiliate bought
    /// from themselves.
    pub suspected: bool,
    /// The terms it shows.
    pub terms: Terms,
    /// The campaign it shows.
    pub campaign_id: Option<String>,
}

impl View {
    /// A view that shows this and nothing else.
    #[must_use]
    pub fn of(standing: PlatformStatus) -> Self {
        Self {
            standing,
            since: None,
            created_at: None,
            suspected: false,
            terms: Terms::default(),
            campaign_id: None,
        }
    }
}

/// A question to the platform: about which promise, and when.
pub struct Question<'a> {
    /// The settings.
    pub policy: &'a Policy,
    /// Whose promise it is.
    pub rewards: &'static Rewards,
    /// The promise as it was claimed.
    pub promise: &'a Promise,
    /// The record as it was read with it.
    pub record: &'a Record,
    /// When the platform was asked.
    pub asked_at: Timestamp,
    /// When to ask again, if that is what the answer calls for.
    pub ask_again_at: Timestamp,
    /// Milliseconds by which an API is thought to be behind where nothing has a
    /// clock.
    pub platform_lag_ms: i64,
}

impl Question<'_> {
    /// The terms that are known before asking; what v1 is compared with.
    #[must_use]
    pub fn known(&self) -> Terms {
        assess_existing(self.policy, self.rewards, self.promise, self.record).terms
    }

    /// What it comes to without asking: v1 by response has nobody to ask.
    #[must_use]
    pub fn needs_no_answer(&self) -> Option<Input> {
        if !self.promise.by_response {
            return None;
        }
        input_from_record(self.policy, self.rewards, self.promise, self.record).filter(|input| {
            match input {
                Input::Approved(now) => !matches!(now.entry, Start::Ask | Start::LookUp),
                _ => false,
            }
        })
    }

    /// What a look-up means that a promise waits for.
    #[must_use]
    pub fn looked_up(&self, view: &View) -> Input {
        let waits_for_approval = self.promise.state == State::AwaitingApproval;
        match view.standing {
            PlatformStatus::Approved => self.approved(view),
            // Given by somebody else: a person has to look.
            PlatformStatus::Fulfilled => Input::Refused(ParkReason::FulfilledAtProvider),
            PlatformStatus::Pending if waits_for_approval && self.never_approved() => {
                self.wait("not approved yet")
            }
            _ => self.not_approved(view),
        }
    }

    /// Whether the platform shows it as pending and may be asked to approve it,
    /// or else what that means.
    ///
    /// # Errors
    /// The input that the view comes to instead.
    pub fn may_approve(&self, view: &View) -> Result<(), Box<Input>> {
        let created =
            view.created_at.or_else(|| self.record.text("occurred_at").and_then(Timestamp::parse));
        if view.suspected || suspected(self.record) {
            return Err(Input::Refused(ParkReason::SuspectedAtProvider).into());
        }
        match view.standing {
            PlatformStatus::Pending => {}
            PlatformStatus::Approved => return Err(self.approved(view).into()),
            PlatformStatus::Fulfilled => {
                return Err(Input::Refused(ParkReason::FulfilledAtProvider).into());
            }
            _ => return Err(self.not_approved(view).into()),
        }
        if created.is_some_and(|at| at < self.policy.from) {
            return Err(Input::Refused(ParkReason::OlderThanFulfilFrom).into());
        }
        match self.shown(view)?.entry {
            // Money, or another source's.
            Start::Nothing => Err(Input::Withdrawn.into()),
            Start::Park(reason) => Err(Input::Refused(reason).into()),
            Start::Deliver | Start::LookUp | Start::Ask => Ok(()),
        }
    }

    /// What it means that the platform does not show it as approved. Only a
    /// status of its own that is newer than the approval denies.
    #[must_use]
    pub fn not_approved(&self, view: &View) -> Input {
        match (view.standing, self.since(view)) {
            (PlatformStatus::Unclear, _) => Input::Refused(ParkReason::StatusUnknownAtProvider),
            (PlatformStatus::Pending | PlatformStatus::Denied, Some(since))
                if self.is_newer(view) =>
            {
                Input::DeniedThere { since, announced: self.record.announcement().is_some() }
            }
            (PlatformStatus::NotFound, _) if !self.rewards.dates_status && self.lag_is_over() => {
                Input::Refused(ParkReason::NotFoundAtProvider)
            }
            _ => self.contradicted("shown otherwise than announced"),
        }
    }

    fn never_approved(&self) -> bool {
        self.record.announcement().is_none()
    }

    fn approved(&self, view: &View) -> Input {
        let shown = match self.shown(view) {
            Ok(shown) => shown,
            Err(contradicted) => return *contradicted,
        };
        if self.record.is_contested() && !self.settled_there() && !self.is_believed() {
            // Which of two equally late events counts, a list that is behind
            // does not know either.
            return self.contradicted("may not know of the latest events yet");
        }
        Input::Found {
            asked_at: self.asked_at,
            since: self.since(view),
            terms: Box::new(shown.terms),
            campaign_id: view.campaign_id.clone(),
            entry: shown.entry,
        }
    }

    /// The reward as events and platform together show it, unless they contradict
    /// each other and the platform's clock is not the newer one.
    fn shown(&self, view: &View) -> Result<Assessment, Box<Input>> {
        let known = self.known();
        if known.contradicts(&view.terms) && !self.is_newer(view) && !self.is_believed() {
            return Err(Box::new(self.contradicted("shown with other terms than announced")));
        }
        let terms = known.with(&view.terms);
        // As it will be once this is known.
        let mut asked = self.promise.clone();
        asked.platform.found_at = Some(self.asked_at);
        let campaign = view.campaign_id.as_deref().or(asked.campaign_id.as_deref());
        let entry = entry_of(self.policy, self.rewards, &asked, self.record, &terms, campaign);
        Ok(Assessment::of(terms, entry))
    }

    /// Whether a person lets the list count, whatever its clock.
    fn is_believed(&self) -> bool {
        self.promise.waives(&ParkReason::ContradictedAtProvider)
    }

    /// When the status that is shown changed, as far ahead of now as an event may
    /// be: no date of a list can hold a promise longer than that either.
    fn since(&self, view: &View) -> Option<Timestamp> {
        let latest = self.asked_at.plus_seconds(CLOCK_AHEAD_SECONDS);
        view.since.map(|since| since.min(latest))
    }

    /// Whether the status that is shown is newer than the latest event that
    /// said anything of it.
    fn is_newer(&self, view: &View) -> bool {
        let status = self.record.facts.get("status");
        let told = self.record.announcement().max(status.and_then(|status| status.clock.time));
        // Of equally late events that contradict each other it may be either.
        let either = status.is_some_and(Register::is_contested);
        self.since(view)
            .is_some_and(|since| told.is_none_or(|told| told < since || either && told == since))
    }

    /// Whether the list has had its time to catch up with the record.
    fn settled_there(&self) -> bool {
        let told = self.record.as_of().and_then(|clock| clock.time);
        told.is_none_or(|told| told.ms().saturating_add(self.platform_lag_ms) < self.asked_at.ms())
    }

    /// Whether it was not there for longer than a list is behind.
    fn lag_is_over(&self) -> bool {
        let since = self.promise.platform.contradicted_since.unwrap_or(self.asked_at);
        let announced = self.record.announcement();
        let since = announced.map_or(since, |at| at.max(since));
        self.asked_at.ms().saturating_sub(since.ms()) >= self.platform_lag_ms
    }

    fn wait(&self, last: &str) -> Input {
        Input::retry_later(self.ask_again_at, last, None)
    }

    fn contradicted(&self, last: &str) -> Input {
        Input::Contradicted {
            asked_at: self.asked_at,
            not_before: self.ask_again_at,
            last: last.into(),
        }
    }
}

/// Whether FirstPromoter says of it that it may be fraud (`fraud_check`) or a
/// purchase of the affiliate's own (`is_self_referral`).
#[must_use]
pub fn suspected(record: &Record) -> bool {
    // What is neither denied nor left open is not known to be innocent.
    let suspects =
        |name: &str, innocent: &[&str]| record.text(name).is_some_and(|v| !innocent.contains(&v));
    suspects("fraud_check", &["no_suspicion"])
        || suspects("is_self_referral", &["false", "0", "no", ""])
}
