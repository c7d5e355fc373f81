//! A running bundle.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::client::{Answer, Sender};
use crate::engines::dynamodb::{Dynamo, Position};
use crate::engines::secrets::Secrets;
use crate::engines::sqs::Sqs;
use crate::engines::{Door, bind};
use crate::front::{self, Routes};
use crate::lambda::{Host, InvokeError};
use crate::options::DEV_PARAMETERS;
use crate::sources::{self, Context};
use crate::template::{Source, Template};
use crate::{LocalError, Options};

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
    names_of_secrets: BTreeMap<String, String>,
    context: Context,
    secrets: Secrets,
    front_door: Mutex<Door>,
    dynamodb_door: Mutex<Door>,
    sqs_door: Mutex<Door>,
    secrets_door: Mutex<Door>,
    pollers: JoinSet<()>,
    sender: Sender,
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Stack")
            .field("http", &self.http)
            .finish_non_exhaustive()
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

/// The listeners, bound before anything that has to know their ports.
struct Listeners {
    http: (TcpListener, std::net::SocketAddr),
    dynamodb: (TcpListener, std::net::SocketAddr),
    sqs: (TcpListener, std::net::SocketAddr),
    secrets: (TcpListener, std::net::SocketAddr),
}

impl Listeners {
    async fn bind(options: &Options) -> Result<Self, LocalError> {
        Ok(Self {
            http: bind("--http-port", options.http_port).await?,
            dynamodb: bind("--dynamodb-port", options.dynamodb_port).await?,
            sqs: bind("--sqs-port", options.sqs_port).await?,
            secrets: bind("--secretsmanager-port", options.secretsmanager_port).await?,
        })
    }
}

impl Stack {
    /// Starts everything; when it returns, requests are answered.
    ///
    /// # Errors
    /// [`LocalError`] says which port, file, part of the template or binary
    /// prevents it.
    pub async fn start(options: Options) -> Result<Self, LocalError> {
        let listeners = Listeners::bind(&options).await?;
        let url = |address: &std::net::SocketAddr| format!("http://{address}");
        let endpoints = [
            ("DYNAMODB", "DynamoDb", url(&listeners.dynamodb.1)),
            ("SQS", "Sqs", url(&listeners.sqs.1)),
            (
                "SECRETS_MANAGER",
                "SecretsManager",
                url(&listeners.secrets.1),
            ),
        ];
        let mut template = read_template(&options, &endpoints, &url(&listeners.sqs.1))?;
        for function in template.functions.values_mut() {
            for (service, _, endpoint) in &endpoints {
                // A function must never reach the real AWS from here.
                let name = format!("AWS_ENDPOINT_URL_{service}");
                function
                    .environment
                    .entry(name)
                    .or_insert_with(|| endpoint.clone());
            }
            function.environment.extend(options.env.clone());
        }

        let dynamo = open_database(&options, &template).await?;
        let sqs = Sqs::new(listeners.sqs.1.port());
        sqs.create(&template.queues).await?;
        let secrets = seed_secrets(&template, &options.secrets)?;
        let functions = template.functions.clone();
        let host = Arc::new(Host::new(
            functions,
            &options.bin_dir,
            options.instances,
            &options.logs,
        )?);
        let routes = Arc::new(routes(&template));
        let table = template
            .tables
            .first()
            .map(|table| table.name.clone())
            .unwrap_or_default();
        let context = Context { host, dynamo, sqs };
        let pollers = sources::start(&context, &template)?;
        Ok(Self::open(
            listeners,
            context,
            secrets,
            pollers,
            &routes,
            table,
            template.secrets,
        ))
    }

