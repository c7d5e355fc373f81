//! Builds the function binaries.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio::sync::OnceCell;

use crate::LocalError;

/// The folder cargo puts binaries of the running program's profile into.
pub(crate) fn own_folder() -> Option<PathBuf> {
    let exe = std::env::current_exe().ok()?;
    let folder = exe.parent()?;
    // Test binaries are one level down.
    let folder = if folder.ends_with("deps") { folder.parent()? } else { folder };
    Some(folder.to_path_buf())
}

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// Builds every binary of the workspace, by the profile given or else the one
/// of the running program, once per process, and returns their folder. Cargo's
/// progress goes to standard error.
///
/// # Errors
/// [`LocalError::Build`] when cargo cannot be run or the build fails.
pub async fn build_functions(profile: Option<&str>) -> Result<PathBuf, LocalError> {
    static BUILT: OnceCell<PathBuf> = OnceCell::const_new();
    let profile = profile.map(str::to_owned);
    let build = || async {
        let built = tokio::task::spawn_blocking(move || build(profile.as_deref())).await;
        built.map_err(|error| LocalError::Build(error.to_string()))?
    };
    BUILT.get_or_try_init(build).await.cloned()
}

fn build(profile: Option<&str>) -> Result<PathBuf, LocalError> {
    let problem = |text: &str| LocalError::Build(text.to_owned());
    let folder = own_folder().ok_or_else(|| problem("the running program has no folder"))?;
    let target =
        folder.parent().ok_or_else(|| problem("the running program has no target folder"))?;
    let own = folder.file_name().and_then(|name| name.to_str()).unwrap_or("debug");
    // Only the profile `dev` has a folder of another name.
    let profile = profile.unwrap_or(if own == "debug" { "dev" } else { own });
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What `cargo run` and `cargo test` tell their program about its package
    // would make build scripts that watch such variables run again.
    let told = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    };
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(told) {
            command.env_remove(name);
        }
    }
    let status = command
        .args(["build", "--workspace", "--bins", "--profile", profile, "--target-dir"])
        .arg(target)
        .current_dir(workspace())
        .stdin(Stdio::null())
        // Standard output is for what this program itself says.
        .stdout(Stdio::null())
        .status()
        .map_err(|error| LocalError::Build(format!("cargo: {error}")))?;
    if !status.success() {
        return Err(LocalError::Build(format!("cargo build: {status}")));
    }
    Ok(target.join(if profile == "dev" { "debug" } else { profile }))
}
