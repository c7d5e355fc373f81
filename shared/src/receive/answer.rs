//! The answers to the providers (the response protocol).

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use crate::fulfilment::Promise;
use crate::ledger::{Event, Malformed};
use crate::provider::definition::{Accepted, Providers, find};
use crate::receive::gateway::Response;
use crate::receive::log::Outcome;
use crate::receive::route::Route;

/// The status code of an event that is durably recorded or archived: 200, unless
/// its provider, or the provider in whose format it was sent, has its own way to
/// read answers.
#[must_use]
pub fn accepted(
    all: Providers,
    route: &Route,
    event: &Event,
    promise: Option<&Promise>,
) -> StatusCode {
    let other = event.other_format.and_then(|other| find(all, other.name()));
    let mut own = [Some(route.definition), other].into_iter().flatten();
    let answers = own.find_map(|definition| definition.answers.as_ref());
    answers.map_or(StatusCode::OK, |answers| {
        (answers.accepted)(&Accepted { family: route.family, event, promise })
    })
}

/// The status code of a request that is not recorded.
#[must_use]
pub fn refused(outcome: Outcome) -> StatusCode {
    match outcome {
        Outcome::Recorded
        | Outcome::Duplicate
        | Outcome::Archived
        | Outcome::Test
        | Outcome::Ping => StatusCode::OK,
        Outcome::Quarantined => StatusCode::BAD_REQUEST,
        Outcome::Unauthorized | Outcome::StaleValid => StatusCode::UNAUTHORIZED,
        Outcome::NotFound => StatusCode::NOT_FOUND,
        Outcome::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Outcome::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Outcome::NotConfigured | Outcome::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The body of the answer to an outcome. Providers store and show it, so it tells
/// the sender nothing new.
#[must_use]
pub fn body(outcome: Outcome, malformed: Option<&Malformed>) -> Value {
    match (outcome, malformed) {
        (Outcome::Quarantined, Some(malformed)) => {
            json!({ "error": "malformed", "field": malformed.field, "reason": malformed.reason })
        }
        (Outcome::StaleValid, _) => json!({ "error": Outcome::Unauthorized }),
        // Only the operator learns whether a secret is missing or the service is
        // down.
        (Outcome::NotConfigured, _) => json!({ "error": Outcome::Unavailable }),
        _ if refused(outcome).is_success() => json!({ "result": outcome }),
        _ => json!({ "error": outcome }),
    }
}

/// An HTTP response with a JSON body.
#[must_use]
pub fn response(status: StatusCode, body: &Value) -> Response {
    let mut headers = BTreeMap::from([("content-type", "application/json")]);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert("allow", "POST");
    }
    Response { status_code: status.as_u16(), headers, body: body.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fulfilment::State;
    use crate::fulfilment::Terms;
    use crate::provider::ALL;
    use crate::provider::definition::Delivered;
    use crate::wire::Timestamp;

    #[test]
    fn only_a_recorded_delivery_is_told_to_v1_as_200() {
        let code = |path: &str, event_type: &str, state: Option<State>, by_response: bool| {
            let route = Route::of_path(ALL, path).unwrap();
            let body = json!({ "event": { "id": 1, "type": event_type }, "data": { "id": 2 } });
            let body = crate::wire::json::parse(body.to_string().as_bytes()).unwrap();
            let received = Timestamp::ZERO;
            let delivered = Delivered { event_type, body: &body, sha256: "", received };
            let event = route.definition.event(ALL, &delivered).unwrap();
            let promise = state.map(|state| {
                let at = Timestamp::ZERO;
                let mut promise = Promise::new("k:1:1".into(), 1, state, Terms::default(), at);
                promise.by_response = by_response;
                promise
            });
            accepted(ALL, &route, &event, promise.as_ref()).as_u16()
        };
        let (customers, fulfilments) =
            ("/webhooks/firstpromoter-v1/t/customers", "/webhooks/firstpromoter-v1/t/fulfilments");
        for path in [customers, fulfilments] {
            for state in State::ALL {
                let (by_api, by_response) = match state {
                    State::Delivered | State::Confirming | State::Confirmed => (200, 200),
                    State::LookupDue
                    | State::ApprovalDue
                    | State::AwaitingApproval
                    | State::Requested
                    | State::Delivering => (202, 503),
                    _ => (202, 202),
                };
                assert_eq!(code(path, "fulfilment_pending", Some(state), false), by_api);
                assert_eq!(code(path, "fulfilment_pending", Some(state), true), by_response);
            }
            assert_eq!(code(path, "fulfilment_pending", None, false), 202);
            assert_eq!(code(path, "fulfillment_pending", None, false), 202);
            assert_eq!(code(path, "lead_becomes_referral", None, false), 200);
        }
        assert_eq!(code(customers, "lead_paused", None, false), 200);
        assert_eq!(code(fulfilments, "lead_paused", None, false), 202);
    }
}
