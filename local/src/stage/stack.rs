//! A running bundle.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::error::{InvokeError, LocalError};
use crate::stage::client::{Answer, Sender};
use crate::stage::engines::dynamodb::{Dynamo, Position};
use crate::stage::engines::secrets::Secrets;
use crate::stage::engines::sqs::Sqs;
use crate::stage::lambda::Host;
use crate::stage::options::Options;
use crate::stage::sources::{self, Context};
use crate::stage::start::{Listeners, Servers, open_database, read_template, routes, seed_secrets};

/// The bundle of template.yaml, running. Dropping it ends the functions'
/// processes; [`Stack::stop`] also waits for what is under way.
pub struct Stack {
    /// Base URL of the HTTP front.
    pub http: String,
    /// Endpoint of DynamoDB.
    pub dynamodb: String,
    /// Endpoint of SQS.
    pub sqs: String,
    /// Endpoint of Secrets Manager.
    pub secretsmanager: String,
    /// Name of the (first) table.
    pub table: String,
    /// Method, path and function of every route.
    pub routes: Vec<(String, String, String)>,
    /// The variables of every function, by its logical id.
    pub environments: BTreeMap<String, BTreeMap<String, String>>,
    /// The parameters of the template, with their values.
    pub parameters: BTreeMap<String, String>,
    names_of_secrets: BTreeMap<String, String>,
    context: Context,
    secrets: Secrets,
    servers: Servers,
    pollers: JoinSet<()>,
    sender: Sender,
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Stack").field("http", &self.http).finish_non_exhaustive()
    }
}

/// A place in the history of the table, for [`Stack::changes_since`].
#[derive(Debug, Clone)]
pub struct Cursor(Position);

impl Drop for Stack {
    fn drop(&mut self) {
        self.context.host.kill_all();
    }
}

impl Stack {
    /// Starts everything; requests are answered from the return on.
    ///
    /// # Errors
    /// [`LocalError`] names the port, file, part of the template or binary that
    /// prevents the start.
    pub async fn start(options: Options) -> Result<Self, LocalError> {
        let listeners = Listeners::bind(&options).await?;
        let template = read_template(&options, &listeners)?;
        let dynamo = open_database(&options, &template).await?;
        let sqs = Sqs::new(listeners.sqs.1.port());
        sqs.create(&template.queues).await?;
        let secrets = seed_secrets(&template, &options)?;
        let functions = template.functions.clone();
        let environments = functions.values();
        let environments =
            environments.map(|function| (function.id.clone(), function.environment.clone()));
        let environments = environments.collect();
        let host =
            Arc::new(Host::new(functions, &options.bin_dir, options.instances, &options.logs)?);
        let routes = Arc::new(routes(&template));
        let table = template.tables.first().map(|table| table.name.clone()).unwrap_or_default();
        let context = Context { host, dynamo, sqs };
        let pollers = sources::start(&context, &template)?;
        let url = |address: &SocketAddr| format!("http://{address}");
        Ok(Self {
            http: url(&listeners.http.1),
            dynamodb: url(&listeners.dynamodb.1),
            sqs: url(&listeners.sqs.1),
            secretsmanager: url(&listeners.secrets.1),
            table,
            routes: routes.list(),
            environments,
            parameters: template.parameters,
            names_of_secrets: template.secrets,
            sender: Sender::new(&url(&listeners.http.1)),
            servers: Servers::start(listeners, &context, &secrets, &routes, options.observer),
            context,
            secrets,
            pollers,
        })
    }

    /// Ends everything in order: no new requests, then the event sources, the
    /// functions, the engines.
    pub async fn stop(mut self) {
        self.servers.http.lock().await.stop().await;
        self.pollers.shutdown().await;
        self.context.host.kill_all();
        self.servers.secrets.lock().await.stop().await;
        self.servers.sqs.lock().await.stop().await;
        self.servers.dynamodb.lock().await.stop().await;
    }

    /// Sends a payload 2.0 event to the front as the HTTP request it stands
    /// for.
    ///
    /// # Errors
    /// [`LocalError::NoAnswer`] when there is no answer, or the event is no request.
    pub async fn deliver(&self, event: &Value) -> Result<Answer, LocalError> {
        self.sender.send(event).await
    }

