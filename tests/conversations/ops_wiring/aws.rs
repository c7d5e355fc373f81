//! An AWS with one stack, for what tells of its wiring and its alarms.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tests::one_stack::{described, served};

/// An AWS with one stack: what its parameters are, what its logs say, which alarms it
/// has, and what may not be asked.
#[derive(Clone, Default)]
pub(super) struct Aws {
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) logs: BTreeMap<&'static str, Vec<String>>,
    pub(super) alarms: Value,
    pub(super) forbidden: Vec<&'static str>,
    pub(super) asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Aws {
    /// Starts it, and tells the address.
    pub(super) async fn start(self) -> String {
        let answer = async |State(aws): State<Self>, headers: HeaderMap, body: String| {
            aws.answer(&headers, &body)
        };
        let router = Router::new().fallback(answer).with_state(self);
        served(router).await
    }

    fn answer(&self, headers: &HeaderMap, body: &str) -> (StatusCode, String) {
        let signed = headers["authorization"].to_str().unwrap();
        let target = headers.get("x-amz-target").map(|of| of.to_str().unwrap().to_owned());
        let operation =
            target.as_deref().map_or("DescribeStacks", |of| of.split('.').nth(1).unwrap());
        let service = match operation {
            "DescribeStacks" => "cloudformation",
            "FilterLogEvents" => "logs",
            _ => "monitoring",
        };
        assert!(signed.contains(&format!("/eu-west-1/{service}/aws4_request")), "{signed}");
        let asked: Value = serde_json::from_str(body).unwrap_or_default();
        self.asked.lock().unwrap().push((operation.to_owned(), asked.clone()));
        if self.forbidden.contains(&operation) {
            let refused = match operation {
                "DescribeStacks" => {
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not yours</Message>\
                     </Error></ErrorResponse>"
                        .to_owned()
                }
                _ => json!({ "__type": "AccessDeniedException" }).to_string(),
            };
            return (StatusCode::FORBIDDEN, refused);
        }
        let answer = match operation {
            "DescribeStacks" => self.stack(),
            "FilterLogEvents" => self.events(&asked).to_string(),
            "DescribeAlarms" => self.alarms(&asked).to_string(),
            _ => "no such operation".to_owned(),
        };
        (StatusCode::OK, answer)
    }

    fn stack(&self) -> String {
        let outputs = [("TableName", "Ledger"), ("ApiUrl", "https://in.example.com")];
        described(&outputs, self.parameters.iter().map(|(name, value)| (&**name, &**value)))
    }

    fn events(&self, asked: &Value) -> Value {
        let group = asked["logGroupName"].as_str().unwrap();
        let name = group.rsplit("mine-").next().unwrap();
        let lines = self.logs.get(name).into_iter().flatten();
        let (from, to) = (asked["startTime"].as_i64().unwrap(), asked["endTime"].as_i64());
        let pattern = asked["filterPattern"].as_str().unwrap_or_default();
        let events = lines.filter_map(|line| {
            let told: Value = serde_json::from_str(line).unwrap();
            let at = told["_aws"]["Timestamp"].as_i64().unwrap();
            let outcome = told["outcome"].as_str().unwrap_or_default();
            let is_meant =
                told["message"] != "webhook" || pattern.contains(&format!("\"{outcome}\""));
            let is_within = at >= from && to.is_none_or(|to| at < to);
            (is_meant && is_within).then(|| json!({ "timestamp": at, "message": line }))
        });
        json!({ "events": events.collect::<Vec<_>>() })
    }

    /// One alarm a page, so that the pages are followed.
    fn alarms(&self, asked: &Value) -> Value {
        assert_eq!(asked["AlarmNamePrefix"], "mine-", "{asked}");
        let n = asked["NextToken"].as_str().map_or(0, |token| token.parse::<usize>().unwrap());
        let all = self.alarms.as_array().unwrap();
        let next = (n + 1 < all.len()).then(|| (n + 1).to_string());
        json!({ "MetricAlarms": [all[n]], "NextToken": next })
    }
}
