//! The systems that the bundle calls: the fakes of FirstPromoter's API and of
//! the company's reward endpoint, as `cargo local` runs them.

mod account;
mod announced;
mod call_line;
mod preset;

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::error::LocalError;
use crate::play::fakes::firstpromoter::{Keys, Operation};
use crate::play::fakes::{FakeFirstPromoter, Fault, RewardEndpoint};
use crate::play::relay::{Call, Relay};
use crate::stage::{Exchange, Observer};
use account::Account;
pub(crate) use call_line::CallLine;
pub(crate) use preset::FaultPreset;

/// The time that a worker waits for a reply in such a run.
const CALL_TIMEOUT_SECONDS: &str = "2";
/// The first pause before a repetition, so that recoveries can be watched.
const RETRY_FIRST_MS: &str = "500";

/// The fakes, and the webhooks that the platform has yet to send.
pub(crate) struct ExternalSystems {
    pub(crate) firstpromoter: Arc<FakeFirstPromoter>,
    pub(crate) endpoint: RewardEndpoint,
    /// The way to a reward endpoint of one's own, if there is one.
    relay: Option<Relay>,
    pub(crate) account: Arc<Account>,
    webhooks: mpsc::UnboundedReceiver<Value>,
    exchanges: mpsc::UnboundedReceiver<Exchange>,
    has_v1_key: bool,
    /// True if replies are to be slower than workers wait.
    slow: bool,
    /// The numbers of calls of the platform, of the sample endpoint and of one's own that
    /// `new_calls` gave so far.
    reported: (usize, usize, usize),
}

impl ExternalSystems {
    /// Starts the fakes with the keys that the functions use. Rewards go to the URL `own`,
    /// if there is one, and else to the sample endpoint.
    pub(crate) async fn start(
        credentials: &Value,
        firstpromoter_port: u16,
        endpoint_port: u16,
        own: Option<&str>,
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
        let relay =
            match own {
                Some(url) => Some(Relay::start(url).await.map_err(|source| LocalError::Io {
                    what: format!("--endpoint {url}"),
                    source,
                })?),
                None => None,
            };
        let (sender, exchanges) = mpsc::unbounded_channel();
        let firstpromoter = Arc::new(firstpromoter);
        Ok(Self {
            webhooks: firstpromoter.webhooks(),
            account: Arc::new(Account::new(Arc::clone(&firstpromoter), sender)),
            exchanges,
            firstpromoter,
            endpoint,
            relay,
            has_v1_key,
            slow: false,
            reported: (0, 0, 0),
        })
    }

    /// The template's parameters that lead the functions to the fakes.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let confirm = if self.has_v1_key { "api" } else { "response" };
        [
            ("FirstpromoterApiUrl", self.firstpromoter.v2_url()),
            ("FirstpromoterV1ApiUrl", self.firstpromoter.v1_url()),
            ("RewardEndpointUrl", self.endpoint_url()),
            ("V1Confirm", confirm.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The URL that rewards are posted to: the sample endpoint's, or that of the relay to
    /// one's own.
    pub(crate) fn endpoint_url(&self) -> String {
        self.relay.as_ref().map_or_else(|| self.endpoint.url(), Relay::url)
    }

    /// The URL of one's own reward endpoint.
    pub(crate) fn own_endpoint(&self) -> Option<&str> {
        self.relay.as_ref().map(|relay| relay.target.as_str())
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
        let relay = self.relay.as_ref();
        let own = relay.map(|relay| relay.calls_from(self.reported.2)).unwrap_or_default();
        self.reported.0 += platform.len();
        self.reported.1 += endpoint.len();
        self.reported.2 += own.len();
        let platform = platform.iter().map(CallLine::of_platform);
        let endpoint = endpoint.iter().map(CallLine::of_endpoint);
        platform.chain(endpoint).chain(own.iter().map(CallLine::of_own_endpoint)).collect()
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
        if let Some(relay) = &self.relay {
            let calls = relay.calls_from(0);
            let taken = |call: &&Call| matches!(call.status, Some(200..=299 | 409));
            let taken = calls.iter().filter(taken).count();
            let target = &relay.target;
            return format!("your endpoint {target}: {} calls, {taken} taken", calls.len());
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::fakes::firstpromoter::Status;

    #[tokio::test]
    async fn the_account_holds_what_the_samples_announce() {
        let credentials = &crate::play::dev_secrets()["credentials"];
        let external = ExternalSystems::start(credentials, 0, 0, None).await.unwrap();
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
}
