//! Tries whether a reward endpoint does what docs/rewards.md demands.

mod judge;
mod sign;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use crate::error::LocalError;
use crate::play::edit::Edit;
use crate::play::samples::now;
use crate::stage::client::Anywhere;
pub(crate) use judge::{Case, Verdict};
use judge::{Reply, Seen, given, given_late, judge};
pub(crate) use sign::Key;

/// The age of a time-stamp that is too old: the double of what the libraries of Standard
/// Webhooks let pass.
const OLD_SECONDS: u64 = 600;
/// The number of different rewards of one check.
pub(crate) const REWARDS: u64 = 10;
/// A key that nobody has.
const FOREIGN: &[u8] = b"a key that is none of the endpoint's";

/// A check of one endpoint.
pub(crate) struct Check {
    /// Its URL.
    pub(crate) url: String,
    /// The keys by which calls are signed, each of them.
    pub(crate) keys: Vec<Key>,
    /// The number of the first reward; the others follow.
    pub(crate) first: u64,
    /// Changes to the body of every call.
    pub(crate) edits: Vec<Edit>,
    /// The time that a call may take.
    pub(crate) limit: Duration,
    /// A command of the shell that prints how often the reward of `$KEY` was given.
    pub(crate) count: Option<String>,
    /// The HTTP client.
    pub(crate) client: Anywhere,
}

/// A call and what is special about it.
struct Call<'k> {
    number: u64,
    reversal: bool,
    age: u64,
    keys: &'k [Key],
    unknown: bool,
}

/// The replies so far, and the time that the slowest took.
#[derive(Default)]
struct Calls {
    slowest: Duration,
}

impl Check {
    /// Tries every case, and gives the verdict on each as soon as it is there.
    ///
    /// # Errors
    /// [`LocalError::NotConnected`] when nobody listens there, and others when the body
    /// cannot be changed so or the command that counts fails.
    pub(crate) async fn run(
        &self,
        mut report: impl FnMut(Case, &Verdict),
    ) -> Result<(), LocalError> {
        let mut calls = Calls::default();
        let foreign = [Key::of(FOREIGN)];
        let mut tell = |case: Case, replies: Vec<Reply>, given: Option<u64>, slowest: Duration| {
            report(case, &judge(case, &Seen { replies, given, slowest, limit: self.limit }));
        };

        let first = self.grant(0);
        let right = calls.make(self, &first).await?;
        let count = self.given(0, given(&[right])).await?;
        tell(Case::Right, vec![right], count, calls.slowest);
        let both = [right, calls.make(self, &first).await?];
        let count = self.given(0, given(&both)).await?;
        tell(Case::Again, both.to_vec(), count, calls.slowest);
        let reversal = calls.make(self, &Call { reversal: true, ..self.grant(0) }).await?;
        tell(Case::TakenBack, vec![reversal], None, calls.slowest);

        let forged = calls.make(self, &Call { keys: &foreign, ..self.grant(1) }).await?;
        let count = self.given(1, given(&[forged])).await?;
        tell(Case::WrongSignature, vec![forged], count, calls.slowest);
        let old = calls.make(self, &Call { age: OLD_SECONDS, ..self.grant(2) }).await?;
        let count = self.given(2, given(&[old])).await?;
        tell(Case::OldTime, vec![old], count, calls.slowest);

        let twice = self.grant(3);
        let (mut one, mut two) = (Calls::default(), Calls::default());
        let (a, b) = tokio::join!(one.make(self, &twice), two.make(self, &twice));
        let three = [a?, b?, calls.make(self, &twice).await?];
        calls.slowest = calls.slowest.max(one.slowest).max(two.slowest);
        let count = self.given(3, given(&three)).await?;
        tell(Case::TwiceAtOnce, three.to_vec(), count, calls.slowest);

        let reversal = calls.make(self, &Call { reversal: true, ..self.grant(4) }).await?;
        let late = calls.make(self, &self.grant(4)).await?;
        let count = self.given(4, given_late(late)).await?;
        tell(Case::ReversalFirst, vec![reversal, late], count, calls.slowest);

        let unknown = calls.make(self, &Call { unknown: true, ..self.grant(5) }).await?;
        let count = self.given(5, given(&[unknown])).await?;
        tell(Case::UnknownField, vec![unknown], count, calls.slowest);
        tell(Case::Slow, Vec::new(), None, calls.slowest);
        Ok(())
    }

