//! Requests, and what the functions say became of them.

use serde_json::Value;

use crate::play::lines::Request;
use crate::stage::Exchange;

/// What became of a request, in the function's words.
pub(super) fn told(exchange: &Exchange, request: Option<&Request>) -> String {
    match (request, &exchange.event) {
        (Some(request), _) => request.told(),
        (None, Some(_)) => "the function said nothing".to_owned(),
        (None, None) => "no route".to_owned(),
    }
}

/// The name of the provider to whose address a request goes.
pub(crate) fn provider(event: &Value) -> &str {
    let path = event.get("rawPath").and_then(Value::as_str).unwrap_or_default();
    path.trim_start_matches("/webhooks/").split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_request_that_no_function_saw_or_spoke_of_has_its_words() {
        let mut exchange = Exchange {
            id: String::new(),
            at: SystemTime::now(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            event: None,
            status: 404,
            took: Duration::ZERO,
            lines: Vec::new(),
        };
        assert_eq!(told(&exchange, None), "no route");
        exchange.event = Some(serde_json::json!({}));
        assert_eq!(told(&exchange, None), "the function said nothing");
    }
}
