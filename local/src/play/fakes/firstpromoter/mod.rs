//! FirstPromoter's company API v2 and the older v1, as far as confirming a
//! reward needs them.
//!
//! v2, below `/api/v2/company`: `GET /commissions`, `POST
//! /commissions/{approve,deny,mark_fulfilled,mark_unfulfilled}` and `GET
//! /batch_processes/{id}`. v1, below `/api/v1`: `GET /payouts/list` and `PUT
//! /payouts/update`.

mod batch;
mod call;
mod fault;
mod model;
mod platform;
#[cfg(test)]
mod tests;
mod v1;
mod v2;

pub use call::{Call, Operation};
pub use fault::PlatformFault;
pub use model::{Commission, Payout, PayoutStatus, Promoter, Referral, Status};
pub use platform::{Behaviour, Keys};

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::play::fakes::faults::Fault;
use crate::play::fakes::server::{Received, Server};
use platform::Platform;

/// The window in which FirstPromoter counts calls.
const RATE_WINDOW: Duration = Duration::from_mins(1);

/// FirstPromoter's API on this machine, with the account's data in memory.
#[derive(Debug)]
pub struct FakeFirstPromoter {
    server: Server,
    platform: Arc<Mutex<Platform>>,
}

impl FakeFirstPromoter {
    /// Starts the API on a port of 127.0.0.1, on a free one for 0.
    ///
    /// # Errors
    /// An error of the system when the port cannot be had.
    pub async fn start(port: u16) -> io::Result<Self> {
        let platform = Arc::new(Mutex::new(Platform::new()));
        let shared = Arc::clone(&platform);
        let server = Server::start(port, move |request| {
            let platform = Arc::clone(&shared);
            async move { answer(&platform, &request).await }
        })
        .await?;
        Ok(Self { server, platform })
    }

    /// The base URL of v2.
    #[must_use]
    pub fn v2_url(&self) -> String {
        format!("http://{}{}", self.server.address(), call::V2)
    }

    /// The base URL of v1.
    #[must_use]
    pub fn v1_url(&self) -> String {
        format!("http://{}{}", self.server.address(), call::V1)
    }

    /// Sets the behaviour that the documentation leaves open.
    pub fn set_behaviour(&self, behaviour: Behaviour) {
        self.lock().behaviour = behaviour;
    }

    /// Accepts these keys only. Before, any key does, but there must be one.
    pub fn expect_keys(&self, keys: Keys) {
        self.lock().keys = Some(keys);
    }

    /// Adds a commission, or replaces the one with its id.
    pub fn add_commission(&self, commission: Commission) {
        self.lock().commissions.insert(commission.id, commission);
    }

    /// Removes a commission, as if there had never been one.
    pub(crate) fn remove_commission(&self, id: u64) {
        self.lock().commissions.remove(&id);
    }

    /// The present state of a commission.
    #[must_use]
    pub fn commission(&self, id: u64) -> Option<Commission> {
        self.lock().commissions.get(&id).cloned()
    }

    /// Changes a commission the way a person in the dashboard would, without
    /// a webhook. False when there is none.
    #[must_use]
    pub fn edit_commission(&self, id: u64, edit: impl FnOnce(&mut Commission)) -> bool {
        self.lock().commissions.get_mut(&id).map(edit).is_some()
    }

    /// [`edit_commission`](Self::edit_commission) for the status; an approval
    /// creates the payout record, as it does at FirstPromoter.
    #[must_use]
    pub fn set_status(&self, id: u64, status: Status) -> bool {
        self.edit_commission(id, |commission| commission.set_status(status))
    }

    /// Adds a payout of v1, or replaces the one with its id.
    pub fn add_payout(&self, payout: Payout) {
        self.lock().payouts.insert(payout.id, payout);
    }

    /// Removes a payout of v1, as if there had never been one.
    pub(crate) fn remove_payout(&self, id: u64) {
        self.lock().payouts.remove(&id);
    }

    /// The present state of a payout of v1.
    #[must_use]
    pub fn payout(&self, id: u64) -> Option<Payout> {
        self.lock().payouts.get(&id).cloned()
    }

    /// Changes a payout of v1 without a call, for example as the answer to a
    /// webhook does. False when there is none.
    #[must_use]
    pub fn set_payout_status(&self, id: u64, status: PayoutStatus) -> bool {
        let mut platform = self.lock();
        let payout = platform.payouts.get_mut(&id);
        payout.map(|payout| payout.status = status).is_some()
    }

    /// The webhooks that calls cause from now on, as the JSON to be posted:
    /// `payout.updated` for `mark_fulfilled` and `mark_unfulfilled`,
    /// `commission.updated` for `approve` and `deny`. The receiver has to sign and
    /// send them.
    #[must_use]
    pub fn webhooks(&self) -> mpsc::UnboundedReceiver<Value> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.lock().subscribers.push(sender);
        receiver
    }

    /// Adds a fault. Of several faults the earliest that strikes decides; a call
    /// without a valid key is never struck.
    pub fn inject(&self, fault: impl Into<Fault<PlatformFault>>) {
        self.lock().faults.inject(fault.into());
    }

    /// Removes every fault. A batch that one of them struck stays as it is.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Every call so far, in the order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// The calls after the first `seen`, but none after one that is still
    /// being answered.
    #[must_use]
    pub(crate) fn calls_from(&self, seen: usize) -> Vec<Call> {
        let platform = self.lock();
        let new = platform.calls.iter().skip(seen);
        new.take_while(|call| call.status.is_some() || call.fault.is_some()).cloned().collect()
    }

    /// The most calls in any 60 seconds, whatever their answer. `scale` is how
    /// many times faster than the real clock the caller's runs.
    #[must_use]
    pub fn busiest_minute(&self, scale: f64) -> usize {
        call::busiest(&self.lock().calls, RATE_WINDOW.div_f64(scale))
    }

    fn lock(&self) -> MutexGuard<'_, Platform> {
        lock(&self.platform)
    }
}

fn lock(platform: &Mutex<Platform>) -> MutexGuard<'_, Platform> {
    platform.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(platform: &Mutex<Platform>, request: &Received) -> Option<Response<Body>> {
    let (call, answer) = lock(platform).handle(request);
    if let Some(delay) = answer.delay {
        tokio::time::sleep(delay).await;
    }
    let status = answer.reply.as_ref().map(|reply| reply.status().as_u16());
    lock(platform).answered(call, status);
    answer.reply
}
