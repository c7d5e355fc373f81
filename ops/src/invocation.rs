//! The command as the operator calls it, for commands that are shown to be copied.

use crate::paragraph::shell;
use crate::target::TargetArgs;

/// The program's name where it was installed.
pub(crate) const INSTALLED: &str = "affiliate-ops";
/// The program's name by the workspace's alias.
const ALIAS: &str = "cargo ops";

/// The name by which the program was called: cargo sets `CARGO` for what it runs.
pub(crate) fn program() -> &'static str {
    let cargos = std::env::var_os("CARGO").is_some_and(|cargo| !cargo.is_empty());
    if cargos { ALIAS } else { INSTALLED }
}

/// The line of a command against the same table, whole and quoted for a shell.
pub(crate) fn line(target: &TargetArgs, words: &[&str]) -> String {
    let words = target.words().into_iter().chain(words.iter().map(|word| (*word).to_owned()));
    let words = words.map(|word| shell(&word));
    std::iter::once(program().to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}
