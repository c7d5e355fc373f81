//! What the providers are told (the response protocol).

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::Body;
use lambda_http::http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::fulfilment::{Promise, State};
use crate::ledger::Provider;
use crate::ledger::{Content, Event, Family, Malformed};
use crate::provider::firstpromoter_v1;
use crate::receive::log::Outcome;
use crate::receive::route::Route;

/// The status code of an event that is durably recorded or archived.
///
/// FirstPromoter v1 takes exactly 200 on a `fulfilment_pending` for "the
/// reward was given", for good. It is answered only when the delivery is
/// recorded, and never for an unknown type that may be the same event under a
/// new name: one that came to the fulfilments' URL or speaks of fulfilment.
/// Where the answer is the only way to tell, an open promise is 503, so that
/// FirstPromoter asks again.
#[must_use]
pub fn accepted(route: &Route, event: &Event, promise: Option<&Promise>) -> StatusCode {
    let suspicious = route.family == Family::Fulfilments
        || event.event_type.to_ascii_lowercase().contains("fulfil");
    if event.provider != Provider::FirstPromoterV1 {
        // v1's format at another address, whose sender may read the answer as v1 does.
        let of_v1 = event.other_format == Some(Provider::FirstPromoterV1);
        return if of_v1 && suspicious { StatusCode::ACCEPTED } else { StatusCode::OK };
    }
    let pending = event.event_type == firstpromoter_v1::FULFILMENT_PENDING;
    match (&event.content, promise) {
        (Content::Unknown, _) if suspicious => StatusCode::ACCEPTED,
        (Content::Unknown, _) => StatusCode::OK,
        (_, Some(promise)) if pending && promise.state.is_delivered() => StatusCode::OK,
        (_, Some(promise)) if pending && awaits_answer(promise) => StatusCode::SERVICE_UNAVAILABLE,
        _ if pending => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    }
}

/// Whether a promise is still open and its platform only learns of it from the
/// answer to a request.
#[must_use]
pub fn awaits_answer(promise: &Promise) -> bool {
    promise.by_response
        && (promise.state.is_before_delivery() || promise.state == State::Delivering)
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

/// The body that goes with an outcome. Providers store and show it, so it says
/// nothing that the sender does not know.
#[must_use]
pub fn body(outcome: Outcome, malformed: Option<&Malformed>) -> Value {
    match (outcome, malformed) {
        (Outcome::Quarantined, Some(malformed)) => {
            json!({ "error": "malformed", "field": malformed.field, "reason": malformed.reason })
        }
        (Outcome::StaleValid, _) => json!({ "error": Outcome::Unauthorized }),
        // Which of the two it is, is the operator's to know.
        (Outcome::NotConfigured, _) => json!({ "error": Outcome::Unavailable }),
        _ if refused(outcome).is_success() => json!({ "result": outcome }),
        _ => json!({ "error": outcome }),
    }
}

/// An HTTP response with a JSON body.
#[must_use]
pub fn response(status: StatusCode, body: &Value) -> ApiGatewayV2httpResponse {
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status.as_u16().into();
    response.body = Some(Body::Text(body.to_string()));
    let headers = &mut response.headers;
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert("allow", HeaderValue::from_static("POST"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fulfilment::Terms;
    use crate::wire::Timestamp;

    #[test]
    fn only_a_recorded_delivery_is_told_to_v1_as_200() {
        let code = |path: &str, event_type: &str, state: Option<State>, by_response: bool| {
            let route = Route::of_path(path).unwrap();
            let body = json!({ "event": { "id": 1, "type": event_type }, "data": { "id": 2 } });
            let body = crate::wire::json::parse(body.to_string().as_bytes()).unwrap();
            let event =
                route.provider.event(event_type.into(), &body, "", Timestamp::ZERO).unwrap();
            let promise = state.map(|state| {
                let at = Timestamp::ZERO;
                let mut promise = Promise::new("k:1:1".into(), 1, state, Terms::default(), at);
                promise.by_response = by_response;
                promise
            });
            accepted(&route, &event, promise.as_ref()).as_u16()
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
