//! A folder in which `cargo local` runs, as the operator's command finds it.

use std::path::{Path, PathBuf};

use local::Stack;
use local::cli::run_folder::RunFolder;
use local::cli::wiring::note;

use crate::scratch::Scratch;

/// A folder with what each running `cargo local` leaves there.
pub struct Workspace {
    runs: Vec<RunFolder>,
    folder: Scratch,
}

impl Workspace {
    /// The folder of a running stack, with the log so far.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        Self::of_all(&[stack])
    }

    /// The folder of stacks that run at the same time, each with its log so far.
    #[must_use]
    pub fn of_all(stacks: &[&Stack]) -> Self {
        let mut workspace = Self { runs: Vec::new(), folder: Scratch::new("workspace") };
        for stack in stacks {
            workspace.run(stack, None);
        }
        workspace
    }

    /// The folder of a running stack that was given its secrets in a file.
    #[must_use]
    pub fn with_secrets(stack: &Stack, file: &Path) -> Self {
        let mut workspace = Self::of_all(&[]);
        workspace.run(stack, Some(file));
        workspace
    }

    fn run(&mut self, stack: &Stack, secrets: Option<&Path>) {
        let port = stack.dynamodb.rsplit_once(':').unwrap().1.parse().unwrap();
        let run = RunFolder::take(&self.path().join(".local"), port).unwrap();
        note(&run, stack, &run.log(), None, secrets).unwrap();
        std::fs::write(run.log(), stack.logs().join("\n")).unwrap();
        self.runs.push(run);
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The logs of the runs, in their order.
    #[must_use]
    pub fn logs(&self) -> Vec<PathBuf> {
        self.runs.iter().map(RunFolder::log).collect()
    }

    /// Lets the runs be killed: what they left stays, and nobody holds it any more.
    ///
    /// # Panics
    /// When it is not there.
    pub fn kill(&mut self) {
        let left: Vec<_> = self.runs.iter().map(|run| run.path().join("wiring.json")).collect();
        let notes: Vec<_> = left.iter().map(|file| std::fs::read(file).unwrap()).collect();
        let locks: Vec<_> = self.runs.iter().map(|run| run.path().join("run.lock")).collect();
        self.runs.clear();
        // A process that is just being started holds it, too, until it runs its own program.
        for lock in locks {
            std::fs::File::open(lock).unwrap().lock().unwrap();
        }
        for (file, note) in left.iter().zip(notes) {
            std::fs::write(file, note).unwrap();
        }
    }
}
