//! The place of the table: a running `cargo local` or a deployed stack.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::OpsError;
use crate::local_run::LocalRun;
use crate::signed_in::{causes, signed_in};
use aws_config::SdkConfig;
use aws_sdk_cloudformation::types::Stack;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use clap::{Args, ValueEnum};
use shared::aws::Aws;
use shared::aws::store::Store;
use shared::fulfilment::Reversals;

/// The table's logical id in template.yaml, which `cargo local` takes as name.
const LEDGER: &str = "Ledger";
/// The endpoint of the DynamoDB of `cargo local`.
const LOCAL: &str = "http://127.0.0.1:8000";
/// The output of the stack that names the table.
const TABLE_NAME: &str = "TableName";
/// The parameter of the stack for the reversal of withdrawn rewards.
const REVERSALS: &str = "Reversals";
/// The parameter of the stack for the longest time that a promise may be open.
const MAX_AGE: &str = "MaxAgeSeconds";
/// Its default in template.yaml, for a `cargo local` of another folder.
const MAX_AGE_SECONDS: i64 = 86_400;
/// The longest time to find out that nobody listens on this machine.
const LOOPBACK: Duration = Duration::from_millis(500);

/// The place to look.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Where")]
pub struct TargetArgs {
    /// The running `cargo local`
    #[arg(long, global = true, conflicts_with = "stack")]
    local: bool,
    /// The deployed stack of this name; credentials and region as for the AWS CLI
    #[arg(long, global = true, value_name = "NAME")]
    stack: Option<String>,
    /// With --local: the endpoint of DynamoDB [default: port 8000 of this machine]
    #[arg(long, global = true, value_name = "URL")]
    dynamodb: Option<String>,
    /// With --local: the table [default: the only one]
    #[arg(long, global = true, value_name = "NAME")]
    table: Option<String>,
    /// With --local: the parameter Reversals that it runs with [default: as it says in
    /// the folder that it runs in, else park]
    #[arg(long, global = true, value_enum, value_name = "WHAT")]
    reversals: Option<WhenWithdrawn>,
}

/// The values of the parameter `Reversals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WhenWithdrawn {
    Park,
    Deliver,
    DeliverAndUnmark,
}

/// A table with the settings of its stack that the promise's machine needs.
pub(crate) struct Target {
    pub(crate) store: Store,
    pub(crate) reversals: Reversals,
    /// Seconds that a promise may be open; `None` where that is not known.
    pub(crate) max_age_seconds: Option<i64>,
}

