//! FirstPromoter v1's reading of our answers.

use http::StatusCode;

use crate::ledger::{Content, Family};
use crate::provider::definition::{Accepted, Answers};
use crate::provider::firstpromoter_v1::FULFILMENT_PENDING;

/// The answers to FirstPromoter v1, which takes exactly 200 on a
/// `fulfilment_pending` for "the reward was given", for good. So 200 is sent only
/// when the delivery is recorded, and never for an unknown type that may be the
/// same event under a new name: one that came to the fulfilments' address or speaks
/// of fulfilment. Where the answer is the only way to tell the platform, an open
/// promise is answered 503, so that FirstPromoter asks again.
pub(super) const ANSWERS: Answers =
    Answers { accepted, awaits_delivery: |event| event.event_type == FULFILMENT_PENDING };

fn accepted(Accepted { family, event, promise }: &Accepted) -> StatusCode {
    let suspicious =
        *family == Family::Fulfilments || event.event_type.to_ascii_lowercase().contains("fulfil");
    let pending = event.event_type == FULFILMENT_PENDING;
    match (&event.content, promise) {
        (Content::Unknown | Content::Test, _) if suspicious => StatusCode::ACCEPTED,
        (Content::Unknown | Content::Test, _) => StatusCode::OK,
        (_, Some(promise)) if pending && promise.state.is_delivered() => StatusCode::OK,
        (_, Some(promise)) if pending && promise.awaits_response() => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        _ if pending => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    }
}
