//! The question to whoever sits at the terminal.

use std::io::{BufRead, IsTerminal, Write};

use crate::OpsError;

/// Shows on standard error what is about to be done and, unless that is agreed to
/// beforehand by `yes`, asks.
///
/// # Errors
/// [`OpsError::No`] when the person says no, [`OpsError::Failed`] when nobody can be
/// asked.
pub(super) fn agreed(shown: &str, question: &str, yes: bool) -> Result<(), OpsError> {
    let (out, input) = (std::io::stderr().lock(), std::io::stdin().lock());
    let is_terminal = out.is_terminal() && input.is_terminal();
    answered(out, input, is_terminal, (shown, question), yes)
}

fn answered(
    mut out: impl Write,
    mut input: impl BufRead,
    is_terminal: bool,
    (shown, question): (&str, &str),
    yes: bool,
) -> Result<(), OpsError> {
    // What cannot be shown is not there to be read.
    let _ = writeln!(out, "{}", shown.trim_end());
    if yes {
        return Ok(());
    }
    if !is_terminal {
        return Err(OpsError::Failed(
            "nothing was written: nobody can be asked, as standard input or standard error is no \
             terminal. If it is to be done as shown, say --yes"
                .into(),
        ));
    }
    let _ = write!(out, "{question} [y/N] ");
    let _ = out.flush();
    let mut answer = String::new();
    let read = input.read_line(&mut answer).is_ok();
    if read && matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(OpsError::No("nothing was written".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(answer: &str, is_terminal: bool, yes: bool) -> (String, Result<(), u8>) {
        let mut out = Vec::new();
        let said = answered(&mut out, answer.as_bytes(), is_terminal, ("3 go on", "All?"), yes);
        (String::from_utf8(out).unwrap(), said.map_err(|error| error.code()))
    }

    #[test]
    fn nothing_is_done_without_a_yes() {
        let asked = "3 go on\nAll? [y/N] ";
        for (answer, is_terminal, yes, says, expected) in [
            ("y\n", true, false, asked, Ok(())),
            ("yes", true, false, asked, Ok(())),
            ("n\n", true, false, asked, Err(1)),
            ("", true, false, asked, Err(1)),
            // A yes that comes from a file is nobody's.
            ("y\n", false, false, "3 go on\n", Err(2)),
            ("", false, true, "3 go on\n", Ok(())),
            ("n\n", true, true, "3 go on\n", Ok(())),
        ] {
            let (out, said) = told(answer, is_terminal, yes);
            assert_eq!((out.as_str(), said), (says, expected), "{answer:?} {is_terminal} {yes}");
        }
    }
}
