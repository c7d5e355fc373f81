//! The deployed stack, spoken to as the platforms do and looked into as an operator does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use local::fakes::{FakeFirstPromoter, RewardEndpoint};
use local::{Sender, build_functions, dev_secrets};
use serde_json::{Value, json};
use shared::wire::Timestamp;
use tests::delivery::Delivery;
use tests::item::{Item, Promise};
use tests::messages::item_of_promise;
use tests::patience::{Patience, eventually};
use tests::scene::SIGNING;
use tests::stage::signed_with;
use tests::{Response, Webhook, functions};

use crate::emulator::Emulator;
use crate::tools::{Tools, run, signed_in, workspace};

/// The stack's name in `samconfig.toml`.
pub const STACK: &str = "affiliate-webhooks";
/// The environment in `samconfig.toml` that README.md deploys.
const ENVIRONMENT: &str = "prod";

/// A webhook as its platform would sign it now.
pub fn signed(webhook: &impl Webhook) -> Value {
    signed_with(&dev_secrets()["webhooks"], &webhook.path(), webhook.body())
}

/// The stack with both other sides.
pub struct Deployment {
    /// AWS.
    pub emulator: Emulator,
    /// FirstPromoter.
    pub platform: FakeFirstPromoter,
    /// The company's own system.
    pub endpoint: RewardEndpoint,
    tools: Tools,
    /// The template that `sam deploy` takes.
    template: PathBuf,
    parameters: BTreeMap<&'static str, String>,
    outputs: BTreeMap<String, String>,
    sender: Sender,
}

/// The way to the functions' archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// `sam build`, as README.md says.
    Sam,
    /// The functions as `cargo build` makes them, by the profile that `FUNCTIONS_PROFILE` names.
    Cargo,
}

impl Deployment {
    /// Starts the emulator and the other sides, and builds. The parameters stand in `samconfig.toml`, as README.md says.
    pub async fn build(build: Build) -> Self {
        let tools = Tools::new();
        let platform = FakeFirstPromoter::start(0).await.unwrap();
        let endpoint = RewardEndpoint::start(0, &[SIGNING]).await.unwrap();
        let parameters = [
            ("Architecture", "x86_64".to_owned()),
            ("FulfilFrom", "2026-01-01T00:00:00Z".into()),
            ("RewardRecipient", "promoter".into()),
            ("RewardEndpointUrl", endpoint.url()),
            ("FirstpromoterApiUrl", platform.v2_url()),
            ("FirstpromoterV1ApiUrl", platform.v1_url()),
            ("AllowPlainHttp", "yes".into()),
            ("FulfilmentSourceByCampaign", "7731=v1".into()),
            ("MaxAmount", "*=10000".into()),
            ("V1Confirm", "api".into()),
            // With somebody to tell, the topic and the composite alarms are deployed too.
            ("AlarmEmail", "on-call@example.com".into()),
            // A secret that is filled in is used at once, but one that was read while it had no value only after this time.
            ("SecretsTtlSeconds", "1".into()),
        ];
        let emulator = Emulator::start(&tools);
        let mut deployment = Self {
            emulator,
            platform,
            endpoint,
            template: tools.scratch("build/template.yaml"),
            tools,
            parameters: parameters.into(),
            outputs: BTreeMap::new(),
            sender: Sender::new("http://127.0.0.1"),
        };
        deployment.write_settings();
        match build {
            Build::Sam => deployment.build_as_shipped(),
            Build::Cargo => deployment.package(&functions().await),
        }
        deployment
    }

    /// Writes `samconfig.toml` as an operator would have filled it in.
    fn write_settings(&self) {
        let shipped = std::fs::read_to_string(workspace().join("samconfig.toml")).unwrap();
        let section = format!("[{ENVIRONMENT}.global.parameters]");
        let (before, own) = shipped.split_once(&section).unwrap();
        let (head, list) = own.split_once("parameter_overrides = [").unwrap();
        let (_, rest) = list.split_once("\n]").unwrap();
        let mut settings = format!("{before}{section}{head}parameter_overrides = [");
        for (name, value) in &self.parameters {
            write!(settings, "\n  \"{name}={value}\",").unwrap();
        }
        std::fs::write(self.settings(), format!("{settings}\n]{rest}")).unwrap();
    }

    fn settings(&self) -> PathBuf {
        self.tools.scratch("samconfig.toml")
    }

    fn build_as_shipped(&self) {
        let mut sam = self.tools.command_of(&self.tools.sam_with_build(), "sam");
        sam.args(["build", "--config-env", ENVIRONMENT, "--config-file"]).arg(self.settings());
        sam.arg("--template-file").arg(workspace().join("template.yaml"));
        sam.arg("--build-dir").arg(self.tools.scratch("build"));
        run(&mut sam);
    }

