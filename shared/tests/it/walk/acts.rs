//! What may happen: the acts, how often each is drawn, and the worlds in which they
//! happen.

use crate::walk::setup::{Setup, Wire};
use proptest::prelude::*;
use shared::fulfilment::Reversals;

/// One of the things that may happen.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// The platform changes the status.
    Reconsider,
    /// The platform changes amount, unit or promoter.
    Amend,
    /// The platform says once more what is.
    Repeat,
    /// An event comes in, or is lost.
    Arrive,
    /// A worker takes what is due.
    Claim,
    /// A worker calls out.
    Call,
    /// A worker writes down the outcome of its call, or dies.
    End,
    /// A worker does all three at once.
    Work,
    /// A held request of v1 is answered.
    Answer,
    /// The operator resumes what is parked.
    Resume,
    /// Somebody changes the settings.
    Configure,
    /// A batch of the platform runs.
    RunBatch,
    /// The promise is open for longer than is allowed.
    OverAge,
    /// The sweep parks what stands on the API's word alone.
    Sweep,
}

/// Something that happens; `roll` decides how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act {
    pub(super) what: What,
    pub(super) roll: u8,
}

/// Acts, as often as they are to happen.
pub(super) fn acts() -> impl Strategy<Value = Act> {
    let what = prop_oneof![
        3 => Just(What::Reconsider),
        3 => Just(What::Amend),
        1 => Just(What::Repeat),
        14 => Just(What::Arrive),
        4 => Just(What::Claim),
        4 => Just(What::Call),
        4 => Just(What::End),
        12 => Just(What::Work),
        1 => Just(What::Answer),
        5 => Just(What::Resume),
        1 => Just(What::Configure),
        1 => Just(What::RunBatch),
        1 => Just(What::OverAge),
        1 => Just(What::Sweep),
    ];
    (what, any::<u8>()).prop_map(|(what, roll)| Act { what, roll })
}

/// Worlds, the rarer sides of which are set in fewer of them.
pub(super) fn setups() -> impl Strategy<Value = Setup> {
    let wire = prop::sample::select(vec![Wire::V2, Wire::V1Api, Wire::V1Response]);
    let reversals = prop::sample::select(vec![
        Reversals::Deliver,
        Reversals::Park,
        Reversals::DeliverAndUnmark,
    ]);
    let flags = (
        any::<[bool; 6]>(),
        prop::bool::weighted(0.25),
        prop::bool::weighted(0.75),
        prop::bool::weighted(0.25),
        prop::bool::weighted(0.2),
    );
    (wire, reversals, flags).prop_map(|(wire, reversals, flags)| {
        let (
            [idempotent, asks, no_recipient, no_campaign, loses, lags],
            odd,
            clocks,
            coarse,
            ahead,
        ) = flags;
        let v2 = wire == Wire::V2;
        Setup {
            reversals,
            wire,
            endpoint_is_idempotent: idempotent,
            asks_to_approve: asks && v2,
            payload_lacks_recipient: no_recipient && v2,
            payload_lacks_campaign: no_campaign && v2,
            loses_events: loses,
            begins_in_unknown_unit: odd,
            list_lags: lags,
            list_has_clocks: clocks && v2,
            events_share_seconds: coarse,
            dates_events_ahead: ahead,
        }
    })
}
