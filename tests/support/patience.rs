//! Waiting for progress, not for time: a machine may be slow.

use std::collections::HashSet;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// The time without anything new after which a wait has failed. Far more than any
/// single step takes on a machine that three others share.
pub(crate) const QUIET: Duration = Duration::from_mins(2);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(25);

/// Ends a wait only when nothing was seen for a long while that had not been
/// seen before. So a slow machine never fails a test, and what goes round in
/// circles does.
pub struct Patience<T> {
    seen: HashSet<T>,
    since: Instant,
}

impl<T: Eq + Hash> Patience<T> {
    /// Begins to wait.
    #[must_use]
    pub fn new() -> Self {
        Self { seen: HashSet::new(), since: Instant::now() }
    }

    /// Pauses before the next look. `seen` is what the last one saw, `what` says
    /// the same in words, for when nothing comes of it any more.
    pub async fn wait(&mut self, seen: impl IntoIterator<Item = T>, what: impl FnOnce() -> String) {
        for seen in seen {
            if self.seen.insert(seen) {
                self.since = Instant::now();
            }
        }
        assert!(self.since.elapsed() < QUIET, "nothing new in {QUIET:?}: {}", what());
        tokio::time::sleep(LOOK).await;
    }
}

impl<T: Eq + Hash> Default for Patience<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Looks until there is something, of which nothing can be seen before.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut patience = Patience::<()>::new();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        patience.wait([], || what.to_owned()).await;
    }
}
