//! The alarms of a stack, from `CloudWatch`.
//!
//! `CloudWatch` is called here by its JSON protocol, with one request: the client of the
//! AWS SDK would bring a second `http` into the program, for its calls that compress.

use std::env;
use std::time::{Duration, SystemTime};

use answers::{Alarms, On};
use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::platform::http::{Http, HttpOptions, Reply};
use shared::wire::Timestamp;

use crate::signed_in::signed_in;
use crate::target::TargetArgs;

/// The name of the service in signatures and addresses.
const SERVICE: &str = "monitoring";
/// The operation, as `CloudWatch`'s JSON protocol names it.
const DESCRIBE: &str = "GraniteServiceVersion20100801.DescribeAlarms";
/// The variable that `CloudWatch`'s address is taken from, as for every AWS tool.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_CLOUDWATCH";
/// Alarms a page, the most that `CloudWatch` gives.
const PAGE: u32 = 100;
/// Most pages: other stacks' names may begin like this one's.
const PAGES: usize = 10;
/// The longest time for one call.
const CALL: Duration = Duration::from_secs(10);

/// A page of the answer, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    metric_alarms: Vec<Found>,
    #[serde(default)]
    composite_alarms: Vec<Found>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    alarm_name: String,
    #[serde(default)]
    alarm_description: Option<String>,
    state_value: String,
    /// The time at which it came into its state.
    #[serde(default)]
    state_transitioned_timestamp: Value,
    /// The time at which that was last confirmed.
    #[serde(default)]
    state_updated_timestamp: Value,
}

/// Reads the alarms of a stack; `None` beside `cargo local`, which has none.
///
/// # Errors
/// The reason why they cannot be read, in words.
pub(crate) async fn alarms(target: &TargetArgs) -> Result<Option<Alarms>, String> {
    let Some(stack) = target.stack_name() else { return Ok(None) };
    let config = signed_in().await.map_err(|error| error.to_string())?;
    let client = Client::new(&config)?;
    let mut alarms = Alarms::default();
    let mut next = None;
    for _ in 0..PAGES {
        let page = client.describe(stack, next.as_deref()).await?;
        for of in page.metric_alarms.iter().chain(&page.composite_alarms) {
            let description = of.alarm_description.as_deref().unwrap_or_default();
            alarms.add(stack, &of.alarm_name, description, of.on());
        }
        next = page.next_token;
        if next.is_none() {
            return Ok(Some(alarms));
        }
    }
    Err("there are too many alarms to look through".to_owned())
}

impl Found {
    fn on(&self) -> On {
        let times = [&self.state_transitioned_timestamp, &self.state_updated_timestamp];
        match self.state_value.as_str() {
            "ALARM" => On::Since(times.into_iter().find_map(time)),
            _ => On::Not,
        }
    }
}

/// A time as `CloudWatch` writes it: seconds, with a fraction.
fn time(value: &Value) -> Option<Timestamp> {
    if let Some(text) = value.as_str() {
        return Timestamp::parse(text);
    }
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second says nothing")]
    let seconds = value.as_f64()? as i64;
    Some(Timestamp::ZERO.plus_seconds(seconds))
}

/// A client of `CloudWatch`.
struct Client<'a> {
    config: &'a SdkConfig,
    http: Http,
    region: &'a str,
    url: String,
}

impl<'a> Client<'a> {
    fn new(config: &'a SdkConfig) -> Result<Self, String> {
        let region = config.region().map(AsRef::as_ref).ok_or("no region")?;
        let own = env::var(ENDPOINT).ok().filter(|url| !url.is_empty());
        let url = own.or_else(|| config.endpoint_url().map(str::to_owned));
        let url = url.unwrap_or_else(|| address(region));
        // Plain HTTP only to where the operator's own settings lead.
        let plain = url.starts_with("http://");
        let http = Http::new(&HttpOptions { timeout: CALL, plain, reuse: true });
        let http = http.map_err(|error| error.to_string())?;
        Ok(Self { config, http, region, url: format!("{}/", url.trim_end_matches('/')) })
    }

