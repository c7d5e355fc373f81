//! A stage with the other side: FirstPromoter's API and the company's own
//! reward endpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local::Options;
use local::fakes::firstpromoter::{Commission, Payout, Promoter, Referral, Status};
use local::fakes::{FakeFirstPromoter, RewardEndpoint};
use serde_json::{Value, json};
use shared::ledger::promise_key;

use crate::patience::{Patience, eventually};
use crate::{Said, Stage, plain_item, text};

/// The v1 token of the development secrets.
pub const TOKEN: &str = "dev-path-token-8f2b6c1e9a7d4035b1e6";
/// The first promise of commission 88,901.
pub const KEY: &str = "firstpromoter:88901:1";
/// States in which a promise is at rest.
const RESTS: [&str; 4] = ["confirmed", "denied", "reversed", "parked"];
/// Between two sweeps, at least.
const SWEEP_PAUSE: Duration = Duration::from_millis(500);
const SIGNING: &str = "whsec_ZGV2LXJld2FyZC1lbmRwb2ludC1zaWduaW5nLWtleQ==";

/// Everything that takes part in a conversation about rewards.
pub struct Scene {
    /// The bundle.
    pub stage: Stage,
    /// FirstPromoter.
    pub platform: FakeFirstPromoter,
    /// The company's own system.
    pub endpoint: RewardEndpoint,
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
            for (name, value) in [
                ("FirstpromoterApiUrl", platform.v2_url()),
                ("FirstpromoterV1ApiUrl", platform.v1_url()),
                ("RewardEndpointUrl", endpoint.url()),
                ("AllowPlainHttp", "yes".into()),
                ("V1Confirm", "api".into()),
                ("MaxAmount", "*=10000".into()),
            ] {
                options.parameters.insert(name.into(), value);
            }
            for (name, value) in [
                ("RETRY_FIRST_MS", "50"),
                ("PLATFORM_LAG_MS", "350"),
                ("UNTOUCHED_SECONDS", "0"),
                // Longer than a call takes anywhere: `hasty` is for who waits
                // for one of them to be over.
                ("LEASE_SECONDS", "40"),
                ("CALL_TIMEOUT_SECONDS", "25"),
                ("FIRSTPROMOTER_SPACING_MS", "5"),
            ] {
                options.env.insert(name.into(), value.into());
            }
            change(options);
        })
        .await;
        Self { stage, platform, endpoint }
    }

    /// Starts with another reward endpoint than the scene's own.
    pub async fn delivering_to(url: String) -> Self {
        Self::with(|options| {
            options.parameters.insert("RewardEndpointUrl".into(), url);
        })
        .await
    }

    /// A commission that the platform knows as approved.
    pub fn knows(&self, id: u64, amount: i64) {
        self.platform
            .add_commission(Commission::new(id, "points", amount).with_status(Status::Approved));
    }

    /// A v1 fulfilment that the platform knows.
    pub fn knows_v1(&self, id: u64, amount: i64) {
        self.platform.add_payout(Payout::new(id, "free_months", amount));
    }

    /// Posts a `commission.*` event.
    pub async fn commission(&self, event: &Value) -> Said {
        self.stage.post("/webhooks/firstpromoter/commissions", event.to_string()).await
    }

    /// Posts a `commission.*` event until it is taken: the platform sends again
    /// what was not answered 2xx.
    pub async fn take(&self, event: &Value) {
        let what = format!("never taken: {}", event["event_id"]);
        eventually(&what, async || (self.commission(event).await.0 == 200).then_some(())).await;
    }

    /// Posts a `fulfilment_pending`.
    pub async fn fulfilment(&self, event: u64, id: u64, amount: i64) -> Said {
        let promoter = self.platform.payout(id).map_or(31, |payout| payout.promoter.id);
        let body = json!({"event": {"id": event, "type": "fulfilment_pending", "created_at": "2026-10-01T10:00:00Z"},
            "data": {"id": id, "status": "pending", "amount": amount, "unit": "free_months",
                     "promoter": {"id": promoter}, "campaign": {"id": 7731}}});
        let path = format!("/webhooks/firstpromoter-v1/{TOKEN}/fulfilments");
        self.stage.post(&path, body.to_string()).await
    }

    /// Sweeps now. A sweep that is not complete is called again, as the
    /// schedule would.
    pub async fn sweep(&self) -> Value {
        eventually("no sweep is complete", async || {
            let swept = self.stage.stack.invoke("SweepFunction", "{}".into()).await.ok()?;
            serde_json::from_slice(&swept).ok()
        })
        .await
    }

    /// A promise by key; null when there is none.
    pub async fn promise(&self, key: &str) -> Value {
        let (provider, rest) = key.split_once(':').unwrap();
        let (id, epoch) = rest.rsplit_once(':').unwrap();
        let kind = if provider == "firstpromoter" { "commission" } else { "fulfilment" };
        let pk = format!("{provider}#{kind}#{id}");
        self.stage.item(&pk, &promise_key(epoch.parse().unwrap())).await
    }

    /// All promises.
    pub async fn promises(&self) -> Vec<Value> {
        let items = self.stage.items().await;
        items.into_iter().filter(|item| text(item, "sk").starts_with("fulfilment#")).collect()
    }

    /// Waits until a promise is in one of these states and returns it.
    pub async fn until(&self, key: &str, states: &[&str]) -> Value {
        self.until_it(key, |promise| states.contains(&text(promise, "state").as_str())).await
    }

    /// Waits until something is true of a promise and returns it.
    pub async fn until_it(&self, key: &str, is: impl Fn(&Value) -> bool) -> Value {
        let mut patience = Patience::new();
        loop {
            let promise = self.promise(key).await;
            if is(&promise) {
                return promise;
            }
            patience.wait([step_of(&promise)], || format!("{key} stays {promise}")).await;
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
            let seen = open.iter().map(|promise| (text(promise, "pk"), text(promise, "state")));
            let stays = || format!("{} promises stay open, {:?}", open.len(), open.first());
            patience.wait(seen, stays).await;
            tokio::time::sleep(pause).await;
            let started = Instant::now();
            // One that is not complete comes again.
            drop(self.stage.stack.invoke("SweepFunction", "{}".into()).await);
            pause = SWEEP_PAUSE.max(started.elapsed());
        }
    }

    /// The promises that are not at rest, as the index of open work shows them:
    /// to read it costs nothing, and the whole table at every look does.
    async fn under_way(&self) -> Vec<Value> {
        let open = self.stage.stack.index("open-work").await.unwrap();
        let open = open.iter().map(plain_item);
        open.filter(|item| !RESTS.contains(&text(item, "state").as_str())).collect()
    }

    /// The oracle: what reached the endpoint, by commission or fulfilment id,
    /// as distinct keys with amount and recipient. Reads the raw calls.
    #[must_use]
    pub fn granted(&self) -> BTreeMap<String, BTreeSet<(String, String, String)>> {
        let mut granted: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
        for call in self.endpoint.calls() {
            assert!(call.verified(), "an unsigned call: {:?}", call.verification);
            let body: Value = serde_json::from_slice(&call.body).unwrap();
            if body["type"] == "reward.granted" {
                let data = &body["data"];
                let id =
                    if data["commission_id"].is_null() { "fulfilment_id" } else { "commission_id" };
                assert_eq!(call.id.as_deref(), data["key"].as_str());
                let what =
                    (text(data, "key"), text(data, "amount"), text(&data["recipient"], "id"));
                granted.entry(text(data, id)).or_default().insert(what);
            }
        }
        granted
    }

    /// The number of raw calls with a key.
    #[must_use]
    pub fn raw_calls(&self, key: &str) -> usize {
        self.endpoint.calls().iter().filter(|call| call.id.as_deref() == Some(key)).count()
    }
}

