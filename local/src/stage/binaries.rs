//! The function binaries, which cargo builds.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;
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

/// The binaries that are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bins<'a> {
    /// Every one of the workspace.
    All,
    /// Those of these names.
    Named(&'a BTreeSet<String>),
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
    let folder = build(Bins::All, profile.as_deref(), Progress::Shown).await?;
    built.insert(profile, folder.clone());
    Ok(folder)
}

/// What is heard of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Cargo's progress, on standard error.
    Shown,
    /// Mistakes alone.
    Hidden,
}

/// Builds binaries by a profile, or that of the running program, and returns their
/// folder. Dropping it ends the build.
///
/// # Errors
/// [`LocalError::Build`] when cargo cannot be run or the build fails.
pub(crate) async fn build(
    bins: Bins<'_>,
    profile: Option<&str>,
    progress: Progress,
) -> Result<PathBuf, LocalError> {
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
    command.args(arguments(bins, profile, own));
    if progress == Progress::Hidden {
        command.arg("--quiet");
    }
    let status = command
        .arg("--target-dir")
        .arg(target)
        .current_dir(workspace()?)
        .stdin(Stdio::null())
        // Standard output is reserved for this program's own words.
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await
        .map_err(|error| LocalError::Build(format!("cargo: {error}")))?;
    if !status.success() {
        return Err(LocalError::Build(format!("cargo build: {status}")));
    }
    Ok(target.join(if profile == "dev" { "debug" } else { profile }))
}

/// The arguments of cargo for a build by a profile, where the running program is of
/// another, or the same.
fn arguments(bins: Bins<'_>, profile: &str, own: &str) -> Vec<String> {
    // All of the workspace, whatever is wanted of it: the features of the crates that
    // it shares depend on that, and with others they would all be built anew.
    let mut arguments = vec!["build", "--workspace", "--profile", profile];
    match bins {
        Bins::All => arguments.push("--bins"),
        Bins::Named(names) => {
            arguments.extend(names.iter().flat_map(|name| ["--bin", name.as_str()]));
        }
    }
    if profile != own {
        // The engines would take minutes more, and would add features of crates to
        // the functions that the shipped ones do not have.
        for engine in ["local", "ops", "tests"] {
            arguments.extend(["--exclude", engine]);
        }
    }
    arguments.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_is_built() {
        let names = BTreeSet::from(["one".to_owned(), "two".to_owned()]);
        let said = |bins, profile| arguments(bins, profile, "dev").join(" ");
        assert_eq!(said(Bins::All, "dev"), "build --workspace --profile dev --bins");
        assert_eq!(
            said(Bins::Named(&names), "dev"),
            "build --workspace --profile dev --bin one --bin two"
        );
        assert_eq!(
            said(Bins::Named(&names), "release"),
            "build --workspace --profile release --bin one --bin two --exclude local \
             --exclude ops --exclude tests"
        );
    }
}