    async fn describe(&self, stack: &str, next: Option<&str>) -> Result<Page, String> {
        let mut asked = json!({
            "AlarmNamePrefix": format!("{stack}-"),
            "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
            "MaxRecords": PAGE,
        });
        if let (Some(next), Some(asked)) = (next, asked.as_object_mut()) {
            asked.insert("NextToken".to_owned(), next.into());
        }
        let request = self.signed(asked.to_string().into_bytes()).await?;
        match self.http.send(request).await {
            Reply::Answer { status: 200, body, .. } => serde_json::from_slice(&body)
                .map_err(|_| "CloudWatch's answer cannot be read".to_owned()),
            Reply::Answer { status, body, .. } => Err(refused(status, &body)),
            reply => Err(format!("CloudWatch: {}", reply.label())),
        }
    }

    async fn signed(&self, body: Vec<u8>) -> Result<Request<Vec<u8>>, String> {
        let provider = self.config.credentials_provider().ok_or("no AWS credentials found")?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|_| "the AWS credentials cannot be used")?;
        let identity = credentials.into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(SERVICE)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", DESCRIBE)];
        let signable = SignableRequest::new(
            "POST",
            self.url.as_str(),
            headers.into_iter(),
            SignableBody::Bytes(&body),
        );
        let signed = signable.and_then(|signable| sign(signable, &params));
        let (instructions, _) = signed.map_err(|error| error.to_string())?.into_parts();
        let mut request = Request::post(&self.url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = request.body(body).map_err(|error| error.to_string())?;
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }
}

/// The address of `CloudWatch` in a region.
fn address(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{SERVICE}.{region}.{suffix}")
}

/// The reason of a refusal: what is not allowed is named, of all else the code.
fn refused(status: u16, body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = body.get("__type").and_then(Value::as_str).unwrap_or_default();
    match code.rsplit('#').next().unwrap_or_default() {
        "AccessDenied" | "AccessDeniedException" => {
            "not allowed: cloudwatch:DescribeAlarms".to_owned()
        }
        "" => format!("CloudWatch answered {status}"),
        code => format!("CloudWatch: {code}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_seconds_and_an_alarm_that_is_off_has_none() {
        let found = |more: Value| {
            let mut all = json!({ "AlarmName": "a", "StateValue": "ALARM" });
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            serde_json::from_value::<Found>(all).unwrap().on()
        };
        let at = Timestamp::from_ms(1_790_000_000_000);
        for (more, on) in [
            (json!({ "StateUpdatedTimestamp": 1_790_000_000.75 }), On::Since(Some(at))),
            (
                json!({ "StateTransitionedTimestamp": 1_790_000_000, "StateUpdatedTimestamp": 5 }),
                On::Since(Some(at)),
            ),
            (json!({ "StateUpdatedTimestamp": at.to_rfc3339() }), On::Since(Some(at))),
            (json!({}), On::Since(None)),
            (json!({ "StateValue": "OK", "StateUpdatedTimestamp": 5 }), On::Not),
            (json!({ "StateValue": "INSUFFICIENT_DATA" }), On::Not),
        ] {
            assert_eq!(found(more.clone()), on, "{more}");
        }
    }

    #[test]
    fn a_refusal_is_told_by_its_code() {
        for (body, says) in [
            (
                r#"{"__type":"AccessDenied","message":"x"}"#,
                "not allowed: cloudwatch:DescribeAlarms",
            ),
            (
                r#"{"__type":"com.x#AccessDeniedException"}"#,
                "not allowed: cloudwatch:DescribeAlarms",
            ),
            (r#"{"__type":"Throttling"}"#, "CloudWatch: Throttling"),
            ("<html>", "CloudWatch answered 400"),
        ] {
            assert_eq!(refused(400, body.as_bytes()), says);
        }
    }

    #[test]
    fn the_address_is_of_the_region() {
        assert_eq!(address("eu-west-1"), "https://monitoring.eu-west-1.amazonaws.com");
        assert_eq!(address("cn-north-1"), "https://monitoring.cn-north-1.amazonaws.com.cn");
    }
}