    /// Invokes a function by its logical id.
    ///
    /// # Errors
    /// [`InvokeError`] when the invocation has no response.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Result<Bytes, InvokeError> {
        self.context.host.invoke(function, payload).await
    }

    /// The lines that functions wrote so far, with [`Logs::Capture`](crate::Logs). A
    /// line can arrive a little after the answer it belongs to.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.context.host.logs()
    }

    /// Gives a secret a new value; `secret` is its name or logical id.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when there is no such secret.
    pub fn put_secret(&self, secret: &str, value: &Value) -> Result<(), LocalError> {
        let name = self.names_of_secrets.get(secret).map_or(secret, String::as_str);
        self.secrets.put(name, value.to_string())
    }

    /// Puts a message into a queue, given by its name.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when there is no such queue.
    pub async fn send_message(&self, queue: &str, body: String) -> Result<(), LocalError> {
        self.context.sqs.send(queue, body).await
    }

    /// The number of messages of a queue, given by its name, that were worked on
    /// and removed.
    #[must_use]
    pub fn messages_done(&self, queue: &str) -> usize {
        self.context.sqs.done(queue)
    }

    /// Every item of the table, as DynamoDB JSON.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when the database fails.
    pub async fn items(&self) -> Result<Vec<Value>, LocalError> {
        self.on_database(Dynamo::items).await
    }

    /// One item of the table, as DynamoDB JSON.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when the database fails.
    pub async fn item(&self, key: Value) -> Result<Option<Value>, LocalError> {
        self.on_database(move |dynamo, table| dynamo.item(table, &key)).await
    }

    /// Every item of an index of the table, as DynamoDB JSON.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when there is no such index.
    pub async fn index(&self, index: &'static str) -> Result<Vec<Value>, LocalError> {
        self.on_database(move |dynamo, table| dynamo.index(table, index)).await
    }

    /// Writes an item, given as DynamoDB JSON.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when the database refuses it.
    pub async fn put_item(&self, item: Value) -> Result<(), LocalError> {
        self.on_database(move |dynamo, table| dynamo.put(table, &item)).await
    }

    /// Removes the items whose time has come, and gives their number. Without a
    /// call the stack does the same twice a minute.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when the database fails.
    pub async fn expire_items(&self) -> Result<usize, LocalError> {
        self.on_database(|dynamo, _| dynamo.sweep_expired()).await
    }

    /// The present, as a place in the table's history.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when the database fails.
    pub async fn cursor(&self) -> Result<Cursor, LocalError> {
        self.on_database(Dynamo::newest).await.map(Cursor)
    }

    /// The changes since `cursor`, which moves on: stream records in the shape a
    /// function gets them.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when the database fails or has no stream.
    pub async fn changes_since(&self, cursor: &mut Cursor) -> Result<Vec<Value>, LocalError> {
        let mut all = Vec::new();
        loop {
            let from = cursor.0.clone();
            let (records, next) =
                self.on_database(move |dynamo, table| dynamo.changes(table, &from, 1_000)).await?;
            all.extend(records);
            if next == cursor.0 {
                return Ok(all);
            }
            cursor.0 = next;
        }
    }

    async fn on_database<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Dynamo, &str) -> Result<T, LocalError> + Send + 'static,
    ) -> Result<T, LocalError> {
        let (dynamo, table) = (self.context.dynamo.clone(), self.table.clone());
        sources::blocking(move || call(&dynamo, &table)).await
    }

    /// Makes DynamoDB unreachable.
    pub async fn stop_dynamodb(&self) {
        self.servers.dynamodb.lock().await.stop().await;
    }

    /// Makes DynamoDB reachable again, with its data.
    ///
    /// # Errors
    /// [`LocalError::Port`] when somebody else took its port.
    pub async fn start_dynamodb(&self) -> Result<(), LocalError> {
        self.servers.dynamodb.lock().await.restart().await
    }

    /// Makes SQS unreachable for functions.
    pub async fn stop_sqs(&self) {
        self.servers.sqs.lock().await.stop().await;
    }

    /// Makes SQS reachable again, with its messages.
    ///
    /// # Errors
    /// [`LocalError::Port`] when somebody else took its port.
    pub async fn start_sqs(&self) -> Result<(), LocalError> {
        self.servers.sqs.lock().await.restart().await
    }

    /// Makes Secrets Manager unreachable.
    pub async fn stop_secretsmanager(&self) {
        self.servers.secrets.lock().await.stop().await;
    }

    /// Makes Secrets Manager reachable again, with its secrets.
    ///
    /// # Errors
    /// [`LocalError::Port`] when somebody else took its port.
    pub async fn start_secretsmanager(&self) -> Result<(), LocalError> {
        self.servers.secrets.lock().await.restart().await
    }

    /// Ends every process of a function; the next invocation starts a new one.
    ///
    /// # Errors
    /// [`InvokeError::Unknown`] when there is no such function.
    pub fn kill_instances(&self, function: &str) -> Result<(), InvokeError> {
        self.context.host.kill(function)
    }

    /// The number of processes of a function that were started so far.
    ///
    /// # Errors
    /// [`InvokeError::Unknown`] when there is no such function.
    pub fn instances_started(&self, function: &str) -> Result<u64, InvokeError> {
        self.context.host.started(function)
    }
}