    /// Puts binaries where `sam build` would put its own.
    fn package(&mut self, binaries: &Path) {
        let folder = self.tools.scratch("packaged");
        let template = std::fs::read_to_string(workspace().join("template.yaml")).unwrap();
        let sources = "CodeUri: functions/";
        for part in template.split(sources).skip(1) {
            let program = part.split_whitespace().next().unwrap();
            let into = folder.join(program);
            std::fs::create_dir_all(&into).unwrap();
            std::fs::copy(binaries.join(program), into.join("bootstrap")).unwrap();
        }
        let packaged = template.replace(sources, &format!("CodeUri: {}/", folder.display()));
        assert_ne!(packaged, template);
        self.template = folder.join("template.yaml");
        std::fs::write(&self.template, packaged).unwrap();
    }

    /// Deploys with other values of some parameters.
    pub fn update(&mut self, parameters: &[(&'static str, &str)]) {
        for (name, value) in parameters {
            self.parameters.insert(name, (*value).to_owned());
        }
        self.write_settings();
        self.deploy();
    }

    /// Deploys as README.md says.
    pub fn deploy(&mut self) {
        let mut sam = self.sam("deploy");
        sam.args(["--no-confirm-changeset", "--config-env", ENVIRONMENT, "--config-file"]);
        sam.arg(self.settings()).arg("--template-file").arg(&self.template);
        run(&mut sam);
        let stacks =
            self.emulator.call("cloudformation", "describe_stacks", &json!({"StackName": STACK}));
        let outputs = stacks["Stacks"][0]["Outputs"].as_array().unwrap();
        let text = |output: &Value, name: &str| output[name].as_str().unwrap().to_owned();
        self.outputs = outputs
            .iter()
            .map(|output| (text(output, "OutputKey"), text(output, "OutputValue")))
            .collect();
        let host = self.output("ApiUrl").split_once("://").unwrap().1.to_owned();
        self.sender = Sender::new(&self.emulator.endpoint).with_host(&host);
    }

    /// Deletes the stack.
    pub fn delete(&self) {
        let mut sam = self.sam("delete");
        run(sam.args(["--no-prompts", "--region", "us-east-1", "--stack-name", STACK]));
    }

    fn sam(&self, what: &str) -> std::process::Command {
        let mut sam = self.tools.command_of(&self.tools.sam(), "sam");
        sam.arg(what).envs(signed_in(&self.emulator.endpoint));
        sam
    }

    /// An output of the stack.
    pub fn output(&self, name: &str) -> &str {
        &self.outputs[name]
    }

    /// The name or the address of a resource, by its logical id.
    pub fn physical(&self, logical: &str) -> String {
        let of = json!({"StackName": STACK, "LogicalResourceId": logical});
        let found = self.emulator.call("cloudformation", "describe_stack_resource", &of);
        found["StackResourceDetail"]["PhysicalResourceId"].as_str().unwrap().to_owned()
    }

    /// Fills the secrets that the stack made, as docs/secrets.md says.
    pub fn fill_secrets(&self) {
        let secrets = dev_secrets();
        for (output, part) in
            [("WebhookSecretsArn", "webhooks"), ("ApiCredentialsArn", "credentials")]
        {
            let value =
                json!({"SecretId": self.output(output), "SecretString": secrets[part].to_string()});
            self.emulator.call("secretsmanager", "put_secret_value", &value);
        }
    }

    /// Sends a payload 2.0 event over the HTTP API.
    pub async fn send(&self, event: &Value) -> Response {
        Response::new(event, &self.sender.send(event).await.unwrap())
    }

    /// Signs a webhook as its platform would, now, and posts it.
    pub async fn post(&self, webhook: &impl Webhook) -> Response {
        self.send(&signed(webhook)).await
    }

    /// A sender of its own, for who sends beside.
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// All items of the table, sorted by key.
    pub fn items(&self) -> Vec<Item> {
        let mut items: Vec<_> = self.raw_items().iter().map(Item::new).collect();
        items.sort_by_key(|item| (item.text("pk"), item.text("sk")));
        items
    }

    fn raw_items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let mut query = json!({"TableName": self.output("TableName")});
        loop {
            let mut page = self.emulator.call("dynamodb", "scan", &query);
            items.append(page["Items"].as_array_mut().unwrap());
            match page.get("LastEvaluatedKey").filter(|key| !key.is_null()) {
                Some(key) => query["ExclusiveStartKey"] = key.clone(),
                None => return items,
            }
        }
    }

    /// Removes every item of the table.
    pub fn empty(&self) {
        for item in self.raw_items() {
            let key = json!({"pk": item["pk"], "sk": item["sk"]});
            let of = json!({"TableName": self.output("TableName"), "Key": key});
            self.emulator.call("dynamodb", "delete_item", &of);
        }
    }

    /// The item of a key.
    pub fn find_item(&self, pk: &str, sk: &str) -> Option<Item> {
        let key = json!({"pk": {"S": pk}, "sk": {"S": sk}});
        let of = json!({"TableName": self.output("TableName"), "Key": key, "ConsistentRead": true});
        let found = self.emulator.call("dynamodb", "get_item", &of);
        found.get("Item").map(Item::new)
    }

    /// All promises, sorted by key.
    pub fn promises(&self) -> Vec<Promise> {
        let items = self.items().into_iter();
        items.filter(|item| item.text("sk").starts_with("fulfilment#")).map(Promise::new).collect()
    }

    /// A promise by key, which has to be there.
    pub fn promise(&self, key: &str) -> Promise {
        self.find_promise(key).unwrap_or_else(|| panic!("there is no promise {key}"))
    }

    fn find_promise(&self, key: &str) -> Option<Promise> {
        let (pk, sk) = item_of_promise(key);
        self.find_item(&pk, &sk).map(Promise::new)
    }

    /// Waits until a promise is in this state and returns it.
    pub async fn until_state(&self, key: &str, state: &str) -> Promise {
        let mut patience = Patience::new();
        loop {
            let promise = self.find_promise(key);
            let step = promise.as_ref().map(Promise::step);
            match promise {
                Some(promise) if promise.state == state => return promise,
                promise => patience.wait([step], || format!("{key} stays {promise:?}")).await,
            }
        }
    }

    /// Waits until no promise is under way.
    pub async fn settle(&self) {
        const RESTS: [&str; 4] = ["confirmed", "denied", "parked", "reversed"];
        let mut patience = Patience::new();
        loop {
            let open = self.promises().into_iter();
            let open: Vec<_> =
                open.filter(|promise| !RESTS.contains(&promise.state.as_str())).collect();
            if open.is_empty() {
                return;
            }
            let seen = open.iter().map(|promise| (promise.key.clone(), promise.step()));
            patience.wait(seen, || format!("stay open: {open:?}")).await;
        }
    }

    /// Sweeps now. A sweep that is not complete is called again, as the schedule would.
    pub async fn sweep(&self) {
        let function = self.physical("SweepFunction");
        eventually("no sweep is complete", async || {
            let call = json!({"FunctionName": function, "Payload": "{}"});
            let answer = self.emulator.call("lambda", "invoke", &call);
            answer["FunctionError"].is_null().then_some(())
        })
        .await;
    }

    /// The calls that reached the endpoint for a promise.
    pub fn deliveries(&self, key: &str) -> Vec<Delivery> {
        let calls = self.endpoint.calls();
        let calls = calls.iter().filter(|call| call.id.as_deref() == Some(key));
        calls.map(Delivery::new).collect()
    }

    /// Posts a payload 2.0 event and waits for the line that its function, which alone gets requests meanwhile, logs of it.
    pub async fn send_for_line(&self, event: &Value, log: &str) -> (Response, Value) {
        let group = self.physical(log);
        // The line is some milliseconds younger, as it is written at the end of the call.
        let since = Timestamp::now().ms() + 1;
        let answer = self.send(event).await;
        let line = eventually("the request leaves no line", async || {
            let query = json!({"logGroupName": group, "startTime": since});
            let page = self.emulator.call("logs", "filter_log_events", &query);
            let messages =
                page["events"].as_array()?.iter().filter_map(|event| event["message"].as_str());
            // One message may hold several lines.
            let mut lines =
                messages.flat_map(str::lines).filter_map(|line| serde_json::from_str(line).ok());
            lines.find(|line: &Value| line["message"] == "webhook")
        })
        .await;
        (answer, line)
    }

    /// Lets the stream tell of what becomes due, or not, and waits until that is so.
    pub async fn set_stream(&self, enabled: bool) {
        let mapping = self.physical("DispatchFunctionDue");
        let call = json!({"UUID": mapping, "Enabled": enabled});
        self.emulator.call("lambda", "update_event_source_mapping", &call);
        let wanted = if enabled { "Enabled" } else { "Disabled" };
        eventually("the stream's event source does not change", async || {
            let found =
                self.emulator.call("lambda", "get_event_source_mapping", &json!({"UUID": mapping}));
            (found["State"] == wanted).then_some(())
        })
        .await;
    }

    /// `cargo ops` against the stack.
    pub async fn ops(&self, words: &[&str]) -> String {
        let mut ops =
            self.tools.command(&build_functions(None).await.unwrap().join("affiliate-ops"));
        ops.envs(signed_in(&self.emulator.endpoint)).args(["--stack", STACK, "--json"]).args(words);
        run(&mut ops)
    }
}
