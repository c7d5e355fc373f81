use local::dev_secrets;
use local::fakes::RewardEndpoint;
use serde_json::Value;

use super::stage::{Served, local, ran};

const APPROVED: &str = "firstpromoter-commission-updated";

async fn endpoint() -> RewardEndpoint {
    let secrets = dev_secrets();
    let signing = secrets.pointer("/credentials/reward_endpoint/signing/0");
    RewardEndpoint::start(0, &[signing.and_then(Value::as_str).unwrap()]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rewards_go_to_an_endpoint_of_ones_own_and_its_calls_show() {
    let own = endpoint().await;
    let url = own.url();
    let mut served = Served::start(&["--endpoint", &url]);
    assert_eq!(served.address("reward_endpoint"), url);
    served.until(&["reward endpoint ", &url, " (your own)"]);
    assert!(served.send(&[APPROVED]).0);
    served.until(&[
        "your endpoint: reward.granted 500 points 200 firstpromoter:301881:1 · ",
        "firstpromoter:301881:1 confirmed",
    ]);
    served.stop();
    served.until(&[&format!("your endpoint {url}: 1 calls, 1 taken")]);
    assert_eq!(own.grants().len(), 1);
}

#[test]
fn an_endpoint_that_is_not_there_is_said_so() {
    let mut served = Served::start(&["--endpoint", "http://127.0.0.1:1/rewards"]);
    assert!(served.send(&[APPROVED]).0);
    served.until(&["your endpoint: reward.granted 500 points none", "nobody listens there"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_checked_line_by_line() {
    let own = endpoint().await;
    let (right, said) = ran(local(&["check-endpoint", &own.url()]).env("COLUMNS", "80"));
    assert!(right, "{said}");
    for line in [
        "ok     right signature              200, given once",
        "ok     wrong signature              401",
        "ok     same id twice at once        200, 200, 200, given once",
        "ok     reversal before its reward   200, 200, not given",
    ] {
        assert!(said.lines().any(|told| told == line), "{line}: {said}");
    }
    own.set_secrets(&["whsec_YW5vdGhlcg=="]).unwrap();
    let (right, said) = ran(local(&["check-endpoint", &own.url()]).env("COLUMNS", "80"));
    assert!(!right && said.contains("WRONG  right signature "), "{said}");
    assert!(said.ends_with("of 9 as docs/rewards.md demands\n"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    let (right, said) = ran(&mut local(&["check-endpoint", "--json", &own.url()]));
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (all, cases) = lines.split_last().unwrap();
    assert_eq!((cases.len(), &all["cases"], right), (9, &9.into(), false), "{said}");
    let wrong = cases.iter().find(|line| line["case"] == "right signature").unwrap();
    assert_eq!((&wrong["verdict"], wrong["says"].is_string()), (&"wrong".into(), true), "{said}");
    let found = cases.iter().filter(|line| line["verdict"] == "right").count();
    assert_eq!(all["right"], found, "{said}");
    let (done, said) = ran(&mut local(&["check-endpoint", "http://127.0.0.1:1/"]));
    assert!(!done && said == "error: nobody listens at http://127.0.0.1:1\n", "{said}");
}
