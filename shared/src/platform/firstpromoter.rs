//! FirstPromoter's API v2.

use serde_json::{Value, json};

use crate::fulfilment::{PlatformStatus, Policy, View, suspected, terms};
use crate::platform::http::Reply;
use crate::platform::{Connection, NoAnswer, WriteResult, credentials, encode, list, scalar};
use crate::provider::firstpromoter::REWARDS;
use crate::provider::status::is_withdrawn;
use crate::wire::{Timestamp, json as exact};
use crate::{ledger, provider};

/// Commissions asked for in one page.
const PER_PAGE: usize = 100;

/// A client of the API.
pub struct Api<'a> {
    /// Reaches it.
    pub connection: Connection<'a>,
    /// The key and the account; none when not configured.
    pub credentials: Option<&'a credentials::FirstPromoter>,
}

impl Api<'_> {
    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Result<Reply, NoAnswer> {
        let Some(credentials) = self.credentials else {
            return Err(NoAnswer::refused("no API key is configured"));
        };
        let authorization = format!("Bearer {}", credentials.api_key.expose());
        let headers = [
            ("authorization", authorization.as_str()),
            ("account-id", credentials.account_id.expose()),
            ("content-type", "application/json"),
        ];
        self.connection.call(method, path, &headers, body).await
    }

    /// How the platform sees these commissions, in their order.
    ///
    /// # Errors
    /// [`NoAnswer`].
    pub async fn views(&self, ids: &[&str], policy: &Policy) -> Result<Vec<View>, NoAnswer> {
        // Asked for the unfulfilled first: a platform that did not heed the
        // filter would show all as unfulfilled, and none is taken for fulfilled
        // that is not.
        let mut open = self.commissions(ids, "&filters[fulfilled]=no").await?;
        let lacking = |found: &[(String, exact::Json)]| -> Vec<&str> {
            let is_there = |id: &str| found.iter().any(|found| found.0 == id);
            ids.iter().copied().filter(|id| !is_there(id)).collect()
        };
        let mut fulfilled = Vec::new();
        let rest = lacking(&open);
        if !rest.is_empty() {
            fulfilled = self.commissions(&rest, "&filters[fulfilled]=yes").await?;
        }
        let both: Vec<_> = open.iter().chain(&fulfilled).cloned().collect();
        let rest = lacking(&both);
        if !rest.is_empty() {
            open.extend(self.commissions(&rest, "").await?);
        }
        let views = ids.iter().map(|id| {
            let is_it = |found: &&(String, exact::Json)| found.0 == *id;
            match open.iter().find(is_it) {
                Some((_, commission)) => view(commission, policy),
                None if fulfilled.iter().any(|found| is_it(&found)) => {
                    View::of(PlatformStatus::Fulfilled)
                }
                None => View::of(PlatformStatus::NotFound),
            }
        });
        Ok(views.collect())
    }

    async fn commissions(
        &self,
        ids: &[&str],
        filter: &str,
    ) -> Result<Vec<(String, exact::Json)>, NoAnswer> {
        let ids: Vec<String> = ids.iter().map(|id| format!("ids[]={}", encode(id))).collect();
        let path = format!("/commissions?{}&per_page={PER_PAGE}{filter}", ids.join("&"));
        let path = path.replace('[', "%5B").replace(']', "%5D");
        let reply = self.call("GET", &path, None).await?;
        let id_of = |item: &exact::Json| scalar(item.get("id")).map(str::to_owned);
        Ok(list(&reply)?.into_iter().filter_map(|item| Some((id_of(&item)?, item))).collect())
    }

    /// Asks to approve commissions.
    pub async fn approve(&self, ids: &[&str]) -> WriteResult {
        self.change("approve", ids).await
    }

    /// Marks rewards as given.
    pub async fn mark_fulfilled(&self, ids: &[&str]) -> WriteResult {
        self.change("mark_fulfilled", ids).await
    }

    /// Takes [`Api::mark_fulfilled`] back.
    pub async fn mark_unfulfilled(&self, ids: &[&str]) -> WriteResult {
        self.change("mark_unfulfilled", ids).await
    }

    async fn change(&self, action: &str, ids: &[&str]) -> WriteResult {
        // Ids are numbers with this provider, and sent as such.
        let ids: Vec<Value> = ids
            .iter()
            .map(|id| id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number)))
            .collect();
        let asked = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        let path = format!("/commissions/{action}");
        match self.call("POST", &path, Some(json!({ "ids": ids }))).await {
            Ok(reply) => changed(&reply, asked),
            Err(error) => WriteResult::NotYet(error),
        }
    }

    /// What became of a batch.
    pub async fn batch(&self, id: &str) -> WriteResult {
        match self.call("GET", &format!("/batch_processes/{}", encode(id)), None).await {
            Ok(reply @ Reply::Answer { status: 200 | 202, .. }) => match changed(&reply, 1) {
                // Others were in it, too: each as it stands.
                WriteResult::Done => WriteResult::CheckEach,
                other => other,
            },
            // A batch nobody knows any more: look at the rewards themselves.
            Ok(Reply::Answer { status: 404 | 422, .. }) => WriteResult::CheckEach,
            Ok(reply) => WriteResult::NotYet(NoAnswer::from(&reply)),
            Err(error) => WriteResult::NotYet(error),
        }
    }
}

