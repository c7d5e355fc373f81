//! The folder that each run of `cargo local` has to itself: the log of its functions, and
//! how it is wired. Two of one clone never write into the same.
//!
//! A run holds a lock in its folder for as long as it lives, which the system gives up for
//! one that is killed. So what a run that is over left is told apart by nothing else, and
//! goes when the next one starts.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::LocalError;

/// The port of DynamoDB that the usual run takes.
pub(super) const USUAL_PORT: u16 = 8000;
/// The folder in the clone for what runs leave.
pub(super) const LOCAL: &str = ".local";
/// The file in which a run says how it is wired.
pub(super) const NOTE: &str = "wiring.json";
/// The name of the log of the functions.
const LOG: &str = "functions.log";
/// The file that a run holds locked.
const LOCK: &str = "run.lock";
/// The file that is locked, among the folders of a clone, by whoever looks at their locks.
const LOOKING: &str = "looking.lock";
/// The beginning of the folders of runs that take any free port.
const FREE: &str = "free-";

/// The folder of a run that lives.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: File,
}

/// What a run that lives says of itself.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Running {
    /// The address that takes webhooks.
    pub(super) http: String,
    /// The endpoint of its DynamoDB.
    pub(super) dynamodb: String,
    /// The file of what its functions print.
    pub(super) log: PathBuf,
    /// The file of the secrets that it was given, if any.
    #[serde(default)]
    pub(super) secrets: Option<PathBuf>,
}

impl RunFolder {
    /// Takes the folder of a run whose DynamoDB is to have a port, 0 for any free one,
    /// within a clone's `.local`, and removes what runs that are over left there.
    ///
    /// # Errors
    /// [`LocalError::RunInUse`] when another run has it, [`LocalError::Io`] when it cannot
    /// be written.
    pub fn take(root: &Path, port: u16) -> Result<Self, LocalError> {
        let path = of_port(root, port)
            .unwrap_or_else(|| root.join(format!("{FREE}{}", std::process::id())));
        let io = |source| LocalError::Io { what: path.display().to_string(), source };
        fs::create_dir_all(root).map_err(io)?;
        let looking = written(&root.join(LOOKING)).map_err(io)?;
        looking.lock().map_err(io)?;
        // One that stays is of no run all the same, and tried again by the next.
        drop(clean(root));
        fs::create_dir_all(&path).map_err(io)?;
        let lock = written(&path.join(LOCK)).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(LocalError::RunInUse(path)),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file for what its functions print.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.path.join(LOG)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // One that stays is told apart by its lock, which nobody holds then.
        drop(fs::remove_file(self.path.join(NOTE)));
    }
}

/// The folder of the run whose DynamoDB has a port: that of the usual one is the clone's
/// `.local` itself. `None` for a port that is not known before.
fn of_port(root: &Path, port: u16) -> Option<PathBuf> {
    match port {
        0 => None,
        USUAL_PORT => Some(root.to_path_buf()),
        other => Some(root.join(other.to_string())),
    }
}

/// The log that the last run of a port left, or that of the usual one.
pub(super) fn last_log(root: &Path, port: Option<u16>) -> PathBuf {
    of_port(root, port.unwrap_or(USUAL_PORT)).unwrap_or_else(|| root.to_path_buf()).join(LOG)
}

/// What the runs of a clone that live say of themselves, by its `.local`.
pub(super) fn running(root: &Path) -> Vec<Running> {
    // Without this file none has started here.
    let Ok(looking) = File::open(root.join(LOOKING)) else { return Vec::new() };
    if looking.lock_shared().is_err() {
        return Vec::new();
    }
    let own = own_folders(root).into_iter().chain([root.to_path_buf()]);
    let said = own
        .filter(|folder| is_held(folder))
        .filter_map(|folder| serde_json::from_slice(&fs::read(folder.join(NOTE)).ok()?).ok());
    said.collect()
}

/// The port of an address.
pub(super) fn port_of(url: &str) -> Option<u16> {
    url.rsplit_once(':')?.1.trim_end_matches('/').parse().ok()
}

/// Opens a file to lock, which is made where there is none.
fn written(file: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(file)
}

