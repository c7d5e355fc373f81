//! The parts of a stack, made before it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::error::LocalError;
use crate::stage::engines::dynamodb::Dynamo;
use crate::stage::engines::secrets::Secrets;
use crate::stage::front::{self, Front, Routes};
use crate::stage::observer::Observer;
use crate::stage::options::Options;
use crate::stage::server::{RestartableServer, bind};
use crate::stage::sources::{self, Context};
use crate::stage::template::{Source, Template};

/// The flags that choose the ports.
const HTTP: &str = "--http-port";
const DYNAMODB: &str = "--dynamodb-port";
const SQS: &str = "--sqs-port";
const SECRETSMANAGER: &str = "--secretsmanager-port";

/// The listeners, bound before anything that has to know their ports.
pub(crate) struct Listeners {
    pub(crate) http: (TcpListener, SocketAddr),
    pub(crate) dynamodb: (TcpListener, SocketAddr),
    pub(crate) sqs: (TcpListener, SocketAddr),
    pub(crate) secrets: (TcpListener, SocketAddr),
}

impl Listeners {
    pub(crate) async fn bind(options: &Options) -> Result<Self, LocalError> {
        Ok(Self {
            http: bind(HTTP, options.http_port).await?,
            dynamodb: bind(DYNAMODB, options.dynamodb_port).await?,
            sqs: bind(SQS, options.sqs_port).await?,
            secrets: bind(SECRETSMANAGER, options.secretsmanager_port).await?,
        })
    }
}

/// The front and the engines, as servers that a test can stop.
pub(crate) struct Servers {
    pub(crate) http: Mutex<RestartableServer>,
    pub(crate) dynamodb: Mutex<RestartableServer>,
    pub(crate) sqs: Mutex<RestartableServer>,
    pub(crate) secrets: Mutex<RestartableServer>,
}

impl Servers {
    pub(crate) fn start(
        listeners: Listeners,
        context: &Context,
        secrets: &Secrets,
        routes: &Arc<Routes>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        let (host, routes) = (Arc::clone(&context.host), Arc::clone(routes));
        let (dynamo, sqs, secrets) = (context.dynamo.clone(), context.sqs.clone(), secrets.clone());
        let http = RestartableServer::start(HTTP, listeners.http, move |listener, closed| {
            let front = Front::new(Arc::clone(&routes), Arc::clone(&host), observer.clone());
            front::serve(listener, front, closed)
        });
        let dynamodb =
            RestartableServer::start(DYNAMODB, listeners.dynamodb, move |listener, closed| {
                dynamo.clone().serve(listener, closed)
            });
        let sqs = RestartableServer::start(SQS, listeners.sqs, move |listener, closed| {
            sqs.clone().serve(listener, closed)
        });
        let secrets =
            RestartableServer::start(SECRETSMANAGER, listeners.secrets, move |listener, closed| {
                secrets.clone().serve(listener, closed)
            });
        Self {
            http: Mutex::new(http),
            dynamodb: Mutex::new(dynamodb),
            sqs: Mutex::new(sqs),
            secrets: Mutex::new(secrets),
        }
    }
}

/// Reads the template with the endpoints on this machine and the parameters of
/// the options.
pub(crate) fn read_template(
    options: &Options,
    listeners: &Listeners,
) -> Result<Template, LocalError> {
    let url = |address: &SocketAddr| format!("http://{address}");
    let endpoints = [
        ("DYNAMODB", "DynamoDb", url(&listeners.dynamodb.1)),
        ("SQS", "Sqs", url(&listeners.sqs.1)),
        ("SECRETS_MANAGER", "SecretsManager", url(&listeners.secrets.1)),
    ];
    let source = std::fs::read_to_string(&options.template).map_err(|source| LocalError::Io {
        what: format!("template {}", options.template.display()),
        source,
    })?;
    let declared = Template::parameters(&source)?;
    let local = endpoints
        .iter()
        .map(|(_, name, endpoint)| (format!("EndpointUrl{name}"), endpoint.clone()));
    let defaults = options.default_parameters.clone().into_iter();
    let mut parameters: BTreeMap<_, _> =
        defaults.chain(local).filter(|(name, _)| declared.contains(name)).collect();
    parameters.extend(options.parameters.clone());
    let mut template = Template::read(&source, &parameters, &url(&listeners.sqs.1))?;
    for function in template.functions.values_mut() {
        for (service, _, endpoint) in &endpoints {
            // A function must never reach the real AWS from here.
            let name = format!("AWS_ENDPOINT_URL_{service}");
            function.environment.entry(name).or_insert_with(|| endpoint.clone());
        }
        function.environment.extend(options.env.clone());
        for source in &mut function.sources {
            if let (Source::Schedule(schedule), Some(every)) = (source, options.schedules_every) {
                schedule.every = every;
            }
        }
    }
    Ok(template)
}

/// Checks that the ports are free and the template takes the parameters, and gives the
/// names of the functions' binaries. A caller that has to build them first reports such
/// mistakes before.
pub(crate) async fn check(options: &Options) -> Result<BTreeSet<String>, LocalError> {
    let listeners = Listeners::bind(options).await?;
    let template = read_template(options, &listeners)?;
    Ok(template.functions.into_values().map(|function| function.binary).collect())
}

pub(crate) async fn open_database(
    options: &Options,
    template: &Template,
) -> Result<Dynamo, LocalError> {
    let (data, tables) = (options.data.clone(), template.tables.clone());
    sources::blocking(move || Dynamo::open(data.as_deref(), &tables)).await
}

/// Creates every secret of the template, with its value from the options.
pub(crate) fn seed_secrets(template: &Template, options: &Options) -> Result<Secrets, LocalError> {
    let secrets = Secrets::new();
    for (id, name) in &template.secrets {
        let part = options.parts_of_secrets.get(id);
        let value = part.and_then(|part| options.secrets.get(part));
        let value = value.filter(|value| !value.is_null());
        secrets.create(name, value.map(Value::to_string))?;
    }
    Ok(secrets)
}

pub(crate) fn routes(template: &Template) -> Routes {
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