/// Reads the answer to a change. A 200 can carry failures inside.
fn changed(reply: &Reply, asked: u64) -> WriteResult {
    let Reply::Answer { status, body, .. } = reply else {
        return match reply {
            Reply::NotSent => WriteResult::NotYet(reply.into()),
            _ => WriteResult::Unknown(reply.label()),
        };
    };
    let batch: Value = match serde_json::from_slice(body) {
        // It may have had its effect, whatever became of the answer.
        Err(_) if (200..=299).contains(status) => return WriteResult::Unknown(reply.label()),
        read => read.unwrap_or_default(),
    };
    let text = |name: &str| batch.get(name).and_then(Value::as_str);
    let number = |name: &str| batch.get(name).and_then(Value::as_u64);
    match (status, text("status")) {
        (200 | 202, Some("pending" | "in_progress")) | (202, None) => {
            let id = text("id").map(str::to_owned);
            let id = id.or_else(|| number("id").map(|id| id.to_string()));
            id.map_or(WriteResult::CheckEach, WriteResult::Accepted)
        }
        (200 | 202, Some("completed")) => {
            // An id that the batch did not select counts neither as processed nor as
            // failed.
            let all = number("processed_count").is_none_or(|processed| processed >= asked);
            let none_failed = all && number("failed_count") == Some(0);
            let errors = batch.get("processing_errors").and_then(Value::as_array);
            if none_failed && errors.is_none_or(Vec::is_empty) {
                WriteResult::Done
            } else {
                WriteResult::CheckEach
            }
        }
        (200..=299 | 404 | 409 | 422, _) => WriteResult::CheckEach,
        (500..=599, _) => WriteResult::Unknown(reply.label()),
        _ => WriteResult::NotYet(reply.into()),
    }
}

/// A row of the list. `status_updated_at` is the clock that counts beside the
/// events' `timestamp`.
fn view(commission: &exact::Json, policy: &Policy) -> View {
    let status = commission.get("status").and_then(exact::Json::as_str);
    let standing = match status.map(str::to_ascii_lowercase).as_deref() {
        Some("approved") => PlatformStatus::Approved,
        Some("pending") => PlatformStatus::Pending,
        Some(status) if is_withdrawn(status) => PlatformStatus::Denied,
        Some(_) => PlatformStatus::Unclear,
        None => PlatformStatus::NotFound,
    };
    let time = |name: &str| {
        let text = commission.get(name).and_then(exact::Json::as_str);
        text.and_then(Timestamp::read)
    };
    // What cannot be read of it is not known.
    let facts = provider::firstpromoter::facts_of_commission(commission).unwrap_or_default();
    let record = ledger::Record::of_facts(facts);
    let campaign = record.text("campaign_id");
    View {
        standing,
        since: time("status_updated_at"),
        created_at: time("created_at"),
        suspected: suspected(&record),
        terms: terms(policy, &REWARDS, &record, campaign, None),
        campaign_id: campaign.map(str::to_owned),
    }
}