    fn grant(&self, number: u64) -> Call<'_> {
        Call { number, reversal: false, age: 0, keys: &self.keys, unknown: false }
    }

    fn key(&self, number: u64) -> String {
        format!("firstpromoter:{}:1", self.first + number)
    }

    /// How often a reward was given: by the command, or else by the answers.
    async fn given(&self, number: u64, answers: Option<u64>) -> Result<Option<u64>, LocalError> {
        let Some(count) = &self.count else { return Ok(answers) };
        let failed = |problem: String| LocalError::Content { file: "--count".to_owned(), problem };
        let mut command = Command::new("sh");
        command.args(["-c", count]).env("KEY", self.key(number)).kill_on_drop(true);
        let counted = command.output().await.map_err(|error| failed(error.to_string()))?;
        let number = String::from_utf8_lossy(&counted.stdout).trim().parse().ok();
        let number = number.filter(|_| counted.status.success());
        number.map(Some).ok_or_else(|| failed(format!("prints no number ({})", counted.status)))
    }

    /// The body of a call, of the form of docs/reward.schema.json.
    fn body(&self, call: &Call<'_>) -> Result<String, LocalError> {
        let id = (self.first + call.number).to_string();
        let mut body = json!({
            "type": if call.reversal { "reward.reversed" } else { "reward.granted" },
            "timestamp": "2026-11-20T10:31:07.000Z",
            "data": {
                "key": self.key(call.number),
                "epoch": 1,
                "provider": "firstpromoter",
                "commission_id": id,
                "campaign_id": "17476",
                "affiliate_id": "660412",
                "customer_id": "9043377",
                "recipient": {
                    "role": "promoter",
                    "id": "660412",
                    "reference": null,
                    "email": "check-endpoint@example.com",
                },
                "amount": "5",
                "unit": "points",
            },
        });
        for edit in &self.edits {
            edit.apply(&mut body).map_err(|problem| LocalError::Edit {
                sample: "the reward".to_owned(),
                problem: problem.to_string(),
            })?;
        }
        if call.unknown {
            for pointer in ["", "/data", "/data/recipient"] {
                if let Some(Value::Object(members)) = body.pointer_mut(pointer) {
                    members.insert("added_later".to_owned(), json!({ "by": [1, null] }));
                }
            }
        }
        Ok(body.to_string())
    }
}

impl Calls {
    /// Makes a call, and notes how long it took.
    async fn make(&mut self, check: &Check, call: &Call<'_>) -> Result<Reply, LocalError> {
        let body = check.body(call)?;
        let id =
            format!("{}{}", check.key(call.number), if call.reversal { ":reverse" } else { "" });
        let time = now().saturating_sub(call.age).to_string();
        let signatures = call.keys.iter().map(|key| key.sign(&id, &time, body.as_bytes()));
        let signatures = signatures.collect::<Vec<_>>().join(" ");
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", id.as_str()),
            ("webhook-timestamp", time.as_str()),
            ("webhook-signature", signatures.as_str()),
        ];
        let began = Instant::now();
        let answer = timeout(check.limit, check.client.call("POST", &check.url, headers, body));
        let answer = answer.await;
        self.slowest = self.slowest.max(began.elapsed());
        Ok(match answer {
            Err(_) => Reply::TooLate,
            Ok(Ok(answer)) => {
                let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let granted = body.get("granted").and_then(Value::as_bool);
                Reply::Answer { status: answer.status, granted }
            }
            Ok(Err(error @ LocalError::NotConnected(_))) => return Err(error),
            Ok(Err(_)) => Reply::HungUp,
        })
    }
}
