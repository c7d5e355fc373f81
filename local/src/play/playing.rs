//! The run of all samples.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::error::{LocalError, SignError};
use crate::play::console::{Console, Sent, provider};
use crate::play::samples::{After, Samples};

/// The time without a new state after which promises are no longer waited for.
const SETTLE: Duration = Duration::from_secs(20);

/// Sends every sample and reports on each, then waits for the promises. `false`
/// when an answer was not the expected one or a promise did not end confirmed. A
/// sample that no secret signs is skipped.
///
/// Unless the console is verbose, a sample gets a line of its own only where
/// something is to be seen: it was refused, or not answered as expected, or it
/// made a promise.
///
/// With `early`, the first answer to a sample may already be the one expected of
/// its repetition, as a kept table may have recorded the delivery before.
pub(crate) async fn play(
    console: &mut Console<'_>,
    samples: &Samples,
    early: bool,
) -> Result<bool, LocalError> {
    let began = Instant::now();
    let mut score = Score::default();
    console.heading();
    for (index, expected) in samples.expected().iter().enumerate() {
        let (sample, answer) = (expected.sample.as_str(), expected.answer);
        if expected.after == Some(After::Settled) {
            console.settle(SETTLE).await?;
        }
        console.catch_up().await?;
        let request = match samples.request(sample, console.secrets.webhooks()) {
            Err(LocalError::Sign(SignError::NoSecret(provider))) => {
                console.report_skipped(sample, &provider);
                console.write_verdict(&json!({ "sample": sample, "skipped": "no secret" }));
                score.skipped += 1;
                continue;
            }
            request => request?,
        };
        score.turn_to(provider(&request), console);
        let sent = console.send(&request).await?;
        let mut later = samples.expected().iter().skip(index + 1);
        let status = sent.answer.status;
        let right = status == answer
            || early && later.any(|later| later.sample == sample && later.answer == status);
        score.count(right);
        console.write_verdict(&verdict_on(sample, answer, right, &sent));
        let mut recorded = match &sent.recorded {
            _ if !right => {
                let body = String::from_utf8_lossy(&sent.answer.body);
                format!("{}  {body}", sent.request.outcome_with_reason())
            }
            Some(recorded) => recorded.clone(),
            None => sent.request.outcome_with_reason(),
        };
        if console.verbose {
            let secret = sent.request.secret.as_ref();
            let secret = secret.map_or_else(String::new, |secret| format!(" · secret {secret}"));
            recorded = format!("{recorded}{secret} · {} ms", sent.ms);
        }
        if console.verbose || !right || status >= 300 || sent.promises {
            let verdict = if right { "ok".to_owned() } else { format!("NOT {answer}") };
            console.report(sent, sample, &verdict, &recorded);
        } else {
            console.pass_over(sent);
        }
    }
    score.turn_to("", console);
    console.settle(SETTLE).await?;
    console.tell_records().await?;
    let all = samples.expected().len();
    console.write_line(&score.summary(all, began.elapsed()));
    let right = console.sum_up() && score.wrong == 0;
    console.write_verdict(&json!({
        "right": right,
        "samples": all,
        "as_expected": score.as_expected(all),
        "skipped": score.skipped,
        "seconds": began.elapsed().as_secs_f64(),
    }));
    Ok(right)
}

/// The verdict on a sample: its answer, the one that was expected, and what the function
/// says of it.
fn verdict_on(sample: &str, expected: u16, right: bool, sent: &Sent) -> Value {
    json!({
        "sample": sample,
        "right": right,
        "answer": sent.answer.status,
        "expected": expected,
        "outcome": sent.request.outcome,
        "reason": sent.request.reason,
        "secret": sent.request.secret,
        "recorded": sent.recorded,
        "ms": sent.ms,
    })
}

/// The answers so far.
#[derive(Debug, Default)]
struct Score {
    wrong: usize,
    skipped: usize,
    /// The provider whose samples are being played.
    provider: String,
    /// How many of its samples were answered, and how many as expected.
    of_provider: (usize, usize),
}

impl Score {
    fn count(&mut self, right: bool) {
        self.wrong += usize::from(!right);
        self.of_provider.0 += 1;
        self.of_provider.1 += usize::from(right);
    }

    /// Turns to the samples of a provider, and reports on those of the last one.
    fn turn_to(&mut self, provider: &str, console: &mut Console<'_>) {
        if self.provider == provider {
            return;
        }
        let (answered, right) = std::mem::take(&mut self.of_provider);
        if answered > 0 && !console.verbose {
            let done = format!("{right} of {answered} as expected");
            console.report_progress(&self.provider, &done);
        }
        provider.clone_into(&mut self.provider);
    }

    /// How many of all samples were answered as expected.
    fn as_expected(&self, all: usize) -> usize {
        all.saturating_sub(self.wrong + self.skipped)
    }

    fn summary(&self, all: usize, took: Duration) -> String {
        let right = self.as_expected(all);
        let skipped = match self.skipped {
            0 => String::new(),
            skipped => format!(", {skipped} skipped"),
        };
        let seconds = took.as_secs_f64();
        format!("\n{all} samples, {right} answered as expected{skipped}, in {seconds:.1} s")
    }
}
