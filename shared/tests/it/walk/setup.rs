//! The sides of a world that do not change while it is walked.

use crate::promises::policy;
use shared::fulfilment::{Policy, Reversals, V1Confirm};
use shared::ledger::Source;

/// The way in which rewards are announced, and the platform is told.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Wire {
    V2,
    V1Api,
    V1Response,
}

/// The sides of a world that do not change.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a world has many sides")]
pub(super) struct Setup {
    pub(super) reversals: Reversals,
    pub(super) wire: Wire,
    /// The endpoint knows a key again.
    pub(super) endpoint_is_idempotent: bool,
    /// v2 is asked to approve.
    pub(super) asks_to_approve: bool,
    /// The payload does not say who gets it.
    pub(super) payload_lacks_recipient: bool,
    /// The payload does not say whose campaign it is, and that decides.
    pub(super) payload_lacks_campaign: bool,
    /// Events may be lost for good.
    pub(super) loses_events: bool,
    /// The reward begins in a unit that nobody knows.
    pub(super) begins_in_unknown_unit: bool,
    /// The platform's list may show what was, until everything comes to rest.
    pub(super) list_lags: bool,
    /// Its rows say when their status changed.
    pub(super) list_has_clocks: bool,
    /// Its events count whole seconds, and several things happen in one.
    pub(super) events_share_seconds: bool,
    /// Some of its events are dated far ahead.
    pub(super) dates_events_ahead: bool,
}

/// Milliseconds by which the list is thought to be behind.
pub(super) const LAG_MS: i64 = 5_000;

impl Setup {
    /// A world in which nothing is set.
    pub(super) fn plain(wire: Wire, reversals: Reversals) -> Self {
        Self {
            reversals,
            wire,
            endpoint_is_idempotent: false,
            asks_to_approve: false,
            payload_lacks_recipient: false,
            payload_lacks_campaign: false,
            loses_events: false,
            begins_in_unknown_unit: false,
            list_lags: false,
            list_has_clocks: false,
            events_share_seconds: false,
            dates_events_ahead: false,
        }
    }

    pub(super) fn is_v1(self) -> bool {
        self.wire != Wire::V2
    }

    pub(super) fn policy(self) -> Policy {
        let mut policy = policy();
        policy.sources.by_campaign.clear();
        policy.reversals = self.reversals;
        policy.auto_approve = self.asks_to_approve;
        if self.payload_lacks_campaign {
            policy.sources.by_campaign.insert("9".into(), Source::Off);
        }
        if self.is_v1() {
            policy.sources.default = Source::V1;
        }
        if self.wire == Wire::V1Api {
            policy.v1_confirm = V1Confirm::Api;
        }
        policy
    }
}
