//! What the pages show, from what the commands read.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use page::Frame;
use ring::rand::{SecureRandom, SystemRandom};
use shared::wire::Timestamp;

use crate::OpsError;
use crate::target::TargetArgs;

/// The length of keys, tokens and nonces in bytes.
const RANDOM: usize = 16;
/// The rights of a file that a page is written to: whoever may read it, may read what
/// somebody was given.
const MODE: u32 = 0o600;

/// So much that nobody guesses it, in hexadecimal.
///
/// # Errors
/// [`OpsError::Failed`] when the system gives no random numbers.
pub(crate) fn random() -> Result<String, OpsError> {
    let mut bytes = [0; RANDOM];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| OpsError::Failed("the system gives no random numbers".into()))?;
    Ok(hex::encode(bytes))
}

/// The frame of a page that is made now.
///
/// # Errors
/// [`OpsError::Failed`] when the system gives no random numbers.
pub(crate) fn frame(target: &TargetArgs, served: bool) -> Result<Frame, OpsError> {
    let place = match target.stack_name() {
        Some(stack) => format!("Stack {stack}"),
        None => "cargo local".to_owned(),
    };
    Ok(Frame { nonce: random()?, at: Timestamp::now(), served, place })
}

/// Writes a page into a file that only its owner may read, and says so. What is no file,
/// such as a pipe, keeps its rights.
///
/// # Errors
/// [`OpsError::Failed`] when it cannot be written.
pub(crate) fn write(path: &Path, page: &str) -> Result<String, OpsError> {
    let shown = path.display();
    let write = || {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(path)?;
        let is_file = file.metadata()?.is_file();
        if is_file {
            // It may have been there before, and others may have been allowed to read it.
            file.set_permissions(std::fs::Permissions::from_mode(MODE))?;
        }
        file.write_all(page.as_bytes())?;
        Ok(is_file)
    };
    let written: std::io::Result<bool> = write();
    match written {
        Ok(true) => Ok(format!("written: {shown}, which only you may read")),
        Ok(false) => Ok(format!("written: {shown}")),
        Err(error) => Err(OpsError::Failed(format!("{shown}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_for_its_owner_alone_even_where_a_file_was_before() {
        let path = std::env::temp_dir().join(format!("page-{}.html", random().unwrap()));
        std::fs::write(&path, "what was there before, and longer").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, "a page").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a page");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(write(&path.join("x"), ""), Err(OpsError::Failed(_))));
    }

    #[test]
    fn what_is_no_file_keeps_its_rights() {
        let path = std::env::temp_dir().join(format!("page-{}.pipe", random().unwrap()));
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let reader = std::thread::spawn({
            let path = path.clone();
            move || std::fs::read_to_string(path).unwrap()
        });
        assert_eq!(write(&path, "a page").unwrap(), format!("written: {}", path.display()));
        assert_eq!(reader.join().unwrap(), "a page");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        std::fs::remove_file(&path).unwrap();
    }
}
