//! The views of a platform's API, and their worth beside its signed events
//! (invariant `ClocksNotPatience`).
//!
//! An API can be behind its own webhooks for as long as it likes. So a view denies
//! or reverses a reward only by its own clock: when the platform changed the status
//! after the latest event that approved it. Without such a clock the platform is
//! asked again, further and further apart, until the promise is over age.

use crate::fulfilment::announce::{assess_existing, entry_of, input_from_record, suspected};
use crate::fulfilment::assessment::{Assessment, Start};
use crate::fulfilment::machine::Input;
use crate::fulfilment::policy::Policy;
use crate::fulfilment::promise::Promise;
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::rewards::Rewards;
use crate::fulfilment::state::State;
use crate::fulfilment::terms::Terms;
use crate::ledger::{CLOCK_AHEAD_SECONDS, Record, Register};
use crate::wire::Timestamp;

/// The status of a reward that its platform shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformStatus {
    /// The reward is marked fulfilled.
    Fulfilled,
    /// The reward is approved and not marked fulfilled.
    Approved,
    /// The reward is not approved yet, or not any more.
    Pending,
    /// The reward is denied.
    Denied,
    /// The status is unknown to this program.
    Unclear,
    /// The reward is not shown, or shown otherwise than announced.
    NotFound,
}

/// The view of one reward in its platform's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The status.
    pub standing: PlatformStatus,
    /// The time of the last change of status, by the platform's clock, where it
    /// states one.
    pub since: Option<Timestamp>,
    /// The time at which the reward was created, where the platform states it.
    pub created_at: Option<Timestamp>,
    /// True when the platform suspects the reward of fraud, or the affiliate of a
    /// purchase of their own.
    pub suspected: bool,
    /// The terms that the platform shows.
    pub terms: Terms,
    /// The campaign that the platform shows.
    pub campaign_id: Option<String>,
}

impl View {
    /// A view that shows this status and nothing else.
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

/// A question to the platform about one promise, and the moment of asking.
pub struct Question<'a> {
    /// The settings.
    pub policy: &'a Policy,
    /// The definition of the rewards that the promise is one of.
    pub rewards: &'static Rewards,
    /// The promise as the worker claimed it.
    pub promise: &'a Promise,
    /// The record that was read with the promise.
    pub record: &'a Record,
    /// The time at which the platform is asked.
    pub asked_at: Timestamp,
    /// The time to ask again, if the answer calls for that.
    pub ask_again_at: Timestamp,
    /// Milliseconds by which an API is thought to be behind its events, where its
    /// answer has no clock.
    pub platform_lag_ms: i64,
}

impl Question<'_> {
    /// The terms that are known before asking; v1's answer is compared with them.
    #[must_use]
    pub fn known(&self) -> Terms {
        assess_existing(self.policy, self.rewards, self.promise, self.record).terms
    }

    /// The input for the promise where the platform need not be asked: v1 by
    /// response has no API key. `None` where it has to be asked.
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

    /// The input that a view means for a promise that waits for a look-up.
    #[must_use]
    pub fn looked_up(&self, view: &View) -> Input {
        let waits_for_approval = self.promise.state == State::AwaitingApproval;
        match view.standing {
            PlatformStatus::Approved => self.approved(view),
            // Somebody else gave the reward: the operator has to look.
            PlatformStatus::Fulfilled => Input::Refused(ParkReason::FulfilledAtProvider),
            PlatformStatus::Pending if waits_for_approval && self.never_approved() => {
                self.wait("not approved yet")
            }
            _ => self.not_approved(view),
        }
    }

    /// Succeeds when the platform shows the reward as pending and may be asked to
    /// approve it.
    ///
    /// # Errors
    /// The input that the view means instead.
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

    /// The input for a reward that the platform does not show as approved. It
    /// denies the reward only by a status of its own that is newer than the
    /// approval.
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
            // A list that is behind does not know either which of two equally late
            // events counts.
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

    /// The reward as events and platform together show it. Fails where they
    /// contradict each other and the platform's clock is not the newer one.
    fn shown(&self, view: &View) -> Result<Assessment, Box<Input>> {
        let known = self.known();
        if known.contradicts(&view.terms) && !self.is_newer(view) && !self.is_believed() {
            return Err(Box::new(self.contradicted("shown with other terms than announced")));
        }
        let terms = known.with(&view.terms);
        // The promise as it will be once the view is recorded.
        let mut asked = self.promise.clone();
        asked.platform.found_at = Some(self.asked_at);
        let campaign = view.campaign_id.as_deref().or(asked.campaign_id.as_deref());
        let entry = entry_of(self.policy, self.rewards, &asked, self.record, &terms, campaign);
        Ok(Assessment::of(terms, entry))
    }

    /// True when the operator lets the platform's list count, whatever its clock.
    fn is_believed(&self) -> bool {
        self.promise.waives(&ParkReason::ContradictedAtProvider)
    }

    /// The time at which the status shown last changed, at most as far ahead of now
    /// as an event may be: no date of a list can hold a promise longer either.
    fn since(&self, view: &View) -> Option<Timestamp> {
        let latest = self.asked_at.plus_seconds(CLOCK_AHEAD_SECONDS);
        view.since.map(|since| since.min(latest))
    }

    /// True when the status shown is newer than the latest event that said anything
    /// of it.
    fn is_newer(&self, view: &View) -> bool {
        let status = self.record.facts.get("status");
        let told = self.record.announcement().max(status.and_then(|status| status.clock.time));
        // Of equally late events that contradict each other, the view may show
        // either.
        let either = status.is_some_and(Register::is_contested);
        self.since(view)
            .is_some_and(|since| told.is_none_or(|told| told < since || either && told == since))
    }

    /// True when the list has had its time to catch up with the record.
    fn settled_there(&self) -> bool {
        let told = self.record.as_of().and_then(|clock| clock.time);
        told.is_none_or(|told| told.ms().saturating_add(self.platform_lag_ms) < self.asked_at.ms())
    }

    /// True when the reward has been missing for longer than a list is behind.
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
