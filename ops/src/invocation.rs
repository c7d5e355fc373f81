//! The command as the operator calls it, for commands that are shown to be copied.

use clap::{Command, CommandFactory};

use crate::cli::Cli;
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
    let words = unmistakable(words).into_iter().map(|word| shell(&word));
    std::iter::once(program().to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// The words as the command line takes them also where a value begins with a dash: the
/// value of an option behind its `=`, and what has no name at the end, behind `--`.
fn unmistakable(mut words: impl Iterator<Item = String>) -> Vec<String> {
    let whole = Cli::command();
    let mut command: Option<&Command> = None;
    let (mut all, mut named, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(word) = words.next() {
        let own = command.into_iter().flat_map(Command::get_arguments);
        let mut options = whole.get_arguments().chain(own);
        let name = word.strip_prefix("--");
        let option = options.find(|of| name.is_some() && of.get_long() == name);
        let meant = match option {
            Some(option) if option.get_action().takes_values() => match words.next() {
                Some(value) if value.starts_with('-') => vec![format!("{word}={value}")],
                value => std::iter::once(word).chain(value).collect(),
            },
            Some(_) => vec![word],
            None if command.is_none() => {
                command = whole.find_subcommand(&word);
                vec![word]
            }
            None => {
                bare.push(word.clone());
                all.push(word);
                continue;
            }
        };
        all.extend(meant.clone());
        named.extend(meant);
    }
    if bare.iter().all(|word| !word.starts_with('-')) {
        return all;
    }
    named.push("--".to_owned());
    named.extend(bare);
    named
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn a_value_that_begins_with_a_dash_is_taken_as_it_is_meant() {
        let cli = Cli::parse_from(["cargo ops", "--stack", "mine", "now"]);
        for (words, printed) in [
            (
                &["parked", "--reason", "-flag", "--from", "requested", "--rows"][..],
                "parked --reason=-flag --from requested --rows",
            ),
            (
                &["resume", "p:1:1", "--close", "--because", "--yes", "--by", "NAME"],
                "resume p:1:1 --close --because=--yes --by NAME",
            ),
            (&["parked", "--reason", "- it's", "--rows"], "parked '--reason=- it'\\''s' --rows"),
            (&["affiliate", "affonso", "-7", "--customer"], "affiliate --customer -- affonso -7"),
            (&["story", "affonso", "payout", "a-7"], "story affonso payout a-7"),
        ] {
            let line = line(cli.target(), words);
            assert!(line.ends_with(&format!(" --stack mine {printed}")), "{line}");
        }
        for words in
            [["parked", "--reason", "-flag", "--rows"], ["story", "affonso", "payout", "-7"]]
        {
            let words = words.map(str::to_owned).into_iter();
            let line = ["cargo ops".to_owned()].into_iter().chain(unmistakable(words));
            Cli::try_parse_from(line).unwrap();
        }
    }
}