    fn open(
        listeners: Listeners,
        context: Context,
        secrets: Secrets,
        pollers: JoinSet<()>,
        routes: &Arc<Routes>,
        table: String,
        names_of_secrets: BTreeMap<String, String>,
    ) -> Self {
        let list = routes
            .list()
            .map(|(m, p, f)| (m.to_owned(), p.to_owned(), f.to_owned()))
            .collect();
        let (host, routes) = (Arc::clone(&context.host), Arc::clone(routes));
        let (listener, address) = listeners.http;
        let front_door = Door::open("--http-port", listener, address, move |listener, closed| {
            front::serve(listener, Arc::clone(&routes), Arc::clone(&host), closed)
        });
        let dynamo = context.dynamo.clone();
        let (listener, address) = listeners.dynamodb;
        let dynamodb_door = Door::open(
            "--dynamodb-port",
            listener,
            address,
            move |listener, closed| dynamo.clone().serve(listener, closed),
        );
        let sqs = context.sqs.clone();
        let (listener, address) = listeners.sqs;
        let sqs_door = Door::open("--sqs-port", listener, address, move |listener, closed| {
            sqs.clone().serve(listener, closed)
        });
        let served = secrets.clone();
        let (listener, address) = listeners.secrets;
        let secrets_door = Door::open(
            "--secretsmanager-port",
            listener,
            address,
            move |listener, closed| served.clone().serve(listener, closed),
        );
        Self {
            http: front_door.url(),
            dynamodb: dynamodb_door.url(),
            sqs: sqs_door.url(),
            secretsmanager: secrets_door.url(),
            table,
            routes: list,
            names_of_secrets,
            sender: Sender::new(&front_door.url()),
            context,
            secrets,
            front_door: Mutex::new(front_door),
            dynamodb_door: Mutex::new(dynamodb_door),
            sqs_door: Mutex::new(sqs_door),
            secrets_door: Mutex::new(secrets_door),
            pollers,
        }
    }

    /// Ends everything in order: no new requests, then the event sources, the
    /// functions, the engines.
    pub async fn stop(mut self) {
        self.front_door.lock().await.close().await;
        self.pollers.shutdown().await;
        self.context.host.kill_all();
        self.secrets_door.lock().await.close().await;
        self.sqs_door.lock().await.close().await;
        self.dynamodb_door.lock().await.close().await;
    }

    /// Sends a payload 2.0 event to the front as the HTTP request it stands
    /// for.
    ///
    /// # Errors
    /// [`LocalError::NoAnswer`] when there is none, or the event is no request.
    pub async fn deliver(&self, event: &Value) -> Result<Answer, LocalError> {
        self.sender.send(event).await
    }

