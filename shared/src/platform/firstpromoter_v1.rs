//! FirstPromoter's API v1. Parameters go in the query, not in a body.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::fulfilment::{PlatformStatus, Terms, View};
use crate::ledger::unit_name;
use crate::platform::http::Reply;
use crate::platform::{Connection, NoAnswer, WriteResult, credentials, encode, list, scalar};
use crate::provider::status::is_withdrawn;
use crate::wire::Decimal;
use crate::wire::json::Json;

/// Most pages of payouts requested: one promoter may have many.
const MAX_PAGES: u32 = 20;

/// A client of the API.
pub struct Api<'a> {
    /// The connection to the API.
    pub connection: Connection<'a>,
    /// The key; `None` when not configured.
    pub credentials: Option<&'a credentials::FirstPromoterV1>,
    /// The time after which a look-up requests no more pages: it must end within
    /// its function's time and its lease, however slow each page is.
    pub patience: Duration,
}

impl Api<'_> {
    async fn call(&self, method: &str, path: &str) -> Result<Reply, NoAnswer> {
        let Some(credentials) = self.credentials else {
            return Err(NoAnswer::refused("no API key is configured"));
        };
        let headers = [("x-api-key", credentials.api_key.expose())];
        self.connection.call(method, path, &headers, None).await
    }

    /// Reads how the platform shows a fulfilment. It is only inferred that the
    /// fulfilment's id is a payout's id, so amount, unit and promoter must be the
    /// same too; v1's webhooks are unsigned, and its test button sends made-up
    /// ones.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn view(&self, id: &str, terms: &Terms) -> Result<View, NoAnswer> {
        let recipient = terms.recipient.as_ref().and_then(|recipient| recipient.id.as_deref());
        let promoter = terms.affiliate_id.as_deref().or(recipient).unwrap_or_default();
        let started = Instant::now();
        let mut seen = BTreeSet::new();
        for page in 1..=MAX_PAGES {
            if started.elapsed() >= self.patience {
                return Err(NoAnswer::not_now("the list took too long"));
            }
            let payouts = self.payouts(promoter, page).await?;
            let id_of = |payout: &Json| scalar(payout.get("id")).map(str::to_owned);
            if let Some(payout) = payouts.iter().find(|payout| scalar(payout.get("id")) == Some(id))
            {
                return Ok(View::of(compare(payout, promoter, terms)));
            }
            // The last page, or the same one again: it is not documented whether
            // there are pages.
            let known = seen.len();
            seen.extend(payouts.iter().map(id_of));
            if seen.len() == known {
                break;
            }
        }
        Ok(View::of(PlatformStatus::NotFound))
    }

    async fn payouts(&self, promoter: &str, page: u32) -> Result<Vec<Json>, NoAnswer> {
        let mut path = format!("/payouts/list?promoter_id={}", encode(promoter));
        if page > 1 {
            path = format!("{path}&page={page}");
        }
        let reply = self.call("GET", &path).await?;
        list(&reply)
    }

    /// Marks a fulfilment as given.
    pub async fn complete(&self, id: &str) -> WriteResult {
        let path = format!("/payouts/update?id={}&status=completed", encode(id));
        let reply = match self.call("PUT", &path).await {
            Ok(reply) => reply,
            Err(error) => return WriteResult::NotYet(error),
        };
        match &reply {
            Reply::Answer { status: 200..=299, .. } => WriteResult::Done,
            Reply::Answer { status: 404 | 409 | 422, .. } => WriteResult::CheckEach,
            Reply::Answer { status: 500..=599, .. } | Reply::Lost => {
                WriteResult::Unknown(reply.label())
            }
            _ => WriteResult::NotYet((&reply).into()),
        }
    }
}

fn compare(payout: &Json, promoter: &str, terms: &Terms) -> PlatformStatus {
    let amount = scalar(payout.get("amount")).and_then(Decimal::new);
    let unit = payout.get("unit").and_then(Json::as_str).map(unit_name);
    let ours = terms.amount.as_deref();
    let theirs =
        [payout.get("promoter_id"), payout.get("promoter").and_then(|promoter| promoter.get("id"))];
    let same_promoter = theirs.into_iter().any(|id| scalar(id) == Some(promoter));
    if amount.as_ref().map(Decimal::as_str) != ours || unit != terms.unit || !same_promoter {
        return PlatformStatus::NotFound;
    }
    match payout.get("status").and_then(Json::as_str) {
        Some("completed") => PlatformStatus::Fulfilled,
        Some("pending" | "processing") => PlatformStatus::Approved,
        Some(status) if is_withdrawn(status) => PlatformStatus::Denied,
        _ => PlatformStatus::Unclear,
    }
}
