//! The form of the report.

use std::io::Write;

use serde_json::Value;

use crate::play::fold::fold;
use crate::play::paint::Paint;

/// Width of the first column, in characters, and of all besides it.
const WIDTH: usize = 49;
const BESIDES: usize = 50;
/// What the rest of a line is indented by that does not fit into one.
const HANG: usize = 14;

/// The place of the report.
pub(crate) struct Out {
    /// Where it goes.
    pub(crate) to: Box<dyn Write + Send>,
    /// The width of a line, in characters.
    pub(crate) columns: usize,
    /// Whether it has colours.
    pub(crate) paint: Paint,
    /// Where verdicts go as JSON, a line for each.
    pub(crate) verdicts: Option<Box<dyn Write + Send>>,
}

impl Out {
    /// Text as it is, folded and painted.
    pub(super) fn write(&mut self, text: &str) {
        for line in text.split('\n') {
            for line in fold(line, HANG, self.columns).split('\n') {
                // A reader that went away does not change what happens.
                let _ = writeln!(self.to, "{}", self.paint.line(line));
            }
        }
    }

    /// The columns of a line, after its time.
    pub(super) fn columns(&self, what: &str, answer: &str, detail: &str) -> String {
        let width = self.columns.saturating_sub(BESIDES).min(WIDTH);
        let line = format!("{what:width$}  {answer:6}  {detail}");
        line.trim_end().to_owned()
    }

    /// A verdict, if anybody wants them.
    pub(super) fn write_verdict(&mut self, verdict: &Value) {
        if let Some(verdicts) = &mut self.verdicts {
            // A closed pipe is the choice of the one who asked for them.
            let _ = writeln!(verdicts, "{verdict}");
        }
    }
}
