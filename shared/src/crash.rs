//! Points at which a test lets the process die. Debug builds only: a release
//! build has neither the code nor the variables.

/// Dies here if `CRASH_AT` is `{function}:{name}`, the first time only: the marker
/// file `CRASH_ONCE` says whether it happened.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    let set = |variable: &str| {
        std::env::var(variable)
            .ok()
            .filter(|value| !value.is_empty())
    };
    let here = format!(
        "{}:{name}",
        set("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default()
    );
    if set("CRASH_AT") != Some(here) {
        return;
    }
    let Some(marker) = set("CRASH_ONCE") else {
        return;
    };
    if std::fs::File::create_new(marker).is_ok() {
        std::process::abort();
    }
}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
pub fn point(_name: &str) {}
