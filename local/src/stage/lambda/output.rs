//! The output of functions, line by line.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::{mpsc, oneshot};

use crate::error::LocalError;

/// The place for the standard output and standard error of functions.
#[derive(Debug, Clone, Default)]
pub enum Logs {
    /// Memory, for [`Stack::logs`](crate::Stack::logs).
    #[default]
    Capture,
    /// This process's standard error.
    Inherit,
    /// A file that is written anew, and by no other stack at the same time; its folder is
    /// created.
    File(PathBuf),
}

/// An open [`Logs`].
#[derive(Debug)]
pub(super) enum Output {
    Memory(Mutex<Vec<String>>),
    Stderr,
    File(Mutex<File>),
}

impl Output {
    pub(super) fn open(logs: &Logs) -> Result<Self, LocalError> {
        Ok(match logs {
            Logs::Capture => Self::Memory(Mutex::default()),
            Logs::Inherit => Self::Stderr,
            Logs::File(path) => {
                let io = |source| LocalError::Io {
                    what: format!("log file {}", path.display()),
                    source,
                };
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(io)?;
                }
                let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
                let file = file.map_err(io)?;
                // A device, such as /dev/null, takes the lines of all. And where a lock keeps
                // readers out, too, there is none.
                if cfg!(unix) && file.metadata().map_err(io)?.is_file() {
                    match file.try_lock() {
                        Ok(()) => file.set_len(0).map_err(io)?,
                        Err(TryLockError::WouldBlock) => {
                            return Err(LocalError::LogInUse(path.clone()));
                        }
                        Err(TryLockError::Error(source)) => return Err(io(source)),
                    }
                }
                Self::File(Mutex::new(file))
            }
        })
    }

    fn line(&self, line: &str) {
        // A log that cannot be written must not stop what it reports about.
        let _ = match self {
            Self::Memory(lines) => {
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
                Ok(())
            }
            Self::Stderr => writeln!(io::stderr().lock(), "{line}"),
            Self::File(file) => {
                writeln!(file.lock().unwrap_or_else(PoisonError::into_inner), "{line}")
            }
        };
    }

    /// Passes on every line of `stream` until it ends, and answers each of `questions`
    /// with the lines since the last one: what was written before an answer of the
    /// process was seen is among them, as readable data is taken first.
    pub(super) async fn follow(
        &self,
        stream: impl AsyncRead + Unpin,
        mut questions: mpsc::Receiver<oneshot::Sender<Vec<String>>>,
    ) {
        let mut reader = BufReader::new(stream);
        let (mut bytes, mut lines, mut asked) = (Vec::new(), Vec::new(), true);
        loop {
            let read = tokio::select! {
                biased;
                // What is read when a question comes in between stays in `bytes`.
                read = reader.read_until(b'\n', &mut bytes) => read,
                question = questions.recv(), if asked => {
                    asked = question.is_some();
                    // Who asked may have gone.
                    let _ = question.map(|question| question.send(std::mem::take(&mut lines)));
                    continue;
                }
            };
            let ended = !read.is_ok_and(|read| read > 0);
            if !bytes.is_empty() {
                let line = String::from_utf8_lossy(&bytes);
                let line = line.trim_end_matches(['\r', '\n']);
                self.line(line);
                if asked {
                    lines.push(line.to_owned());
                }
                bytes.clear();
            }
            if ended {
                return;
            }
        }
    }

    /// A copy of the lines kept in memory.
    pub(super) fn lines(&self) -> Vec<String> {
        match self {
            Self::Memory(lines) => lines.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Self::Stderr | Self::File(_) => Vec::new(),
        }
    }
}
