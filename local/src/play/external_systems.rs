//! The systems that the bundle calls: the fakes of FirstPromoter's API and of
//! the company's reward endpoint, as `cargo local` runs them.

mod account;
mod announced;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::mpsc;

use crate::error::LocalError;
use crate::play::fakes::endpoint::{self, EndpointFault};
use crate::play::fakes::firstpromoter::{self, Keys, Operation, PlatformFault};
use crate::play::fakes::{FakeFirstPromoter, Fault, RewardEndpoint};
use crate::stage::{Exchange, Observer};
use account::Account;
use announced::text;

/// The delay of `slow`: longer than a worker waits in such a run.
const SLOW: Duration = Duration::from_secs(3);
/// The time that a worker waits for a reply in such a run.
const CALL_TIMEOUT_SECONDS: &str = "2";
/// The first pause before a repetition, so that recoveries can be watched.
const RETRY_FIRST_MS: &str = "500";

/// The faults that `--fault` can ask for; each strikes once for every call that
/// matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum FaultPreset {
    /// FirstPromoter marks it fulfilled and answers 500
    #[value(name = "created_but_500")]
    CreatedBut500,
    /// 429 with Retry-After, by FirstPromoter and the reward endpoint
    RateLimited,
    /// 200 with the failure inside
    BatchPartialFailure,
    /// 202, and done after two polls
    #[value(name = "stays_202")]
    Stays202,
    /// Somebody else marked it fulfilled before
    #[value(name = "already_fulfilled_422")]
    AlreadyFulfilled422,
    /// The approval has no payout record yet
    #[value(name = "no_payout_yet_422")]
    NoPayoutYet422,
    /// Done, and the connection closes without a reply, at both
    DropsReply,
    /// Done, and answered after the caller gave up, at both
    Slow,
}

impl FaultPreset {
    /// The fault of the platform and, where it fails too, of the reward endpoint.
    fn faults(self) -> (PlatformFault, Option<EndpointFault>) {
        use FaultPreset as P;
        let platform = match self {
            P::CreatedBut500 => PlatformFault::CreatedBut500,
            P::RateLimited => PlatformFault::RateLimited { retry_after: Some(1) },
            P::BatchPartialFailure => PlatformFault::BatchPartialFailure,
            P::Stays202 => PlatformFault::Stays202 { finishes_after: Some(2) },
            P::AlreadyFulfilled422 => PlatformFault::AlreadyFulfilled422,
            P::NoPayoutYet422 => PlatformFault::NoPayoutYet422,
            P::DropsReply => PlatformFault::DropsReply,
            P::Slow => PlatformFault::Slow(SLOW),
        };
        let endpoint = match self {
            P::RateLimited => Some(EndpointFault::RateLimited { retry_after: Some(1) }),
            P::DropsReply => Some(EndpointFault::DropsReply),
            P::Slow => Some(EndpointFault::Slow(SLOW)),
            _ => None,
        };
        (platform, endpoint)
    }
}

/// The fakes, and the webhooks that the platform has yet to send.
pub(crate) struct ExternalSystems {
    pub(crate) firstpromoter: Arc<FakeFirstPromoter>,
    pub(crate) endpoint: RewardEndpoint,
    pub(crate) account: Arc<Account>,
    webhooks: mpsc::UnboundedReceiver<Value>,
    exchanges: mpsc::UnboundedReceiver<Exchange>,
    has_v1_key: bool,
    /// True if replies are to be slower than workers wait.
    slow: bool,
    /// The numbers of calls of the platform and of the endpoint that
    /// `new_calls` gave so far.
    reported: (usize, usize),
}

