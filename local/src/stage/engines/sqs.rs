//! SQS: rustack's engine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rustack_sqs_core::config::SqsConfig;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_http::service::{SqsHttpConfig, SqsHttpService};
use rustack_sqs_model::input::{
    CreateQueueInput, DeleteMessageInput, ReceiveMessageInput, SendMessageInput,
};
use rustack_sqs_model::types::Message;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::error::LocalError;
use crate::stage::server::serve;
use crate::stage::template::{ACCOUNT, Queue, REGION};

/// The queues.
#[derive(Clone)]
pub(crate) struct Sqs {
    provider: Arc<RustackSqs>,
    base_url: String,
    done: Arc<Mutex<BTreeMap<String, usize>>>,
}

fn engine(error: impl std::fmt::Display) -> LocalError {
    LocalError::Engine { engine: "SQS", problem: error.to_string() }
}

impl Sqs {
    /// Starts the engine; queue URLs name `port`.
    pub(crate) fn new(port: u16) -> Self {
        let config = SqsConfig {
            host: "127.0.0.1".to_owned(),
            port,
            default_region: REGION.to_owned(),
            account_id: ACCOUNT.to_owned(),
            ..SqsConfig::default()
        };
        Self {
            provider: Arc::new(RustackSqs::new(config)),
            base_url: format!("http://127.0.0.1:{port}"),
            done: Arc::default(),
        }
    }

    /// Creates the queues, in their order.
    pub(crate) async fn create(&self, queues: &[Queue]) -> Result<(), LocalError> {
        for queue in queues {
            let input = CreateQueueInput {
                queue_name: queue.name.clone(),
                attributes: queue.attributes.clone().into_iter().collect(),
                ..CreateQueueInput::default()
            };
            self.provider.create_queue(input).await.map_err(engine)?;
        }
        Ok(())
    }

    /// Serves SQS's API until `closed` resolves.
    pub(crate) async fn serve(self, listener: TcpListener, closed: oneshot::Receiver<()>) {
        let config = SqsHttpConfig { region: REGION.to_owned(), ..SqsHttpConfig::default() };
        let service = SqsHttpService::new(Arc::new(RustackSqsHandler::new(self.provider)), config);
        serve(listener, service, closed).await;
    }

    fn url(&self, queue: &str) -> String {
        format!("{}/{ACCOUNT}/{queue}", self.base_url)
    }

    /// Puts a message into a queue.
    pub(crate) async fn send(&self, queue: &str, body: String) -> Result<(), LocalError> {
        let input = SendMessageInput {
            queue_url: self.url(queue),
            message_body: body,
            ..SendMessageInput::default()
        };
        self.provider.send_message(input).await.map(drop).map_err(engine)
    }

    /// Waits up to `wait` seconds for up to `most` (10) messages.
    pub(crate) async fn receive(
        &self,
        queue: &str,
        most: usize,
        wait: i32,
    ) -> Result<Vec<Message>, LocalError> {
        let input = ReceiveMessageInput {
            queue_url: self.url(queue),
            max_number_of_messages: i32::try_from(most.min(10)).ok(),
            wait_time_seconds: Some(wait),
            message_system_attribute_names: vec!["All".to_owned()],
            message_attribute_names: vec!["All".to_owned()],
            ..ReceiveMessageInput::default()
        };
        self.provider.receive_message(input).await.map(|output| output.messages).map_err(engine)
    }

    /// The number of messages of a queue that were received and removed.
    pub(crate) fn done(&self, queue: &str) -> usize {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.get(queue).copied().unwrap_or_default()
    }

    /// Removes a received message.
    pub(crate) async fn delete(&self, queue: &str, receipt: &str) -> Result<(), LocalError> {
        let input =
            DeleteMessageInput { queue_url: self.url(queue), receipt_handle: receipt.to_owned() };
        self.provider.delete_message(input).await.map_err(engine)?;
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done.entry(queue.to_owned()).or_default() += 1;
        Ok(())
    }
}
