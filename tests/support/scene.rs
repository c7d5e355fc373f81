//! A stage with the other side: FirstPromoter's API and the company's own
//! reward endpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use local::Options;
use local::fakes::firstpromoter::{Commission, Payout, Promoter, Referral, Status};
use local::fakes::{FakeFirstPromoter, RewardEndpoint};
use serde_json::{Value, json};

use crate::delivery::{Delivery, Grant};
use crate::item::{Item, Parked, Promise, Record};
use crate::messages::{commission_pk, item_of_promise};
use crate::patience::{Patience, eventually};
use crate::scratch::template_without_stream;
use crate::webhooks::commission;
use crate::{Response, Setup, Stage, Webhook};

/// The commission of most conversations.
pub const ID: u64 = 88_901;
/// The key of its first promise.
pub const KEY: &str = "firstpromoter:88901:1";
/// The v1 fulfilment of most conversations.
pub const V1_ID: u64 = 900;
/// The key of its promise.
pub const V1_KEY: &str = "firstpromoter-v1:900:1";
/// States in which a promise is at rest.
const RESTS: [&str; 4] = ["confirmed", "denied", "reversed", "parked"];
/// Between two sweeps, at least.
const SWEEP_PAUSE: Duration = Duration::from_millis(500);
/// The secret that rewards are signed with, of the development secrets.
pub const SIGNING: &str = "whsec_ZGV2LXJld2FyZC1lbmRwb2ludC1zaWduaW5nLWtleQ==";

/// Everything that takes part in a conversation about rewards.
pub struct Scene {
    /// The bundle.
    pub stage: Stage,
    /// FirstPromoter.
    pub platform: FakeFirstPromoter,
    /// The company's own system.
    pub endpoint: RewardEndpoint,
}

/// The key of a commission's first promise.
#[must_use]
pub fn key(id: u64) -> String {
    format!("firstpromoter:{id}:1")
}