    /// Invokes a function by its logical id.
    ///
    /// # Errors
    /// [`InvokeError`] when it has no response.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Result<Bytes, InvokeError> {
        self.context.host.invoke(function, payload).await
    }

    /// What functions wrote so far, with [`Logs::Capture`](crate::Logs). A line
    /// can arrive a little after the answer it belongs to.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.context.host.logs()
    }

    /// Gives a secret a new value; `secret` is its name or logical id.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when there is no such secret.
    pub fn put_secret(&self, secret: &str, value: &Value) -> Result<(), LocalError> {
        let name = self
            .names_of_secrets
            .get(secret)
            .map_or(secret, String::as_str);
        self.secrets.put(name, value.to_string())
    }

    /// Every item of the table, as DynamoDB JSON.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when the database fails.
    pub async fn items(&self) -> Result<Vec<Value>, LocalError> {
        self.on_database(|dynamo, table| dynamo.items(table)).await
    }

    /// Writes an item, given as DynamoDB JSON.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when the database refuses it.
    pub async fn put_item(&self, item: Value) -> Result<(), LocalError> {
        self.on_database(move |dynamo, table| dynamo.put(table, &item))
            .await
    }

    /// Removes the items whose time has come, and says how many; it happens
    /// now and then anyway.
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
        self.on_database(|dynamo, table| dynamo.newest(table))
            .await
            .map(Cursor)
    }

    /// What changed since `cursor`, which moves on: stream records in the shape
    /// a function gets them.
    ///
    /// # Errors
    /// [`LocalError::Engine`] when the database fails or has no stream.
    pub async fn changes_since(&self, cursor: &mut Cursor) -> Result<Vec<Value>, LocalError> {
        let mut all = Vec::new();
        loop {
            let from = cursor.0.clone();
            let (records, next) = self
                .on_database(move |dynamo, table| dynamo.changes(table, &from, 1_000))
                .await?;
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
        self.dynamodb_door.lock().await.close().await;
    }

    /// Makes DynamoDB reachable again, with its data.
    ///
    /// # Errors
    /// [`LocalError::Port`] when somebody else took its port.
    pub async fn start_dynamodb(&self) -> Result<(), LocalError> {
        self.dynamodb_door.lock().await.reopen().await
    }

    /// Makes SQS unreachable for functions.
    pub async fn stop_sqs(&self) {
        self.sqs_door.lock().await.close().await;
    }

    /// Makes SQS reachable again, with its messages.
    ///
    /// # Errors
    /// [`LocalError::Port`] when somebody else took its port.
    pub async fn start_sqs(&self) -> Result<(), LocalError> {
        self.sqs_door.lock().await.reopen().await
    }

    /// Makes Secrets Manager unreachable.
    pub async fn stop_secretsmanager(&self) {
        self.secrets_door.lock().await.close().await;
    }

    /// Makes Secrets Manager reachable again, with its secrets.
    ///
    /// # Errors
    /// [`LocalError::Port`] when somebody else took its port.
    pub async fn start_secretsmanager(&self) -> Result<(), LocalError> {
        self.secrets_door.lock().await.reopen().await
    }

    /// Ends every process of a function; the next invocation starts a new one.
    ///
    /// # Errors
    /// [`InvokeError::Unknown`].
    pub fn kill_instances(&self, function: &str) -> Result<(), InvokeError> {
        self.context.host.kill(function)
    }

    /// How many processes of a function were started so far.
    ///
    /// # Errors
    /// [`InvokeError::Unknown`].
    pub fn instances_started(&self, function: &str) -> Result<u64, InvokeError> {
        self.context.host.started(function)
    }
}

fn read_template(
    options: &Options,
    endpoints: &[(&str, &str, String); 3],
    queue_base_url: &str,
) -> Result<Template, LocalError> {
    let source = std::fs::read_to_string(&options.template).map_err(|source| LocalError::Io {
        what: format!("template {}", options.template.display()),
        source,
    })?;
    let declared = Template::parameters(&source)?;
    let development = DEV_PARAMETERS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let local = endpoints
        .iter()
        .map(|(_, name, endpoint)| (format!("EndpointUrl{name}"), endpoint.clone()));
    let mut parameters: BTreeMap<_, _> = development
        .into_iter()
        .chain(local)
        .filter(|(name, _)| declared.contains(name))
        .collect();
    parameters.extend(options.parameters.clone());
    Ok(Template::read(&source, &parameters, queue_base_url)?)
}

async fn open_database(options: &Options, template: &Template) -> Result<Dynamo, LocalError> {
    let (data, tables) = (options.data.clone(), template.tables.clone());
    sources::blocking(move || Dynamo::open(data.as_deref(), &tables)).await
}

/// Creates every secret of the template, with the value that is meant for it.
fn seed_secrets(template: &Template, values: &Value) -> Result<Secrets, LocalError> {
    let secrets = Secrets::new();
    for (id, name) in &template.secrets {
        let part = match id.as_str() {
            "WebhookSecrets" => "webhooks",
            "ApiCredentials" => "credentials",
            _ => "",
        };
        let value = values.get(part).filter(|value| !value.is_null());
        secrets.create(name, value.map(Value::to_string))?;
    }
    Ok(secrets)
}

fn routes(template: &Template) -> Routes {
    let mut routes = Routes::default();
    for (id, function) in &template.functions {
        for source in &function.sources {
            if let Source::Http { method, path } = source {
                routes.add(method, path, id);
            }
        }
    }
    routes
}