/// The folders of runs that are not the usual one.
fn own_folders(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().filter_map(Result::ok);
    let is_own = |name: &str| {
        let number = name.strip_prefix(FREE).unwrap_or(name);
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let own = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_own));
    own.map(|entry| entry.path()).filter(|path| path.join(LOCK).is_file()).collect()
}

/// True while a run holds the lock of a folder.
fn is_held(folder: &Path) -> bool {
    let tried = File::open(folder.join(LOCK)).map(|lock| lock.try_lock_shared());
    matches!(tried, Ok(Err(TryLockError::WouldBlock)))
}

/// Removes what runs left that are over: folders of their own, and of the usual one what
/// it says of itself. Its log stays to be read.
fn clean(root: &Path) -> io::Result<()> {
    for folder in own_folders(root).into_iter().filter(|folder| !is_held(folder)) {
        for file in [NOTE, LOG, LOCK] {
            drop(fs::remove_file(folder.join(file)));
        }
        // It stays if somebody keeps something else there.
        drop(fs::remove_dir(folder));
    }
    if is_held(root) { Ok(()) } else { fs::remove_file(root.join(NOTE)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of the test's own, which is not there yet.
    fn root(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("runs-{}-{name}", std::process::id()));
        // What an earlier process of that id left behind.
        drop(fs::remove_dir_all(&root));
        root
    }

    fn names(root: &Path) -> Vec<String> {
        let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    /// What a run says of itself, which has that port.
    fn says(folder: &RunFolder, port: u16) {
        let note = serde_json::json!({
            "http": "http://127.0.0.1:1",
            "dynamodb": format!("http://127.0.0.1:{port}"),
            "log": folder.log(),
        });
        fs::write(folder.path().join(NOTE), note.to_string()).unwrap();
        fs::write(folder.log(), port.to_string()).unwrap();
    }

    #[test]
    fn each_run_has_its_own_and_nobody_takes_that_of_one_that_lives() {
        let root = root("own");
        let usual = RunFolder::take(&root, USUAL_PORT).unwrap();
        let other = RunFolder::take(&root, 8200).unwrap();
        let free = RunFolder::take(&root, 0).unwrap();
        assert_eq!(usual.log(), root.join("functions.log"));
        assert_eq!(other.log(), root.join("8200/functions.log"));
        for (folder, port) in [(&usual, USUAL_PORT), (&other, 8200), (&free, 41_234)] {
            says(folder, port);
        }
        for port in [USUAL_PORT, 8200] {
            let taken = RunFolder::take(&root, port);
            assert!(matches!(taken, Err(LocalError::RunInUse(_))), "{taken:?}");
        }
        let mut ports: Vec<_> = running(&root).iter().map(|run| port_of(&run.dynamodb)).collect();
        ports.sort_unstable();
        assert_eq!(ports, [Some(USUAL_PORT), Some(8200), Some(41_234)]);
        let logs = [&usual, &other, &free].map(|run| fs::read_to_string(run.log()).unwrap());
        assert_eq!(logs, ["8000", "8200", "41234"]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_runs_that_are_over_left_goes_when_the_next_starts() {
        let root = root("over");
        let dead = [USUAL_PORT, 8200, 8300, 0].map(|port| RunFolder::take(&root, port).unwrap());
        let paths = dead.each_ref().map(|folder| folder.path().to_owned());
        for folder in dead {
            // As after a kill: the lock is given up, and nothing else done.
            let path = folder.path().to_owned();
            says(&folder, 1);
            let note = fs::read(path.join(NOTE)).unwrap();
            drop(folder);
            fs::write(path.join(NOTE), note).unwrap();
        }
        // A process that another test starts holds it, too, until it runs its own program.
        while paths.iter().any(|path| is_held(path)) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        fs::write(root.join("8300/mine"), "").unwrap();
        fs::create_dir_all(root.join("8400")).unwrap();
        assert_eq!(running(&root), []);
        let next = RunFolder::take(&root, 8500).unwrap();
        // Of the usual one the log stays, of the others what is nobody's.
        let expected = ["8300", "8400", "8500", "functions.log", "looking.lock", "run.lock"];
        assert_eq!(names(&root), expected);
        assert_eq!(names(&root.join("8300")), ["mine"]);
        says(&next, 8500);
        drop(next);
        assert_eq!(names(&root.join("8500")), ["functions.log", "run.lock"]);
        fs::remove_dir_all(root).unwrap();
    }
}
