//! What goes with the command where it is installed: completions and man pages.

use std::path::PathBuf;

use crate::OpsError;
use crate::invocation::INSTALLED;
use clap::{Args, Command};
use clap_complete::Shell;

/// The shell to complete in.
#[derive(Debug, Clone, Args)]
pub(crate) struct CompletionsArgs {
    #[arg(value_enum)]
    shell: Shell,
}

/// The pages to write.
#[derive(Debug, Clone, Args)]
pub(crate) struct ManArgs {
    /// Writes a page for each command into this folder, instead of printing the first
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

fn installed(command: Command) -> Command {
    command.name(INSTALLED).bin_name(INSTALLED)
}

/// The script that completes the command in a shell.
///
/// # Errors
/// [`OpsError::Failed`] when the script is no text.
pub(crate) fn completions(command: Command, asked: &CompletionsArgs) -> Result<String, OpsError> {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut installed(command), INSTALLED, &mut script);
    // For bash, clap_complete takes the hyphen of the name for one before a command
    // in one place of two, and would complete no command's options.
    let wrong = INSTALLED.replace('-', "__subcmd__");
    text(script).map(|script| script.replace(&wrong, &INSTALLED.replace('-', "__")))
}

/// The man page, or where the pages are.
///
/// # Errors
/// [`OpsError::Failed`] when they cannot be written.
pub(crate) fn man(command: Command, asked: &ManArgs) -> Result<String, OpsError> {
    let command = installed(command);
    let Some(folder) = &asked.out else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        rendered.map_err(|error| OpsError::Failed(error.to_string()))?;
        return text(page);
    };
    let failed = |error: std::io::Error| OpsError::Failed(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(command, folder).map_err(failed)?;
    Ok(format!("man pages are in {}", folder.display()))
}

fn text(bytes: Vec<u8>) -> Result<String, OpsError> {
    String::from_utf8(bytes).map_err(|_| OpsError::Failed("is no text".into()))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, ValueEnum};

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_shell_and_the_pages_know_every_command() {
        let command = Cli::command();
        let names: Vec<String> =
            command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        assert!(names.len() > 5, "{names:?}");
        for shell in Shell::value_variants() {
            let script = completions(Cli::command(), &CompletionsArgs { shell: *shell }).unwrap();
            for name in &names {
                assert!(script.contains(name.as_str()), "{shell} does not know {name}");
            }
        }
        // What bash sets it looks for.
        let asked = CompletionsArgs { shell: Shell::Bash };
        let script = completions(Cli::command(), &asked).unwrap();
        let set: Vec<&str> =
            script.split("cmd=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(set.len() > names.len(), "{set:?}");
        for cmd in set.into_iter().filter(|cmd| !cmd.is_empty()) {
            assert!(script.contains(&format!("        {cmd})\n            opts=")), "{cmd}");
        }
        let page = man(Cli::command(), &ManArgs { out: None }).unwrap();
        assert!(page.contains(".TH affiliate"), "{page}");
        for name in &names {
            assert!(page.contains(&name.replace('-', "\\-")), "{name} is not in\n{page}");
        }
    }
}
