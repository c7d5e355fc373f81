//! What is said when everything is ready: the address to send to, with an example, then
//! the addresses of the rest and how the usual tools reach them.

use std::path::Path;

use serde_json::{Value, json};

use super::containers;
use super::run_folder::{USUAL_PORT, port_of};
use crate::play::external_systems::ExternalSystems;
use crate::play::fold::{command, fold};
use crate::play::sign::sign;
use crate::stage::Stack;
use crate::stage::template::REGION;

/// Width of the names of what has an address.
const NAMES: usize = 17;
/// The path of the example, which is also the one of a ping.
const EXAMPLE: &str = "/webhooks/uppromote/payment-paid";
/// The header that signs the example.
const SIGNATURE: &str = "x-uppromote-signature";
/// Its body, short enough for a line.
const BODY: &str = r#"{"payment_id":7,"processed_at":"2026-11-20T10:00:00Z"}"#;

/// A request to try, with a signature of these webhook secrets; a ping, which needs none,
/// where they have none for it.
fn example(http: &str, secrets: &Value) -> Vec<String> {
    let mut event = json!({
        "rawPath": EXAMPLE,
        "headers": {},
        "requestContext": { "http": { "method": "POST" } },
        "body": BODY,
    });
    let signed = sign(&mut event, secrets, 0).ok();
    let signature = event.pointer(&format!("/headers/{SIGNATURE}")).and_then(Value::as_str);
    match signature.filter(|_| signed.is_some()) {
        // In a variable: a line with all of it would be too long for a terminal.
        Some(signature) => vec![
            format!("sig={signature}"),
            format!("curl -i {http}{EXAMPLE} \\"),
            format!("  -H \"{SIGNATURE}: $sig\" \\"),
            format!("  -d '{BODY}'"),
        ],
        None => vec![format!("curl -i -X POST {http}{EXAMPLE} -d ''")],
    }
}

/// The lines about a stack and what it calls, none longer than `columns` unless a word
/// is.
pub(super) fn lines(
    stack: &Stack,
    external: &ExternalSystems,
    secrets: &Value,
    log: &Path,
    columns: usize,
) -> Vec<String> {
    let mut lines =
        vec![format!("{}  takes the webhooks. A signed one:", stack.http), String::new()];
    lines.extend(example(&stack.http, secrets).into_iter().map(|line| format!("  {line}")));
    lines.extend([
        String::new(),
        "  cargo local send affonso-payout-paid".to_owned(),
        String::new(),
    ]);
    let mut say = |name: &str, what: &str| {
        lines.push(fold(&format!("{name:<NAMES$}{what}"), NAMES + 2, columns));
    };
    for (at, (method, path, function)) in stack.routes.iter().enumerate() {
        say(if at == 0 { "routes" } else { "" }, &format!("{method} {path}  {function}"));
    }
    say("DynamoDB", &format!("{}  table {}", stack.dynamodb, stack.table));
    say("SQS", &stack.sqs);
    say("Secrets Manager", &stack.secretsmanager);
    let (v2, v1) = (external.firstpromoter.v2_url(), external.firstpromoter.v1_url());
    say("FirstPromoter", &format!("{v2}  (a fake; v1 at {v1})"));
    match external.own_endpoint() {
        Some(own) => say("reward endpoint", &format!("{own}  (your own)")),
        None => say("reward endpoint", &format!("{}  (a sample)", external.endpoint.url())),
    }
    let of = port_of(&stack.dynamodb).filter(|port| *port != USUAL_PORT);
    let of = of.map(|port| format!(" --port {port}")).unwrap_or_default();
    say("function logs", &format!("{}  (cargo local logs{of})", log.display()));
    lines
}

/// The lines on how the usual tools reach everything.
pub(super) fn tools(stack: &Stack, columns: usize) -> Vec<String> {
    let scan = format!(
        "AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION={REGION} \
         AWS_ENDPOINT_URL_DYNAMODB={} aws dynamodb scan --table-name {}",
        stack.dynamodb, stack.table
    );
    let sam = containers::COMMANDS.iter().zip(["SAM CLI", "", "", ""]);
    let sam = sam.map(|(line, name)| (name, (*line).to_owned()));
    let commands = std::iter::once(("AWS CLI", scan)).chain(sam);
    commands.map(|(name, line)| tool(name, &line, columns)).collect()
}

/// A named command, in lines that can be copied.
pub(super) fn tool(name: &str, line: &str, columns: usize) -> String {
    let folded = command(line, columns.saturating_sub(NAMES));
    let indent = format!("\n{:NAMES$}", "");
    format!("{name:<NAMES$}{}", folded.replace('\n', &indent))
}

/// The addresses of everything, for the line of `--json`; that of the page is good for one
/// browser.
pub(super) fn addresses(stack: &Stack, external: &ExternalSystems, page: Option<&str>) -> Value {
    let own = external.own_endpoint().map(str::to_owned);
    json!({
        "http": stack.http,
        "page": page,
        "dynamodb": stack.dynamodb,
        "sqs": stack.sqs,
        "table": stack.table,
        "secretsmanager": stack.secretsmanager,
        "firstpromoter": external.firstpromoter.v2_url(),
        "firstpromoter_v1": external.firstpromoter.v1_url(),
        "reward_endpoint": own.unwrap_or_else(|| external.endpoint.url()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::dev_secrets;

    #[test]
    fn the_example_fits_into_a_terminal_whoever_signs_it() {
        let secrets = dev_secrets();
        let signed = example("http://127.0.0.1:65535", &secrets["webhooks"]);
        assert!(signed.iter().all(|line| line.chars().count() <= 78), "{signed:?}");
        assert!(signed.first().unwrap().len() == 4 + 64, "{signed:?}");
        let without = example("http://127.0.0.1:3000", &json!({ "uppromote": { "hmac": [] } }));
        let ping = "curl -i -X POST http://127.0.0.1:3000/webhooks/uppromote/payment-paid -d ''";
        assert_eq!(without, [ping]);
    }
}
