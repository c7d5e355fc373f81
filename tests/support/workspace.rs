//! A folder in which `cargo local` runs, as the operator's command finds it.

use std::path::Path;

use local::Stack;
use local::cli::wiring::note;

use crate::scratch::Scratch;

/// A folder with what `cargo local` leaves there.
pub struct Workspace(Scratch);

impl Workspace {
    /// The folder of a running stack, with the log so far.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let folder = Scratch::new("workspace");
        let own = folder.path().join(".local");
        let log = own.join("functions.log");
        note(&own, stack, &log, None).unwrap();
        std::fs::write(log, stack.logs().join("\n")).unwrap();
        Self(folder)
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
