//! Stand-ins for the systems that the bundle calls: the platform's API and the
//! company's own reward endpoint.
//!
//! Both fakes listen on this machine only, do what the real systems are
//! documented to do, record every call with its time, and fail on request: see
//! [`Fault`]. Both stop when dropped.
//!
//! They are written from the providers' documentation and apart from the code
//! that calls them, so that one does not repeat the other's mistakes.

pub mod endpoint;
mod faults;
pub mod firstpromoter;
pub mod server;
#[cfg(test)]
mod test_client;

pub use endpoint::RewardEndpoint;
pub use faults::{Fault, FaultKind};
pub use firstpromoter::FakeFirstPromoter;

use std::time::Instant;

use time::OffsetDateTime;

/// The time of day, never going back.
#[derive(Debug)]
struct Clock {
    wall: OffsetDateTime,
    started: Instant,
}

impl Clock {
    fn start() -> Self {
        Self { wall: OffsetDateTime::now_utc(), started: Instant::now() }
    }

    fn now(&self) -> OffsetDateTime {
        self.wall + self.started.elapsed()
    }
}
