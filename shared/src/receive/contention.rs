//! Repeated tries while others write to the same object.

use std::time::{Duration, Instant};

/// The time for all tries to write one event. A provider waits 15 s, of which an
/// answer may be held back for 8.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest pause before the second try. It doubles with each try.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Longest pause before any try.
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// The tries to write one event, so far.
pub(crate) struct Contention {
    started: Instant,
    tries: u32,
}

impl Contention {
    /// The state before the first try.
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), tries: 0 }
    }

    /// Pauses after a try that another writer got in the way of. `false` without a
    /// pause when that try was the last.
    pub(crate) async fn pause(&mut self) -> bool {
        let Some(pause) = pause_after(self.tries, self.started.elapsed(), fastrand::f64()) else {
            return false;
        };
        self.tries = self.tries.saturating_add(1);
        tokio::time::sleep(pause).await;
        true
    }
}

/// The pause after a failed try, with so many tries before it; `None` when it would
/// exceed the patience. `random`, from 0 up to 1, picks a part of the longest
/// pause, so that writers who met once do not meet again.
fn pause_after(tries: u32, spent: Duration, random: f64) -> Option<Duration> {
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tries));
    let pause = doubled.min(LONGEST_PAUSE).mul_f64(random.clamp(0.0, 1.0));
    (spent + pause <= PATIENCE).then_some(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_while_there_is_patience() {
        let ms = Duration::from_millis;
        for (tries, spent, random, pause) in [
            (0, 0, 1.0, Some(20)),
            (0, 0, 0.5, Some(10)),
            (0, 0, 0.0, Some(0)),
            (1, 0, 1.0, Some(40)),
            (4, 100, 1.0, Some(320)),
            (5, 100, 1.0, Some(320)),
            (u32::MAX, 100, 1.0, Some(320)),
            (9, 2680, 1.0, Some(320)),
            (9, 2681, 1.0, None),
            (9, 2990, 0.0, Some(0)),
            (9, 3001, 0.0, None),
        ] {
            let found = pause_after(tries, ms(spent), random);
            assert_eq!(found, pause.map(ms), "{tries} tries, {spent} ms, {random}");
        }
    }

    #[test]
    fn there_is_time_for_dozens_of_tries() {
        let mut spent = Duration::ZERO;
        let mut tries = 0;
        while let Some(pause) = pause_after(tries, spent, 0.5) {
            spent += pause;
            tries += 1;
        }
        assert!(tries >= 20, "{tries}");
    }
}
