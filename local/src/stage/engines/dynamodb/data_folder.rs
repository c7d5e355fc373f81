//! The folder of the database. Its files hold personal data, so only their owner
//! can read them.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::LocalError;

/// The longest that a fork may take on a busy machine.
const FORK: Duration = Duration::from_secs(3);

/// A locked folder; a throw-away one is removed with its last user.
pub(super) struct DataFolder {
    path: PathBuf,
    keep: bool,
    _lock: File,
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        if !self.keep {
            // The system cleans its temporary files, should this fail.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

impl DataFolder {
    pub(super) fn open(data: Option<&Path>) -> Result<Self, LocalError> {
        let path = data.map_or_else(throw_away, Path::to_path_buf);
        create_folder(&path).map_err(|source| of_folder(&path, source))?;
        let lock = open_file(&path.join("lock")).map_err(|source| of_folder(&path, source))?;
        // A second engine on the same file would not see the changes of the first.
        if !locks(&lock) {
            return Err(LocalError::DataInUse(path));
        }
        Ok(Self { path, keep: data.is_some(), _lock: lock })
    }

    /// The database's file, created here because `SQLite` would let everybody read
    /// it. `SQLite` gives the files beside it the same mode.
    pub(super) fn database(&self) -> Result<PathBuf, LocalError> {
        let file = self.path.join("dynamodb.sqlite");
        open_file(&file).map_err(|source| of_folder(&self.path, source))?;
        Ok(file)
    }
}

/// Locks a file. A process that was forked while an earlier user had it locked keeps
/// that lock until it runs its own program: that may take a moment.
fn locks(file: &File) -> bool {
    let end = Instant::now() + FORK;
    while file.try_lock().is_err() {
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

fn of_folder(path: &Path, source: io::Error) -> LocalError {
    LocalError::Io { what: format!("data folder {}", path.display()), source }
}

/// Creates the folder. One that exists keeps its mode, as others may use it, too.
fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(path)
}

fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    options.mode(0o600);
    let file = options.open(path)?;
    // A file that exists has the mode it was made with.
    #[cfg(unix)]
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

pub(super) fn throw_away() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    std::env::temp_dir().join(format!("cargo-local-{}-{count}-{now}", std::process::id()))
}