impl TargetArgs {
    /// The problem with the choice, if any. Options before and after the command's
    /// name come together only here.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let of_local = self.dynamodb.is_some() || self.table.is_some() || self.reversals.is_some();
        match (self.local, &self.stack) {
            (false, None) => Some("say where: --local or --stack NAME"),
            (true, Some(_)) => Some("--local and --stack exclude each other"),
            (false, Some(_)) if of_local => {
                Some("--dynamodb, --table and --reversals go with --local only")
            }
            _ => None,
        }
    }

    /// The words of the command line that choose this place.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.local {
            words.push("--local".to_owned());
        }
        let reversals = self.reversals.and_then(|value| value.to_possible_value());
        let reversals = reversals.map(|value| value.get_name().to_owned());
        for (name, value) in [
            ("--stack", self.stack.clone()),
            ("--dynamodb", self.dynamodb.clone()),
            ("--table", self.table.clone()),
            ("--reversals", reversals),
        ] {
            words.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        }
        words
    }

    /// The name of the stack; none for `cargo local`.
    pub(crate) fn stack_name(&self) -> Option<&str> {
        self.stack.as_deref()
    }

    /// The endpoint of the DynamoDB of `cargo local`.
    pub(crate) fn local_dynamodb(&self) -> &str {
        self.dynamodb.as_deref().unwrap_or(LOCAL)
    }

    /// Finds the table.
    pub(crate) async fn open(&self) -> Result<Target, OpsError> {
        match &self.stack {
            Some(name) => deployed(name).await,
            None => self.running().await,
        }
    }

    async fn running(&self) -> Result<Target, OpsError> {
        let url = self.local_dynamodb();
        let variable = |name: &str| {
            let value = match name {
                "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local",
                "AWS_REGION" => "us-east-1",
                "AWS_ENDPOINT_URL_DYNAMODB" => url,
                _ => return None,
            };
            Some(value.to_owned())
        };
        let nobody = || {
            OpsError::Failed(format!(
                "no DynamoDB answers at {url}: is cargo local running, and on this port?"
            ))
        };
        // Said at once: the client would try again first.
        if is_refused(url) {
            return Err(nobody());
        }
        let aws = Aws::from_env(&variable).map_err(|error| OpsError::Failed(error.to_string()))?;
        let client = aws.dynamodb();
        let tables = client.list_tables().send().await.map_err(|_| nobody())?;
        let table = choose(self.table.as_deref(), tables.table_names())?;
        let run = LocalRun::at(url).ok();
        let parameter = |name: &str| Some(run.as_ref()?.parameters.get(name)?.as_str());
        let reversals = match self.reversals {
            Some(WhenWithdrawn::Deliver) => Reversals::Deliver,
            Some(WhenWithdrawn::DeliverAndUnmark) => Reversals::DeliverAndUnmark,
            Some(WhenWithdrawn::Park) => Reversals::Park,
            None => reversals(parameter(REVERSALS)),
        };
        let age = parameter(MAX_AGE).and_then(|seconds| seconds.parse().ok());
        let max_age_seconds = Some(age.unwrap_or(MAX_AGE_SECONDS));
        Ok(Target { store: Store::new(client, table), reversals, max_age_seconds })
    }
}

/// True when an address of this machine refuses connections.
fn is_refused(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or(authority);
    let Ok(addresses) = authority.to_socket_addrs() else { return false };
    let addresses: Vec<SocketAddr> = addresses.collect();
    let refuses = |address: &SocketAddr| {
        let tried = TcpStream::connect_timeout(address, LOOPBACK);
        tried.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    let are_here = addresses.iter().all(|address| address.ip().is_loopback());
    !addresses.is_empty() && are_here && addresses.iter().all(refuses)
}

fn choose(asked: Option<&str>, tables: &[String]) -> Result<String, OpsError> {
    let there = |name: &str| tables.iter().find(|table| *table == name).cloned();
    match (asked, tables) {
        (Some(asked), _) => {
            there(asked).ok_or_else(|| OpsError::Failed(format!("there is no table {asked}")))
        }
        (None, [only]) => Ok(only.clone()),
        (None, _) => there(LEDGER)
            .ok_or_else(|| OpsError::Failed(format!("--table NAME: one of {}", tables.join(", ")))),
    }
}

/// A deployed stack, whose outputs and parameters name all else.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) config: SdkConfig,
    stack: Stack,
}

impl Described {
    /// Reads the description of a stack.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when nobody is signed in, or there is no such stack.
    pub(crate) async fn read(name: &str) -> Result<Self, OpsError> {
        let config = signed_in().await?;
        let client = aws_sdk_cloudformation::Client::new(&config);
        let described = client.describe_stacks().stack_name(name).send().await;
        let described = described.map_err(|error| {
            let problem = match (error.code(), error.message()) {
                (Some("AccessDenied" | "AccessDeniedException"), _) => {
                    "not allowed: cloudformation:DescribeStacks".to_owned()
                }
                (_, Some(message)) => message.to_owned(),
                (_, None) => causes(&error),
            };
            OpsError::Failed(format!("stack {name}: {problem}"))
        })?;
        let stack = described.stacks().first().cloned();
        let stack = stack.ok_or_else(|| OpsError::Failed(format!("there is no stack {name}")))?;
        Ok(Self { name: name.to_owned(), config, stack })
    }

    /// The parameters, with their values.
    pub(crate) fn parameters(&self) -> BTreeMap<String, String> {
        let pairs = self.stack.parameters().iter().filter_map(|of| {
            Some((of.parameter_key()?.to_owned(), of.parameter_value()?.to_owned()))
        });
        pairs.collect()
    }

