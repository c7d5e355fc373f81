//! The states of one promise, for one line.

use std::collections::BTreeSet;

/// A promise as the console follows it: its state, and the states before.
#[derive(Debug, Default)]
pub(super) struct PromiseTrace {
    pub(super) created: i64,
    pub(super) state: String,
    pub(super) due: bool,
    /// Each new state, with the milliseconds since the promise was recorded.
    pub(super) steps: Vec<(String, i64)>,
    /// The reason for which the promise is parked.
    pub(super) reason: Option<String>,
}

impl PromiseTrace {
    /// True if no worker will change the promise any more.
    pub(super) fn is_over(&self) -> bool {
        match self.state.as_str() {
            "confirmed" | "denied" | "reversed" | "parked" => true,
            // The promise waits for FirstPromoter's next request.
            "delivered" => !self.due,
            _ => false,
        }
    }

    /// The number of different states so far: a promise that goes round in
    /// circles gets nowhere.
    pub(super) fn reached(&self) -> usize {
        self.steps.iter().map(|(state, _)| state).collect::<BTreeSet<_>>().len()
    }

    /// The states in the order of time, and the reason of a parked promise.
    pub(super) fn summary(&self) -> String {
        if self.steps.is_empty() {
            return format!("{} already", self.state);
        }
        let steps = self.steps.iter().map(|(state, ms)| format!("{state} {ms} ms"));
        let steps: Vec<String> = steps.collect();
        let reason = self.reason.as_ref().filter(|_| self.state == "parked");
        let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
        format!("{}{reason}", steps.join(" · "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_one_line() {
        let step = |state: &str, ms| (state.to_owned(), ms);
        let mut trace = PromiseTrace {
            state: "delivered".to_owned(),
            due: true,
            steps: vec![step("requested", 0), step("delivering", 41), step("delivered", 63)],
            ..PromiseTrace::default()
        };
        assert_eq!(trace.summary(), "requested 0 ms · delivering 41 ms · delivered 63 ms");
        assert!(!trace.is_over());
        assert_eq!(trace.reached(), 3);
        trace.steps.extend([step("requested", 70), step("delivering", 90)]);
        assert_eq!(trace.reached(), 3);
        trace.due = false;
        assert!(trace.is_over());
        trace.state = "parked".to_owned();
        trace.reason = Some("over_age".to_owned());
        assert!(trace.summary().ends_with("90 ms (over_age)"));
    }
}
