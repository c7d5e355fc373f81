//! Words for whoever waits for something that takes long.

use std::pin::pin;
use std::time::{Duration, Instant};

use crate::say::say;

/// What makes the first build longer than those after it.
pub(super) const FIRST_BUILD: &str = "the first time it takes some minutes";
/// The time after which something takes long.
pub(super) const LONG: Duration = Duration::from_secs(3);
/// The time between two words about it.
const PAUSE: Duration = Duration::from_secs(30);

/// Waits for something, and says so when it takes long: what it is, and why that may be.
pub(super) async fn for_it<T>(what: &str, why: &str, it: impl Future<Output = T>) -> T {
    let (began, mut it, mut pause) = (Instant::now(), pin!(it), LONG);
    loop {
        tokio::select! {
            biased;
            done = &mut it => return done,
            () = tokio::time::sleep(pause) => {
                say(&words(what, why, (pause == PAUSE).then(|| began.elapsed())));
                pause = PAUSE;
            }
        }
    }
}

/// The first words, or those after so long.
fn words(what: &str, why: &str, after: Option<Duration>) -> String {
    match after {
        None => format!("{what} … ({why})"),
        Some(after) => format!("still {what}, for {} s now", after.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_what_is_waited_for_and_for_how_long() {
        assert_eq!(
            words("building", "it is the first time", None),
            "building … (it is the first time)"
        );
        let later = words("building", "", Some(Duration::from_millis(33_100)));
        assert_eq!(later, "still building, for 33 s now");
    }

    #[tokio::test]
    async fn what_is_there_at_once_is_not_waited_for() {
        assert_eq!(for_it("building", "", std::future::ready(7)).await, 7);
    }
}
