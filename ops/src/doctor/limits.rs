//! The largest ages of signed times that are let in.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::provider::definition::Tolerance;

/// The place from which a limit is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// The parameter of the stack.
    Stack,
    /// The parameter that the running `cargo local` has.
    Run,
    /// The default of the template, which a stack may change.
    #[default]
    Default,
}

/// A largest age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct AgeLimit {
    /// The age in seconds.
    pub(super) seconds: i64,
    /// The parameter that says so.
    pub(super) parameter: String,
    /// The place from which it is known.
    pub(super) from: Source,
}

/// The limits of a stack or a run, or the default ones.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    parameters: BTreeMap<String, String>,
    from: Source,
}

impl Limits {
    /// Those that parameters say, which are from there.
    pub(super) fn of(parameters: BTreeMap<String, String>, from: Source) -> Self {
        Self { parameters, from }
    }

    /// The limit that a setting says.
    pub(super) fn limit(&self, tolerance: &Tolerance) -> AgeLimit {
        let parameter = parameter_of(tolerance.variable);
        let own = self.parameters.get(&parameter).and_then(|seconds| seconds.parse().ok());
        let (seconds, from) = match own {
            Some(seconds) => (seconds, self.from),
            None => (tolerance.default, Source::Default),
        };
        AgeLimit { seconds, parameter, from }
    }
}

impl AgeLimit {
    /// The limit and where it is from, in words.
    pub(super) fn words(&self) -> String {
        let Self { seconds, parameter, from } = self;
        match from {
            Source::Stack => format!("{seconds} s, by {parameter} of the stack"),
            Source::Run => format!("{seconds} s, by {parameter} of the running cargo local"),
            Source::Default => {
                format!("{seconds} s, by default; {parameter} of a stack may differ")
            }
        }
    }
}

/// The parameter of the template that a variable of the functions has its value from:
/// `A_LARGEST_AGE` has it from `ALargestAge`.
fn parameter_of(variable: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        format!("{first}{}", rest.to_lowercase())
    };
    variable.split('_').map(word).collect()
}

#[cfg(test)]
mod tests {
    use shared::provider::ALL;

    use super::*;

    #[test]
    fn the_template_has_the_parameter_of_every_limit() {
        let template = include_str!("../../../template.yaml");
        let all = ALL.iter().filter_map(|own| own.authentication.tolerance.as_ref());
        for tolerance in all.clone() {
            let Tolerance { variable, default, .. } = tolerance;
            let limit = Limits::default().limit(tolerance);
            let parameter = &limit.parameter;
            assert!(template.contains(&format!("{variable}: !Ref {parameter}\n")), "{parameter}");
            assert_eq!((limit.seconds, limit.from), (*default, Source::Default));
        }
        assert!(all.count() > 0);
    }
}
