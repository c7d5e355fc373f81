//! Points at which a test lets the process die. They exist in debug builds only: a
//! release build has neither the code nor the variables.

/// Ends the process if `CRASH_AT` is `{function}:{name}` and the file `CRASH_ARMED`
/// exists. The file is removed first, so that a test chooses the moment and the
/// process dies once.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    let set = |variable: &str| std::env::var(variable).ok().filter(|value| !value.is_empty());
    let here = format!("{}:{name}", set("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default());
    if set("CRASH_AT") != Some(here) {
        return;
    }
    let Some(armed) = set("CRASH_ARMED") else {
        return;
    };
    if std::fs::remove_file(armed).is_ok() {
        std::process::abort();
    }
}

/// Does nothing in a release build.
#[cfg(not(debug_assertions))]
pub fn point(_name: &str) {}
