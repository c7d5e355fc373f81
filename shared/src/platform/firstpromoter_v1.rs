//! FirstPromoter's API v1. Parameters go in the query, not in a body.

use lambda_http::http::Request;
use serde_json::Value;

use crate::credentials;
use crate::fulfilment::Terms;
use crate::http::{Http, Reply};
use crate::platform::firstpromoter::encode;
use crate::platform::{Change, NoAnswer, Pacer, Standing};
use crate::provider::firstpromoter::unit_name;
use crate::wire::Decimal;

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
}

impl Api<'_> {
    async fn call(&self, method: &str, path: &str) -> Result<Reply, NoAnswer> {
        let refused = |word: &str| NoAnswer {
            retry_after: None,
            refused: true,
            word: word.into(),
        };
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
    pub async fn standing(&self, id: &str, terms: &Terms) -> Result<Standing, NoAnswer> {
        let promoter = terms
            .recipient
            .as_ref()
            .and_then(|recipient| recipient.id.as_deref());
        let promoter = promoter.unwrap_or_default();
        let path = format!("/payouts/list?promoter_id={}", encode(promoter));
        let reply = self.call("GET", &path).await?;
        let Reply::Answer {
            status: 200, body, ..
        } = &reply
        else {
            return Err(no_answer(&reply));
        };
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let list = answer.as_array().or_else(|| answer.get("data")?.as_array());
        let payout = list
            .into_iter()
            .flatten()
            .find(|payout| text(payout.get("id").unwrap_or(&Value::Null)) == id);
        Ok(payout.map_or(Standing::NotFound, |payout| {
            compare(payout, promoter, terms)
        }))
    }

    /// Marks a fulfilment as given.
    pub async fn complete(&self, id: &str) -> Change {
        let path = format!("/payouts/update?id={}&status=completed", encode(id));
        let reply = match self.call("PUT", &path).await {
            Ok(reply) => reply,
            Err(error) => return Change::NotYet(error),
        };
        match &reply {
            Reply::Answer {
                status: 200..=299, ..
            } => Change::Done,
            Reply::Answer {
                status: 404 | 409 | 422,
                ..
            } => Change::LookEach,
            Reply::Answer {
                status: 500..=599, ..
            }
            | Reply::Lost => Change::Unknown(reply.word()),
            _ => Change::NotYet(no_answer(&reply)),
        }
    }
}

fn no_answer(reply: &Reply) -> NoAnswer {
    NoAnswer {
        retry_after: reply.retry_after(),
        refused: matches!(
            reply,
            Reply::Answer {
                status: 401 | 403,
                ..
            }
        ),
        word: reply.word(),
    }
}

fn compare(payout: &Value, promoter: &str, terms: &Terms) -> Standing {
    let amount = Decimal::new(&text(payout.get("amount").unwrap_or(&Value::Null)));
    let unit = payout
        .get("unit")
        .unwrap_or(&Value::Null)
        .as_str()
        .map(unit_name);
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
        Some("pending" | "processing") => Standing::Approved {
            terms: Terms::default(),
            campaign_id: None,
        },
        _ => Standing::NotApproved,
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