impl Scene {
    /// Starts, with short pauses between repetitions.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts with changed options.
    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let platform = FakeFirstPromoter::start(0).await.unwrap();
        let endpoint = RewardEndpoint::start(0, &[SIGNING]).await.unwrap();
        let stage = Stage::with(|options| {
            options.set_parameters([
                ("FirstpromoterApiUrl", platform.v2_url()),
                ("FirstpromoterV1ApiUrl", platform.v1_url()),
                ("RewardEndpointUrl", endpoint.url()),
                ("AllowPlainHttp", "yes".into()),
                ("V1Confirm", "api".into()),
                ("MaxAmount", "*=10000".into()),
            ]);
            options.set_env([
                ("RETRY_FIRST_MS", "50"),
                ("PLATFORM_LAG_MS", "350"),
                ("UNTOUCHED_SECONDS", "0"),
                // Longer than a call takes anywhere: `hasty` is for who waits
                // for one of them to be over.
                ("LEASE_SECONDS", "40"),
                ("CALL_TIMEOUT_SECONDS", "25"),
                ("FIRSTPROMOTER_SPACING_MS", "5"),
            ]);
            change(options);
        })
        .await;
        Self { stage, platform, endpoint }
    }

    /// Starts with these parameters of the template.
    pub async fn with_parameters(parameters: &[(&str, &str)]) -> Self {
        Self::with(|options| options.set_parameters(parameters.iter().copied())).await
    }

    /// Starts with another reward endpoint than the scene's own.
    pub async fn delivering_to(url: String) -> Self {
        Self::with_parameters(&[("RewardEndpointUrl", &url)]).await
    }

    /// Starts with a stream that tells of nothing: only the sweep does.
    pub async fn without_stream(change: impl FnOnce(&mut Options)) -> Self {
        let template = template_without_stream();
        Self::with(|options| {
            template.path().clone_into(&mut options.template);
            change(options);
        })
        .await
    }

    /// Stops the bundle.
    pub async fn stop(self) {
        self.stage.stack.stop().await;
    }

    /// Gives the platform an approved commission of so many points.
    pub fn platform_has_commission(&self, id: u64, amount: i64) {
        let commission = Commission::new(id, "points", amount);
        self.platform.add_commission(commission.with_status(Status::Approved));
    }

    /// Gives the platform a v1 fulfilment of promoter 31.
    pub fn platform_has_fulfilment(&self, id: u64, unit: &str, amount: i64) {
        let mut payout = Payout::new(id, unit, amount);
        payout.promoter = Promoter::new(31);
        self.platform.add_payout(payout);
    }

    /// Gives the platform commission [`ID`], which waits for its approval.
    pub fn platform_has_pending_commission(&self) {
        let mut pending = Commission::new(ID, "points", 500).with_status(Status::Pending);
        pending.promoter = Promoter::new(31);
        pending.referral = Some(Referral::new(77));
        self.platform.add_commission(pending);
    }

    /// Tells whether the platform shows a commission as fulfilled.
    #[must_use]
    pub fn platform_shows_fulfilled(&self, id: u64) -> bool {
        self.platform.commission(id).unwrap().fulfilled
    }

    /// Lets the platform approve a commission of 500 points and tell of it.
    pub async fn approve(&self, id: u64) {
        self.platform_has_commission(id, 500);
        self.post(&commission(id).approved()).await.is(200);
    }

    /// Approves commission [`ID`] and waits until its reward is confirmed.
    pub async fn confirm(&self) {
        self.approve(ID).await;
        self.until_state(KEY, "confirmed").await;
    }

    /// Posts a webhook.
    pub async fn post(&self, webhook: &impl Webhook) -> Response {
        self.stage.post(webhook).await
    }

    /// Posts a webhook until it is taken: the platform sends again what was not
    /// answered 200.
    pub async fn take(&self, webhook: &impl Webhook) {
        let what = format!("never taken: {}", webhook.body());
        eventually(&what, async || (self.post(webhook).await.status == 200).then_some(())).await;
    }

    /// Sweeps now. A sweep that is not complete is called again, as the
    /// schedule would.
    pub async fn sweep(&self) -> Value {
        eventually("no sweep is complete", async || {
            let swept = self.stage.try_invoke("SweepFunction", &json!({})).await.ok()?;
            serde_json::from_slice(&swept).ok()
        })
        .await
    }

    /// Sweeps until a promise is parked.
    pub async fn sweep_until_parked(&self, key: &str) -> Promise {
        eventually("never parked", async || {
            self.sweep().await;
            Some(self.promise(key).await).filter(|promise| promise.state == "parked")
        })
        .await
    }

    /// The record of a commission, which has to be there.
    pub async fn record(&self, id: u64) -> Record {
        self.stage.record(&commission_pk(id)).await
    }

    /// A promise by key, which has to be there.
    pub async fn promise(&self, key: &str) -> Promise {
        let promise = self.find_promise(key).await;
        promise.unwrap_or_else(|| panic!("there is no promise {key}"))
    }

    /// A promise by key.
    pub async fn find_promise(&self, key: &str) -> Option<Promise> {
        let (pk, sk) = item_of_promise(key);
        self.stage.find_item(&pk, &sk).await.map(Promise::new)
    }

    /// All promises.
    pub async fn promises(&self) -> Vec<Promise> {
        self.stage.items_of("fulfilment#").await.into_iter().map(Promise::new).collect()
    }

    /// Waits until a promise is in this state and returns it.
    pub async fn until_state(&self, key: &str, state: &str) -> Promise {
        self.until_promise(key, |promise| promise.state == state).await
    }

    /// Waits until a promise is parked and returns why.
    pub async fn until_parked(&self, key: &str) -> Parked {
        self.until_state(key, "parked").await.parked().clone()
    }

    /// Waits until something is true of a promise and returns it.
    pub async fn until_promise(&self, key: &str, is: impl Fn(&Promise) -> bool) -> Promise {
        let mut patience = Patience::new();
        loop {
            let promise = self.find_promise(key).await;
            let step = promise.as_ref().map(Promise::step);
            match promise {
                Some(promise) if is(&promise) => return promise,
                promise => patience.wait([step], || format!("{key} stays {promise:?}")).await,
            }
        }
    }

    /// Waits until no promise is under way, sweeping now and then.
    pub async fn settle(&self) {
        let mut patience = Patience::new();
        // Half of the time at least is the workers' own.
        let mut pause = SWEEP_PAUSE;
        loop {
            let open = self.under_way().await;
            if open.is_empty() {
                return;
            }
            let seen = open.iter().map(|promise| (promise.text("pk"), promise.text("state")));
            let stays = || format!("{} promises stay open, {:?}", open.len(), open.first());
            patience.wait(seen, stays).await;
            tokio::time::sleep(pause).await;
            let started = Instant::now();
            // One that is not complete comes again.
            drop(self.stage.try_invoke("SweepFunction", &json!({})).await);
            pause = SWEEP_PAUSE.max(started.elapsed());
        }
    }

    /// The promises that are not at rest, as the index of open work shows them:
    /// to read it costs nothing, and the whole table at every look does.
    async fn under_way(&self) -> Vec<Item> {
        let open = self.stage.stack.index("open-work").await.unwrap();
        let open = open.iter().map(Item::new);
        let owed = open.filter(|item| item.text("open") != "inbox");
        owed.filter(|item| !RESTS.contains(&item.text("state").as_str())).collect()
    }

    /// The calls that reached the endpoint, read.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.endpoint.calls().iter().map(Delivery::new).collect()
    }

    /// The oracle: what the calls of the endpoint grant, by the id of the
    /// commission or the fulfilment.
    #[must_use]
    pub fn granted(&self) -> BTreeMap<u64, BTreeSet<Grant>> {
        let mut granted: BTreeMap<u64, BTreeSet<_>> = BTreeMap::new();
        for delivery in self.deliveries().iter().filter(|delivery| delivery.is_grant()) {
            granted.entry(delivery.of).or_default().insert(delivery.grant());
        }
        granted
    }

    /// The one grant of a commission or a fulfilment, however often it was called
    /// for. There has to be exactly one.
    #[track_caller]
    pub fn granted_once(&self, id: u64) -> Grant {
        let granted = self.granted();
        let grants: Vec<_> = granted.get(&id).into_iter().flatten().collect();
        assert_eq!(grants.len(), 1, "{id} is granted {grants:?}");
        grants[0].clone()
    }

    /// The number of calls of the platform that a fault struck.
    #[must_use]
    pub fn platform_struck(&self) -> usize {
        self.platform.calls().iter().filter(|call| call.fault.is_some()).count()
    }

    /// The number of calls of the endpoint that a fault struck.
    #[must_use]
    pub fn endpoint_struck(&self) -> usize {
        self.endpoint.calls().iter().filter(|call| call.fault.is_some()).count()
    }

    /// The number of calls of the endpoint with a key.
    #[must_use]
    pub fn raw_calls(&self, key: &str) -> usize {
        self.endpoint.calls().iter().filter(|call| call.id.as_deref() == Some(key)).count()
    }
}