    /// The value of an output.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when the stack has none of that name.
    pub(crate) fn output(&self, key: &str) -> Result<String, OpsError> {
        output(&self.stack, key).ok_or_else(|| {
            let Self { name, .. } = self;
            OpsError::Failed(format!("stack {name} has no output {key}: is it this project's?"))
        })
    }
}

/// Finds the table of a deployed stack.
async fn deployed(name: &str) -> Result<Target, OpsError> {
    let described = Described::read(name).await?;
    let table = described.output(TABLE_NAME)?;
    Ok(Target {
        store: Store::new(aws_sdk_dynamodb::Client::new(&described.config), table),
        reversals: reversals(parameter(&described.stack, REVERSALS)),
        max_age_seconds: parameter(&described.stack, MAX_AGE)
            .and_then(|seconds| seconds.parse().ok()),
    })
}

fn output(stack: &Stack, key: &str) -> Option<String> {
    let mut outputs = stack.outputs().iter();
    let found = outputs.find(|output| output.output_key() == Some(key))?;
    found.output_value().map(str::to_owned)
}

fn parameter<'a>(stack: &'a Stack, key: &str) -> Option<&'a str> {
    let mut parameters = stack.parameters().iter();
    let found = parameters.find(|parameter| parameter.parameter_key() == Some(key));
    found.and_then(|parameter| parameter.parameter_value())
}

/// What the parameter means; the default of template.yaml without one.
fn reversals(parameter: Option<&str>) -> Reversals {
    match parameter {
        Some("deliver") => Reversals::Deliver,
        Some("deliver_and_unmark") => Reversals::DeliverAndUnmark,
        _ => Reversals::Park,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudformation::types::{Output, Parameter};

    use super::*;

    #[test]
    fn the_table_is_the_only_one_or_the_ledger_or_the_one_asked_for() {
        let tables = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let failed = |problem: &str| Err(OpsError::Failed(problem.to_owned()));
        assert_eq!(choose(None, &tables(&["x"])), Ok("x".into()));
        assert_eq!(choose(None, &tables(&["x", LEDGER])), Ok(LEDGER.into()));
        assert_eq!(choose(Some("x"), &tables(&["x", LEDGER])), Ok("x".into()));
        assert_eq!(choose(Some("z"), &tables(&["x"])), failed("there is no table z"));
        assert_eq!(choose(None, &tables(&["x", "y"])), failed("--table NAME: one of x, y"));
    }

    #[test]
    fn a_stack_says_its_table_and_what_becomes_of_the_withdrawn() {
        let output_of =
            |key: &str, value: &str| Output::builder().output_key(key).output_value(value).build();
        let parameter = |value: &str| {
            Parameter::builder().parameter_key(REVERSALS).parameter_value(value).build()
        };
        let stack = Stack::builder()
            .outputs(output_of("ApiUrl", "https://x.example"))
            .outputs(output_of(TABLE_NAME, "stack-Ledger-1"));
        let deliver = stack.clone().parameters(parameter("deliver")).build();
        let park = stack.clone().parameters(parameter("park")).build();
        assert_eq!(output(&park, TABLE_NAME).as_deref(), Some("stack-Ledger-1"));
        let of = |stack: &Stack| reversals(super::parameter(stack, REVERSALS));
        assert_eq!(of(&deliver), Reversals::Deliver);
        assert_eq!(of(&park), Reversals::Park);
        assert_eq!(of(&stack.build()), Reversals::Park);
    }

    #[test]
    fn what_is_not_said_is_the_default_of_the_template() {
        let template = include_str!("../../template.yaml");
        let default = |name: &str| {
            let (_, rest) = template.split_once(&format!("\n  {name}:\n")).unwrap();
            let (_, value) = rest.split_once("    Default: ").unwrap();
            value.lines().next().unwrap().to_owned()
        };
        assert_eq!(default(MAX_AGE), MAX_AGE_SECONDS.to_string());
        assert_eq!(reversals(Some(&default(REVERSALS))), reversals(None));
    }
}
