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

/// Writes a page into a file that only its owner may read, and says so.
///
/// # Errors
/// [`OpsError::Failed`] when it cannot be written.
pub(crate) fn write(path: &Path, page: &str) -> Result<String, OpsError> {
    let shown = path.display();
    let write = || {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(path)?;
        // It may have been there before, and others may have been allowed to read it.
        file.set_permissions(std::fs::Permissions::from_mode(MODE))?;
        file.write_all(page.as_bytes())
    };
    write().map_err(|error: std::io::Error| OpsError::Failed(format!("{shown}: {error}")))?;
    Ok(format!("written: {shown}, which only you may read"))
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
}
