//! The run of all samples.

use std::time::{Duration, Instant};

use crate::error::{LocalError, SignError};
use crate::play::console::Console;
use crate::play::samples::{After, Samples};

/// The time without a new state after which promises are no longer waited for.
const SETTLE: Duration = Duration::from_secs(20);

/// Sends every sample and reports on each, then waits for the promises. `false`
/// when an answer was not the expected one or a promise did not end confirmed. A
/// sample that no secret signs is skipped.
///
/// With `early`, the first answer to a sample may already be the one expected of
/// its repetition, as a kept table may have recorded the delivery before.
pub(crate) async fn play(
    console: &mut Console<'_>,
    samples: &Samples,
    early: bool,
) -> Result<bool, LocalError> {
    let began = Instant::now();
    let (mut wrong, mut skipped) = (0, 0);
    let mut played = Vec::new();
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
                skipped += 1;
                continue;
            }
            request => request?,
        };
        let sent = console.send(&request).await?;
        let mut later = samples.expected().iter().skip(index + 1);
        let status = sent.answer.status;
        let right = status == answer
            || early && later.any(|later| later.sample == sample && later.answer == status);
        wrong += usize::from(!right);
        let recorded = match &sent.recorded {
            _ if !right => String::from_utf8_lossy(&sent.answer.body).into_owned(),
            Some(recorded) => recorded.clone(),
            None if played.contains(&sample) => "duplicate".to_owned(),
            None => "nothing new".to_owned(),
        };
        played.push(sample);
        let verdict = if right { "ok".to_owned() } else { format!("NOT {answer}") };
        console.report(sent, sample, &verdict, &recorded);
    }
    console.settle(SETTLE).await?;
    let all = samples.expected().len();
    let (right, seconds) = (all - wrong - skipped, began.elapsed().as_secs_f64());
    let skipped = match skipped {
        0 => String::new(),
        skipped => format!(", {skipped} skipped"),
    };
    console.write_line(&format!(
        "\n{all} samples, {right} answered as expected{skipped}, in {seconds:.1} s"
    ));
    Ok(console.sum_up() && wrong == 0)
}
