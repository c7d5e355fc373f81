//! The samples of events/, as `cargo local` plays them and as
//! `sam local invoke` takes them.

use local::Options;
use local::fakes::firstpromoter::{Payout, Promoter};
use serde_json::Value;
use shared::ledger::{Family, Kind};
use shared::provider::ALL;
use shared::provider::object::EventType;
use shared::receive::route::Route;
use shared::wire::json;
pub use tests::samples::fresh;
use tests::samples::{Step, steps};
use tests::scene::Scene;
use tests::{Stage, events_file, golden};

/// The samples in playing order: name, function, expected status.
pub fn samples() -> Vec<(String, String, u16)> {
    steps().into_iter().map(|step| (step.name, step.function, step.status)).collect()
}

/// The bundle with the other side of the samples' rewards.
pub async fn scene(change: impl FnOnce(&mut Options)) -> Scene {
    with_rewards(Scene::with(change).await)
}

/// The same, but nothing tells the workers of what is due.
pub async fn scene_without_stream() -> Scene {
    with_rewards(Scene::without_stream(|_| {}).await)
}

fn with_rewards(scene: Scene) -> Scene {
    scene.platform_has_commission(301_881, 500);
    let mut payout = Payout::new(3_180_442, "free_months", 2);
    payout.promoter = Promoter::new(884_133);
    scene.platform.add_payout(payout);
    scene
}

/// Plays every sample over HTTP and asserts on the answers.
pub async fn play(scene: &Scene) {
    for Step { name, status, after_settling, .. } in steps() {
        if after_settling {
            scene.settle().await;
        }
        let answer = scene.stage.send(&fresh(&name, status)).await;
        assert_eq!(answer.status, status, "{name}: {answer}");
    }
    scene.settle().await;
}

#[tokio::test]
pub async fn every_sample_is_answered_and_leaves_what_it_says() {
    let scene = scene(|_| {}).await;
    play(&scene).await;

    for (pk, status, amount) in [
        ("uppromote#payout#41873", "completed", "318.4 cash_major"),
        ("affonso#payout#pay_81cedar", "completed", "412.5 cash_major"),
        ("affonso#payout#pay_82alder", "deleted", "96.05 cash_major"),
        ("firstpromoter#commission#301881", "approved", "500 points"),
        ("firstpromoter#payout#70211", "completed", "500 points"),
        ("firstpromoter#payout#70305", "failed", "18450 cash_cents"),
        ("firstpromoter-v1#fulfilment#3180442", "pending", "2 free_months"),
    ] {
        let record = scene.stage.record(pk).await;
        assert_eq!((record.status(), record.amount.as_deref()), (status, Some(amount)), "{pk}");
    }
    assert_eq!(scene.record(301_882).await.status(), "denied");

    let promises = scene.promises().await;
    let states: Vec<_> = promises.iter().map(|p| (p.key.as_str(), p.state.as_str())).collect();
    let expected = ["firstpromoter:301881:1", "firstpromoter-v1:3180442:1"];
    assert_eq!(states, expected.map(|key| (key, "confirmed")));
    assert_eq!(promises[1].recipient.as_deref(), Some("884133"));
    assert_eq!(promises[1]["terms"]["recipient"]["reference"], "peat-77");
    assert_eq!(scene.granted().len(), 2);
}

#[tokio::test]
async fn the_new_customer_keeps_every_field_that_may_be_kept() {
    let stage = Stage::start().await;
    let sample = fresh("firstpromoter-v1-lead-becomes-referral", 200);
    stage.send(&sample).await.is(200);
    let sent: Value = serde_json::from_str(sample["body"].as_str().unwrap()).unwrap();
    let record = stage.record(&format!("firstpromoter-v1#customer#{}", sent["data"]["id"])).await;
    assert_eq!(record["provider_status"], sent["data"]["state"]);
    assert_eq!(record.status(), "customer");

    compare(&sent["data"], &record.facts, "", &|path| match path {
        "promoter" => Some("affiliate".into()),
        "state" => Some("status".into()),
        "created_at" => Some("occurred_at".into()),
        _ => None,
    });
}

/// Every leaf that was sent is kept as text, but for what may not be kept and
/// what the seed page does not list.
fn compare(sent: &Value, kept: &Value, path: &str, renamed: &dyn Fn(&str) -> Option<String>) {
    const NOT_KEPT: [&str; 4] =
        ["id", "promoter.temp_password", "promoter.auth_token", "promoter.promotions"];
    const PRESENCE: [&str; 4] = ["w8_form_url", "w9_form_url", "vat_id", "paypal_email"];
    assert!(kept.is_object(), "{path}: {kept}");
    for (name, value) in sent.as_object().unwrap() {
        let at = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let kept_name = renamed(&at).unwrap_or_else(|| name.clone());
        let kept = &kept[kept_name.as_str()];
        if NOT_KEPT.contains(&at.as_str()) {
            assert!(kept.is_null(), "{at} is kept");
        } else if PRESENCE.contains(&name.as_str()) {
            assert_eq!(kept, "present", "{at}");
        } else if value.is_object() {
            compare(value, kept, &at, renamed);
        } else {
            let expected = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let kept = kept.as_str().map_or_else(|| kept.to_string(), str::to_owned);
            let same_time = expected.len() > 20 && kept.get(..19) == expected.get(..19);
            assert!(kept == expected || same_time, "{at}: sent {expected}, kept {kept}");
        }
    }
}

