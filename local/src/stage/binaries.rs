//! The function binaries, which cargo builds.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tokio::sync::Mutex;

use crate::error::LocalError;

/// The folder cargo puts binaries of the running program's profile into.
pub(crate) fn own_folder() -> Option<PathBuf> {
    let exe = env::current_exe().ok()?;
    let folder = exe.parent()?;
    // Test binaries are one level down.
    let folder = if folder.ends_with("deps") { folder.parent()? } else { folder };
    Some(folder.to_path_buf())
}

/// The variable in which cargo names the folder of the package that it runs.
const PACKAGE: &str = "CARGO_MANIFEST_DIR";
/// Files that only the root of the workspace has beside each other.
const ROOT: [&str; 2] = ["Cargo.toml", "template.yaml"];

/// The root of the workspace, found when it is asked for: two clones may share a
/// target folder, and then a program that was built in one runs in the other. Cargo
/// knows best which one it runs; without cargo it is the folder that the program was
/// started in, or one above it.
///
/// # Errors
/// [`LocalError::NoWorkspace`] when neither is in a workspace.
pub(crate) fn workspace() -> Result<PathBuf, LocalError> {
    let package = env::var_os(PACKAGE).map(PathBuf::from);
    let started_in = env::current_dir().ok();
    let mut places = package.into_iter().chain(started_in.clone());
    places
        .find_map(|place| root_above(&place).map(Path::to_path_buf))
        .ok_or_else(|| LocalError::NoWorkspace(started_in.unwrap_or_default()))
}

/// The root of the workspace that a folder is in.
fn root_above(folder: &Path) -> Option<&Path> {
    let is_root = |folder: &&Path| ROOT.iter().all(|file| folder.join(file).is_file());
    folder.ancestors().find(is_root)
}

/// Builds binaries once per process and profile, and returns their folder: by
/// the profile of the running program every binary of the workspace, by another
/// one the functions alone, as they are shipped. Cargo's progress goes to
/// standard error.
///
/// # Errors
/// [`LocalError::Build`] when cargo cannot be run or the build fails.
pub async fn build_functions(profile: Option<&str>) -> Result<PathBuf, LocalError> {
    static BUILT: Mutex<BTreeMap<Option<String>, PathBuf>> = Mutex::const_new(BTreeMap::new());
    let mut built = BUILT.lock().await;
    let profile = profile.map(str::to_owned);
    if let Some(folder) = built.get(&profile) {
        return Ok(folder.clone());
    }
    let wanted = profile.clone();
    let building = tokio::task::spawn_blocking(move || build(wanted.as_deref()));
    let folder = building.await.map_err(|error| LocalError::Build(error.to_string()))??;
    built.insert(profile, folder.clone());
    Ok(folder)
}

fn build(profile: Option<&str>) -> Result<PathBuf, LocalError> {
    let problem = |text: &str| LocalError::Build(text.to_owned());
    let folder = own_folder().ok_or_else(|| problem("the running program has no folder"))?;
    let target =
        folder.parent().ok_or_else(|| problem("the running program has no target folder"))?;
    let own = folder.file_name().and_then(|name| name.to_str()).unwrap_or("debug");
    // Only the profile `dev` has a folder of another name.
    let own = if own == "debug" { "dev" } else { own };
    let profile = profile.unwrap_or(own);
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // Cargo sets these for the program that it runs. Build scripts that watch such
    // variables would run again.
    let set_by_cargo = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    };
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(set_by_cargo) {
            command.env_remove(name);
        }
    }
    command.args(["build", "--workspace", "--bins", "--profile", profile]);
    if profile != own {
        // The engines would take minutes more, and would add features of crates to
        // the functions that the shipped ones do not have.
        for engine in ["local", "ops", "tests"] {
            command.args(["--exclude", engine]);
        }
    }
    let status = command
        .arg("--target-dir")
        .arg(target)
        .current_dir(workspace()?)
        .stdin(Stdio::null())
        // Standard output is reserved for this program's own words.
        .stdout(Stdio::null())
        .status()
        .map_err(|error| LocalError::Build(format!("cargo: {error}")))?;
    if !status.success() {
        return Err(LocalError::Build(format!("cargo build: {status}")));
    }
    Ok(target.join(if profile == "dev" { "debug" } else { profile }))
}
