use std::process::{Command, Stdio};

use super::stage::{Served, local, ran};

const APPROVED: &str = "firstpromoter-commission-updated";

#[test]
fn a_commission_of_ones_own_is_delivered_and_confirmed_and_every_request_shows() {
    let mut served = Served::start(&[]);
    let own = ["--set", "data.id=990001", "--set", "entity_id=990001", "--set", "data.amount=5"];
    let (done, said) = served.send(&[&[APPROVED, "--new-id"], own.as_slice()].concat());
    assert!(done && said.starts_with("200 firstpromoter-commission-updated · "), "{said}");
    served.until(&[
        "POST /webhooks/firstpromoter/commissions 200 recorded: commission.updated \
         commission#990001, promise requested · secret ",
        " ms",
    ]);
    served.until(&[
        "reward endpoint: reward.granted 5 points 200",
        "firstpromoter:990001:1 confirmed",
    ]);

    let (done, said) = served.send(&["affonso-payout-paid", "--times", "2"]);
    assert!(done && said.lines().count() == 2, "{said}");
    served.until(&["200 recorded: payout.paid", "200 duplicate: payout.paid"]);
    let (done, said) = served.send(&["uppromote-bad-signature"]);
    assert!(!done && said.starts_with("401 "), "{said}");
    served.until(&["POST /webhooks/uppromote/payment-paid 401 unauthorized: no_secret_matches"]);
    assert!(served.send(&["uppromote-subscription-ping"]).0);
    served.until(&["200 ping · "]);
    assert!(served.send(&["firstpromoter-v1-new-customer"]).0);
    served.until(&["POST /webhooks/firstpromoter-v1/{token}/customers 200 recorded"]);
    assert!(!served.report.contains("dev-path-token"), "{}", served.report);
}

#[test]
fn what_is_refused_changes_nothing_at_the_fake_account() {
    let mut served = Served::start(&[]);
    let theirs = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("their-secrets.json");
    let secrets = r#"{ "webhooks": { "firstpromoter": { "hmac": ["0f0e"], "policy": "any" } } }"#;
    std::fs::write(&theirs, secrets).unwrap();
    let denied = ["--set", "data.status=denied", "--secrets", theirs.to_str().unwrap()];
    let (done, said) = served.send(&[&[APPROVED], denied.as_slice()].concat());
    assert!(!done && said.starts_with("401 "), "{said}");
    assert!(served.send(&[APPROVED]).0);
    served.until(&["firstpromoter:301881:1 confirmed"]);
}

#[test]
fn a_sample_is_sent_by_curl_as_well() {
    let served = Served::start(&[]);
    for sample in ["affonso-payout-paid", "firstpromoter-v1-fulfilment-pending"] {
        let (done, command) = served.send(&[sample, "--curl"]);
        assert!(done && command.starts_with("curl -i -X POST 'http://127.0.0.1:"), "{command}");
        if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
            println!("The command itself is not tried, as this machine has no curl.");
            return;
        }
        let (_, answer) = ran(Command::new("sh").args(["-c", &command]));
        assert!(answer.contains("HTTP/1.1 20"), "{command}\n{answer}");
        assert!(answer.contains("apigw-requestid: local-"), "{answer}");
    }
}

#[test]
fn mistakes_are_told_without_a_request() {
    for (arguments, expected) in [
        (["nothing", "--curl"].as_slice(), "no such sample, only\n"),
        (&[APPROVED, "--set", "data"], "must be PATH=VALUE"),
        (&[APPROVED, "--set", "nowhere.id=1"], "there is no nowhere to set anything in"),
        (&["uppromote-payment-paid", "--new-id"], "its events have no id"),
        (&[APPROVED, "--to", "localhost"], "must be a URL"),
        (&[APPROVED, "--to", "http://127.0.0.1:1/x"], "nobody listens at http://127.0.0.1:1\n"),
    ] {
        let (done, said) = ran(local(&["send"]).args(arguments));
        assert!(!done && said.contains(expected), "{arguments:?}: {said}");
    }
}
