//! Event sources, which invoke functions beside the HTTP front.

mod queue;
mod response;
mod schedule;
mod stream;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::error::LocalError;
use crate::say::say;
use crate::stage::engines::dynamodb::Dynamo;
use crate::stage::engines::sqs::Sqs;
use crate::stage::lambda::Host;
use crate::stage::template::{Source, Template};

/// The functions and engines that a poller works with.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) host: Arc<Host>,
    pub(crate) dynamo: Dynamo,
    pub(crate) sqs: Sqs,
}

/// Starts a poller for every event source of the template; the pollers end when
/// the returned set is dropped.
pub(crate) fn start(context: &Context, template: &Template) -> Result<JoinSet<()>, LocalError> {
    let mut pollers = JoinSet::new();
    let mut readers = Vec::new();
    for (id, function) in &template.functions {
        for source in &function.sources {
            match source.clone() {
                Source::Http { .. } => {}
                Source::Queue(source) => queue::start(context, id, &Arc::new(source), &mut pollers),
                Source::Stream(source) => {
                    let reader = format!("{id}/{}", source.table);
                    readers.push((source.table.clone(), reader.clone()));
                    let poller = stream::Poller::new(context.clone(), id.clone(), source, reader)?;
                    pollers.spawn(poller.run());
                }
                Source::Schedule(source) => {
                    pollers.spawn(schedule::run(Arc::clone(&context.host), id.clone(), source));
                }
            }
        }
    }
    for table in &template.tables {
        let readers = readers
            .iter()
            .filter(|(read, _)| *read == table.name)
            .map(|(_, reader)| reader.clone());
        let streamed = table.create.get("StreamSpecification").is_some();
        pollers.spawn(housekeeping(
            context.dynamo.clone(),
            table.name.clone(),
            streamed,
            readers.collect(),
        ));
    }
    Ok(pollers)
}

/// The work that DynamoDB does on its own: expires items, forgets old stream
/// records.
async fn housekeeping(dynamo: Dynamo, table: String, streamed: bool, readers: Vec<String>) {
    /// Stream records that stay for readers from outside, such as the AWS CLI.
    const KEPT_RECORDS: u32 = 2_000;
    const EVERY: std::time::Duration = std::time::Duration::from_secs(30);
    loop {
        tokio::time::sleep(EVERY).await;
        let (dynamo, table, readers) = (dynamo.clone(), table.clone(), readers.clone());
        let done = blocking(move || {
            dynamo.sweep_expired()?;
            if streamed { dynamo.trim(&table, &readers, KEPT_RECORDS) } else { Ok(()) }
        })
        .await;
        if let Err(error) = done {
            say(&format!("local: {error}"));
        }
    }
}

/// Runs a call of the database, which waits for its lock and its file.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, LocalError> + Send + 'static,
) -> Result<T, LocalError> {
    let ended = tokio::task::spawn_blocking(call).await;
    ended.map_err(|error| LocalError::Engine { engine: "DynamoDB", problem: error.to_string() })?
}
