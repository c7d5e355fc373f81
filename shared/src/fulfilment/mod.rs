//! Promises: rewards that were announced and must be given exactly once.
//!
//! [`announce()`] decides whether there is a promise; [`machine`] is its life as one
//! pure function.

mod announce;
mod assessment;
mod decision;
mod lease;
mod log;
pub mod machine;
mod policy;
mod promise;
mod reason;
mod reward;
mod rewards;
mod snapshot;
mod state;
mod terms;
mod view;

pub use announce::{Announced, announce, entry_of, input_from_record, reconcile, suspected, terms};
pub use assessment::{Assessment, Start};
pub use decision::{OperatorDecision, Resolution};
pub use lease::{Taken, Taker};
pub use log::{Actor, Log, LogEntry, MAX_ENTRIES};
pub use machine::{Input, Rules, Transition, if_still_current, transition};
pub use policy::settings::declared as declared_settings;
pub(crate) use policy::settings::policy;
pub use policy::{MaxAmounts, Policy, Reversals, Rule, V1Confirm};
pub(crate) use promise::one_or_more;
pub use promise::{
    AtPlatform, Endpoint, Lease, NextEpoch, Opening, Parked, Promise, Retry, TermsChange,
    Withdrawal,
};
pub use reason::{Explanation, ParkReason, Resuming};
pub use reward::reward;
pub use rewards::{Party, RewardStatus, Rewards};
pub use snapshot::{ChangeSet, OtherChange, SeenEvent, Snapshot};
pub use state::{State, Task};
pub use terms::{Recipient, Terms};
pub use view::{PlatformStatus, Question, View};