/// Calls and leases that are soon over, for what happens then. Where nothing may
/// go wrong but what a test lets go wrong, they are left long.
pub fn hasty(options: &mut Options) {
    for (name, value) in [("LEASE_SECONDS", "3"), ("CALL_TIMEOUT_SECONDS", "2")] {
        options.env.insert(name.into(), value.into());
    }
}

/// How far a promise is. A hundred tries are enough to see that it is nowhere.
#[must_use]
pub fn step_of(promise: &Value) -> String {
    let attempts = text(promise, "attempts").parse().unwrap_or(0_u32).min(100);
    format!("{} {} {attempts}", promise["state"], promise["last"])
}

/// Commission 88,901 is approved.
#[must_use]
pub fn approved(event: &str, second: u32) -> Value {
    commission(event, "updated", 88_901, ("pending", "approved"), second)
}

/// Commission 88,901 is denied after all.
#[must_use]
pub fn denied(event: &str, second: u32) -> Value {
    commission(event, "updated", 88_901, ("approved", "denied"), second)
}

/// Commission 88,901 as it waits for approval, of the parties that [`commission`]
/// names.
#[must_use]
pub fn pending_commission() -> Commission {
    let mut pending = Commission::new(88_901, "points", 500).with_status(Status::Pending);
    pending.promoter = Promoter::new(31);
    pending.referral = Some(Referral::new(77));
    pending
}

/// A `commission.*` event: `changes` is the change of status, `second` orders
/// it in time.
#[must_use]
pub fn commission(event: &str, kind: &str, id: u64, status: (&str, &str), second: u32) -> Value {
    let (from, to) = status;
    let changes = if from.is_empty() { json!({}) } else { json!({"status": [from, to]}) };
    let (minute, second) = (second / 60, second % 60);
    json!({"event_id": event, "event_type": format!("commission.{kind}"), "entity_id": id, "changes": changes,
        "timestamp": format!("2026-10-01T10:{minute:02}:{second:02}Z"),
        "data": {"id": id, "status": to, "amount": 500, "unit": "points",
            "promoter_campaign": {"campaign_id": 5104, "promoter": {"id": 31, "email": "p@example.com"}},
            "referral": {"id": 77, "uid": "u-77"}}})
}

/// Writes a template whose stream tells of nothing to `file`.
#[must_use]
pub fn deaf_template(file: &Path) -> PathBuf {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    let deaf =
        template.replace(r#"{"due": {"S": [{"exists": true}]}}"#, r#"{"due": {"S": ["never"]}}"#);
    assert_ne!(deaf, template);
    std::fs::write(file, deaf).unwrap();
    file.to_owned()
}