impl ExternalSystems {
    /// Starts the fakes with the keys that the functions use.
    pub(crate) async fn start(
        credentials: &Value,
        firstpromoter_port: u16,
        endpoint_port: u16,
    ) -> Result<Self, LocalError> {
        let text = |pointer: &str| {
            let text = credentials.pointer(pointer).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let signing: Vec<&str> = credentials
            .pointer("/reward_endpoint/signing")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let endpoint = RewardEndpoint::start(endpoint_port, &signing)
            .await
            .map_err(|error| not_started("--reward-endpoint-port", endpoint_port, error))?;
        let firstpromoter = FakeFirstPromoter::start(firstpromoter_port)
            .await
            .map_err(|error| not_started("--firstpromoter-port", firstpromoter_port, error))?;
        let keys = Keys {
            api_key: text("/firstpromoter/api_key"),
            account_id: text("/firstpromoter/account_id"),
            v1_api_key: text("/firstpromoter_v1/api_key"),
        };
        let has_v1_key = !keys.v1_api_key.is_empty();
        firstpromoter.expect_keys(keys);
        let (sender, exchanges) = mpsc::unbounded_channel();
        let firstpromoter = Arc::new(firstpromoter);
        Ok(Self {
            webhooks: firstpromoter.webhooks(),
            account: Arc::new(Account::new(Arc::clone(&firstpromoter), sender)),
            exchanges,
            firstpromoter,
            endpoint,
            has_v1_key,
            slow: false,
            reported: (0, 0),
        })
    }

    /// The template's parameters that lead the functions to the fakes.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let confirm = if self.has_v1_key { "api" } else { "response" };
        [
            ("FirstpromoterApiUrl", self.firstpromoter.v2_url()),
            ("FirstpromoterV1ApiUrl", self.firstpromoter.v1_url()),
            ("RewardEndpointUrl", self.endpoint.url()),
            ("V1Confirm", confirm.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Variables that shorten the functions' pauses.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let timeout = self.slow.then_some(("CALL_TIMEOUT_SECONDS", CALL_TIMEOUT_SECONDS));
        [("RETRY_FIRST_MS", RETRY_FIRST_MS)]
            .into_iter()
            .chain(timeout)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// Adds to the account the commission, or the payout of v1, that a webhook's
    /// body announces.
    pub(crate) fn seed(&self, body: &Value) {
        self.account.seed(body);
    }

    /// The one who watches the front, so that the account holds what is sent there.
    pub(crate) fn observer(&self) -> Arc<dyn Observer> {
        Arc::<Account>::clone(&self.account)
    }

    /// The next request that the front answered.
    pub(crate) fn next_exchange(&mut self) -> Option<Exchange> {
        self.exchanges.try_recv().ok()
    }

    /// Lets the fakes fail in the way of a preset.
    pub(crate) fn inject(&mut self, preset: FaultPreset) {
        let (platform, endpoint) = preset.faults();
        for operation in [Operation::MarkFulfilled, Operation::UpdatePayout] {
            let fault = Fault::of(platform.clone()).on(operation).times(1);
            self.firstpromoter.inject(fault);
        }
        if let Some(fault) = endpoint {
            self.endpoint.inject(Fault::of(fault).times(1));
        }
        self.slow |= preset == FaultPreset::Slow;
    }

    /// True if the platform has a webhook to send.
    pub(crate) fn has_webhooks(&self) -> bool {
        !self.webhooks.is_empty()
    }

    /// The platform's next webhook, as a payload 2.0 event without signature.
    pub(crate) fn next_webhook(&mut self) -> Option<Value> {
        self.webhooks.try_recv().ok().map(|body| webhook_event(&body))
    }

    /// The calls that reached the fakes since the last time.
    pub(crate) fn new_calls(&mut self) -> Vec<CallLine> {
        let platform = self.firstpromoter.calls_from(self.reported.0);
        let endpoint = self.endpoint.calls_from(self.reported.1);
        self.reported.0 += platform.len();
        self.reported.1 += endpoint.len();
        let platform = platform.iter().map(CallLine::of_platform);
        platform.chain(endpoint.iter().map(CallLine::of_endpoint)).collect()
    }

    /// True if the account holds the commission or payout of a promise, which its
    /// key names.
    pub(crate) fn account_has(&self, key: &str) -> bool {
        let mut parts = key.split(':');
        let (provider, id) = (parts.next(), parts.next().and_then(|id| id.parse().ok()));
        id.is_some_and(|id| match provider {
            Some("firstpromoter") => self.firstpromoter.commission(id).is_some(),
            Some("firstpromoter-v1") => self.firstpromoter.payout(id).is_some(),
            _ => false,
        })
    }

    /// One line on how much the platform was called.
    pub(crate) fn call_rate(&self) -> String {
        let calls = self.firstpromoter.calls().len();
        let busiest = self.firstpromoter.busiest_minute(1.0);
        format!("FirstPromoter: {calls} calls, {busiest} in the busiest minute (it allows 400)")
    }

    /// One line on the calls that the company's system got.
    pub(crate) fn rewards(&self) -> String {
        let calls = self.endpoint.calls().len();
        let grants = self.endpoint.grants().len();
        format!("reward endpoint: {calls} calls, {grants} rewards granted")
    }
}

fn not_started(flag: &'static str, port: u16, source: io::Error) -> LocalError {
    if source.kind() == io::ErrorKind::InvalidInput {
        let what = "credentials.reward_endpoint.signing".to_owned();
        return LocalError::Io { what, source };
    }
    LocalError::Port { flag, port, source }
}

/// A webhook of the platform, without a signature, as a payload 2.0 event.
fn webhook_event(body: &Value) -> Value {
    let kind = match body.get("entity_type").and_then(Value::as_str) {
        Some("payout") => "payouts",
        _ => "commissions",
    };
    let path = format!("/webhooks/firstpromoter/{kind}");
    let header = |name: &str| body.get(name).cloned().unwrap_or_default();
    json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "x-event-id": header("event_id"),
            "x-event-type": header("event_type"),
        },
        "requestContext": { "http": { "method": "POST", "path": path } },
        "body": body.to_string(),
        "isBase64Encoded": false,
    })
}

