//! FirstPromoter's API v1. Parameters go in the query, not in a body.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lambda_http::http::Request;
use serde_json::Value;

use crate::credentials;
use crate::fulfilment::{Standing, Terms, View};
use crate::http::{Http, Reply};
use crate::platform::firstpromoter::encode;
use crate::platform::{Change, NoAnswer, Pacer};
use crate::provider::firstpromoter::unit_name;
use crate::wire::Decimal;

/// Pages of payouts asked for at most: how many one promoter may have.
const MAX_PAGES: u32 = 20;

/// A client of the API.
pub struct Api<'a> {
    /// Speaks HTTP.
    pub http: &'a Http,
    /// `https://firstpromoter.com/api/v1`, or a stand-in.
    pub base: &'a str,
    /// Keeps the rate.
    pub pacer: &'a Pacer,
    /// The key; none when not configured.
    pub credentials: Option<&'a credentials::FirstPromoterV1>,
    /// After how long a look-up asks for no more pages: it must end within its
    /// function's time and its lease, however slow each page is.
    pub patience: Duration,
}

impl Api<'_> {
    async fn call(&self, method: &str, path: &str) -> Result<Reply, NoAnswer> {
        let refused = |word: &str| NoAnswer { retry_after: None, refused: true, word: word.into() };
        let Some(credentials) = self.credentials else {
            return Err(refused("no API key is configured"));
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("x-api-key", credentials.api_key.text())
            .header("accept", "application/json")
            .body(Vec::new());
        let request = request.map_err(|_| refused("the API key is no header value"))?;
        self.pacer.turn().await;
        Ok(self.http.send(request).await)
    }

    /// How the platform sees a fulfilment. That its id is a payout's id is
    /// only inferred, so amount, unit and promoter must be the same too; v1's
    /// webhooks are unsigned, and its test button sends made-up ones.
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
                return Err(not_now("the list took too long"));
            }
            let payouts = self.payouts(promoter, page).await?;
            let id_of = |payout: &Value| text(payout.get("id").unwrap_or(&Value::Null));
            if let Some(payout) = payouts.iter().find(|payout| id_of(payout) == id) {
                return Ok(View::of(compare(payout, promoter, terms)));
            }
            // The last page, or the same one again: whether there are pages is
            // not documented.
            let known = seen.len();
            seen.extend(payouts.iter().map(id_of));
            if seen.len() == known {
                break;
            }
        }
        Ok(View::of(Standing::NotFound))
    }

    async fn payouts(&self, promoter: &str, page: u32) -> Result<Vec<Value>, NoAnswer> {
        let mut path = format!("/payouts/list?promoter_id={}", encode(promoter));
        if page > 1 {
            path = format!("{path}&page={page}");
        }
        let reply = self.call("GET", &path).await?;
        let Reply::Answer { status: 200, body, .. } = &reply else {
            return Err(no_answer(&reply));
        };
        let list = match serde_json::from_slice(body).unwrap_or_default() {
            Value::Object(mut answer) => answer.remove("data").unwrap_or_default(),
            answer => answer,
        };
        match list {
            Value::Array(payouts) => Ok(payouts),
            _ => Err(not_now("an answer that is no list")),
        }
    }

    /// Marks a fulfilment as given.
    pub async fn complete(&self, id: &str) -> Change {
        let path = format!("/payouts/update?id={}&status=completed", encode(id));
        let reply = match self.call("PUT", &path).await {
            Ok(reply) => reply,
            Err(error) => return Change::NotYet(error),
        };
        match &reply {
            Reply::Answer { status: 200..=299, .. } => Change::Done,
            Reply::Answer { status: 404 | 409 | 422, .. } => Change::LookEach,
            Reply::Answer { status: 500..=599, .. } | Reply::Lost => Change::Unknown(reply.word()),
            _ => Change::NotYet(no_answer(&reply)),
        }
    }
}

fn no_answer(reply: &Reply) -> NoAnswer {
    NoAnswer {
        retry_after: reply.retry_after(),
        refused: matches!(reply, Reply::Answer { status: 401 | 403, .. }),
        word: reply.word(),
    }
}

fn not_now(word: &str) -> NoAnswer {
    NoAnswer { retry_after: None, refused: false, word: word.into() }
}

fn compare(payout: &Value, promoter: &str, terms: &Terms) -> Standing {
    let amount = Decimal::new(&text(payout.get("amount").unwrap_or(&Value::Null)));
    let unit = payout.get("unit").unwrap_or(&Value::Null).as_str().map(unit_name);
    let ours = terms.amount.as_deref();
    let theirs = [
        payout.get("promoter_id").unwrap_or(&Value::Null),
        payout.pointer("/promoter/id").unwrap_or(&Value::Null),
    ];
    let same_promoter = theirs.iter().any(|id| text(id) == promoter);
    if amount.as_ref().map(Decimal::as_str) != ours || unit != terms.unit || !same_promoter {
        return Standing::NotFound;
    }
    match payout.get("status").unwrap_or(&Value::Null).as_str() {
        Some("completed") => Standing::Fulfilled,
        Some("pending" | "processing") => Standing::Approved,
        Some("denied" | "rejected" | "cancelled" | "deleted") => Standing::Denied,
        _ => Standing::Unclear,
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
