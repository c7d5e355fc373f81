//! The start of every function.

use std::fmt::Debug;

use bytes::Bytes;
use futures_util::Stream;
use lambda_runtime::{Error, IntoFunctionResponse, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::observe;
use crate::settings::Env;

/// Runs a function until its instance ends: starts the log, makes what the
/// function needs from the environment, and hands it each event with that.
///
/// # Errors
/// A setting is missing or wrong; the function then does not start.
pub async fn start<State, Payload, Answer, Handled, Buffered, Streamed, Part, PartError>(
    make: impl FnOnce(Env) -> Result<State, Error>,
    handle: impl Fn(&'static State, Payload) -> Handled,
) -> Result<(), Error>
where
    State: 'static,
    Payload: DeserializeOwned,
    Handled: Future<Output = Result<Answer, Error>>,
    Answer: IntoFunctionResponse<Buffered, Streamed>,
    Buffered: Serialize,
    Streamed: Stream<Item = Result<Part, PartError>> + Unpin + Send + 'static,
    Part: Into<Bytes> + Send,
    PartError: Into<Error> + Send + Debug,
{
    let env = |name: &str| std::env::var(name).ok();
    observe::start(&env);
    let state = make(&env).inspect_err(|problem| {
        tracing::error!(%problem, "does not start");
    })?;
    // The state is used for as long as the process lives.
    let state: &'static State = Box::leak(Box::new(state));
    lambda_runtime::run(service_fn(|event: LambdaEvent<Payload>| {
        // Boxed, because the compiler gives up on the depth of the whole.
        Box::pin(handle(state, event.payload))
    }))
    .await
}