/// A call of an external system, as the console reports it.
pub(crate) struct CallLine {
    /// The time of its arrival, in milliseconds since 1970.
    pub(crate) at: i64,
    /// The system, and the request that it got.
    pub(crate) what: String,
    /// The status code, or `none` without a reply.
    pub(crate) answer: String,
    /// The commission, payout or reward of the call, and the fault that struck it.
    pub(crate) detail: String,
}

impl CallLine {
    fn new(
        at: OffsetDateTime,
        what: String,
        status: Option<u16>,
        subject: &str,
        fault: Option<&str>,
    ) -> Self {
        let answer = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let fault = fault.map_or_else(String::new, |fault| format!("  fault: {fault}"));
        Self {
            at: i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default(),
            what,
            answer,
            detail: format!("{subject}{fault}"),
        }
    }

    fn of_platform(call: &firstpromoter::Call) -> Self {
        let path = call.path.trim_start_matches("/api/v2/company");
        let path = path.trim_start_matches("/api");
        let what = format!("FirstPromoter: {} {path}", call.method);
        let ids: Vec<String> = call.ids.iter().map(ToString::to_string).collect();
        Self::new(call.at, what, call.status, &ids.join(" "), call.fault)
    }

    fn of_endpoint(call: &endpoint::Call) -> Self {
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let kind = text(&body, "/type").unwrap_or_else(|| "no reward".to_owned());
        let what = match (text(&body, "/data/amount"), text(&body, "/data/unit")) {
            (Some(amount), Some(unit)) => format!(" {amount} {unit}"),
            _ => String::new(),
        };
        let what = format!("reward endpoint: {kind}{what}");
        let key = call.id.as_deref().unwrap_or_default();
        Self::new(call.at, what, call.status, key, call.fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::fakes::firstpromoter::Status;

    #[tokio::test]
    async fn the_account_holds_what_the_samples_announce() {
        let credentials = &crate::play::dev_secrets()["credentials"];
        let external = ExternalSystems::start(credentials, 0, 0).await.unwrap();
        let samples = crate::play::samples::Samples::of_workspace().unwrap();
        for body in samples.bodies().unwrap() {
            external.seed(&body);
        }
        let commission = external.firstpromoter.commission(301_881).unwrap();
        assert_eq!(commission.status, Status::Approved);
        assert_eq!((commission.amount, commission.unit.as_str()), (500, "points"));
        assert_eq!((commission.promoter.id, commission.campaign), (660_412, 5_104));
        assert_eq!(commission.referral.unwrap().id, 7_120_055);
        let denied = external.firstpromoter.commission(301_882).unwrap();
        assert_eq!(denied.status, Status::Denied);
        let payout = external.firstpromoter.payout(3_180_442).unwrap();
        assert_eq!((payout.amount, payout.unit.as_str()), (2, "free_months"));
        assert_eq!(payout.promoter.id, 884_133);
        let v1_confirm = external.parameters().into_iter().find(|(name, _)| name == "V1Confirm");
        assert_eq!(v1_confirm.unwrap().1, "api");
    }

    #[test]
    fn the_presets_have_the_names_of_the_fakes() {
        use crate::play::fakes::FaultKind;
        let presets = FaultPreset::value_variants();
        assert_eq!(presets.len(), 8);
        for preset in presets {
            let value = preset.to_possible_value().unwrap();
            let (platform, endpoint) = preset.faults();
            assert_eq!(platform.name(), value.get_name());
            assert!(endpoint.is_none_or(|fault| fault.name() == value.get_name()), "{preset:?}");
        }
    }
}