#[tokio::test]
async fn every_sample_can_be_invoked_directly() {
    let scene = scene(|_| {}).await;
    for Step { name, function, status, after_settling } in steps() {
        if after_settling {
            scene.settle().await;
        }
        let response = scene.stage.invoke(&function, &fresh(&name, status)).await;
        assert_eq!(response["statusCode"], status, "{name}");
    }
}

/// The function that takes the events of a family.
fn function_of(family: Family) -> &'static str {
    match family {
        Family::Payouts => "PayoutsFunction",
        Family::Commissions => "CommissionsFunction",
        Family::Customers => "CustomersFunction",
        Family::Affiliates => "AffiliatesFunction",
        Family::Fulfilments => "FulfilmentsFunction",
    }
}

/// Each name of each event has a sample, which goes by that name and to the
/// function of its family, and a golden entry, by which the event is recorded and
/// understood.
#[test]
fn every_event_of_every_catalogue_has_a_sample_and_a_golden_entry() {
    let steps = steps();
    let mut seen = 0;
    for provider in ALL {
        let golden = golden::read(provider.provider.name());
        for row in provider.catalogue {
            for name in row.names() {
                let file = format!("{}-{}", provider.provider, name.replace(['.', '_'], "-"));
                let step = steps.iter().find(|step| step.name == file);
                let step = step.unwrap_or_else(|| panic!("{file} is not played"));
                let family = provider.family_of(row.name).unwrap();
                assert_eq!(step.function, function_of(family), "{file}");
                let event = fresh(&file, step.status);
                let route = Route::of_path(ALL, event["rawPath"].as_str().unwrap()).unwrap();
                assert_eq!(route.family, family, "{file}");
                let body = json::parse(event["body"].as_str().unwrap().as_bytes()).unwrap();
                let named = route.event.map(str::to_owned);
                let named = named.map_or_else(|| (provider.event_type)(&body), Ok);
                assert_eq!(named.unwrap(), name, "{file}");
                let entry = golden.get(&file).unwrap_or_else(|| panic!("{file} is not golden"));
                assert_understood(entry, step, row, name);
                seen += 1;
            }
        }
    }
    assert!(seen > 90, "{seen}");
}

/// The entry of a sample has a record of each kind that its event writes, the event
/// beside it, and nothing that could not be read.
fn assert_understood(entry: &Value, step: &Step, row: &EventType, name: &str) {
    let sample = &step.name;
    assert_eq!(entry["answer"], step.status, "{sample}");
    assert_eq!(entry["line"]["outcome"], "recorded", "{sample}");
    assert_eq!(entry["line"]["unread"], Value::Null, "{sample}");
    let items: Vec<_> = entry["items"].as_object().unwrap().iter().collect();
    for kind in row.kinds().map(Kind::name) {
        let kept = items.iter().any(|(key, item)| key.ends_with(" record") && item["kind"] == kind);
        let told = items.iter().any(|(key, item)| {
            key.contains(&format!("#{kind}#")) && key.contains(" event#") && item["type"] == name
        });
        assert!(kept && told, "{sample}: no {kind}");
    }
}

#[test]
fn the_list_of_samples_is_the_one_that_is_played() {
    let readme = include_str!("../../events/README.md");
    // What calls the workers stands in a section of its own.
    let list = readme.split("\n## ").next().unwrap();
    let rows: Vec<_> = list.lines().filter(|line| line.starts_with("| [")).collect();
    let expected = events_file("answers.json");
    let expected = expected.as_array().unwrap().iter().map(|line| {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let (sample, after) = (text("sample"), text("after"));
        let after = if after.is_empty() { after } else { format!(", {after}") };
        let function = text("function").replace("Function", "").to_lowercase();
        let (answer, records) = (&line["answer"], text("records"));
        format!("| [{sample}]({sample}.json){after} | {function} | {answer} | {records} |")
    });
    assert_eq!(rows, expected.collect::<Vec<_>>());
}

/// The signatures that stand in the files are right as well; only Affonso's
/// grow old. FirstPromoter v1's is a part of the path.
#[test]
fn the_samples_are_signed_for_the_development_secrets() {
    let stored = steps().into_iter();
    let stored = stored.filter(|step| step.status != 401 && !step.name.starts_with("affonso"));
    let mut compared = 0;
    for Step { name, status, .. } in stored {
        assert_eq!(events_file(&format!("{name}.json")), fresh(&name, status), "{name}");
        compared += 1;
    }
    assert!(compared > 10, "{compared}");
}
