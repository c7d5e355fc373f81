//! What cannot be read, and ids that nobody would choose: the rest of each answer stands.

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use serde_json::{Value, json};
use tests::OpsPage;
use tests::messages::{commission_pk, promise_sk};
use tests::scene::{ID, KEY, Scene, key};
use tests::scratch::{Scratch, template_without_index};
use tests::webhooks::{AFFONSO, commission};

use crate::ops::{json, ops};
use crate::ops_looking::given;
use crate::ops_page::encoded;
use crate::samples::fresh;

/// A scene whose table lacks an index.
async fn without_index(index: &str) -> Scene {
    let template = template_without_index(index);
    Scene::with(|options| template.path().clone_into(&mut options.template)).await
}

/// A page of a scene, and the cookie for it.
async fn page_of(scene: &Scene) -> (OpsPage, String) {
    let page = OpsPage::start(&scene.stage.stack.dynamodb, &[]).await;
    let cookie = page.enter().await;
    (page, cookie)
}

#[tokio::test]
async fn an_index_that_cannot_be_read_is_named_and_the_rest_stands() {
    for index in ["by-recipient", "by-affiliate"] {
        let scene = without_index(index).await;
        scene.confirm().await;
        let answer = json(&scene, &["affiliate", "firstpromoter", "31"]).await;
        assert_eq!(given(&answer), [(KEY, "given")]);
        let gap = answer["gaps"][0].as_str().unwrap();
        assert!(gap.starts_with(&format!("index {index}: table unavailable")), "{answer}");
        let text = ops(&scene, &["affiliate", "firstpromoter", "31"]).await.succeeds().to_owned();
        assert!(text.contains(&format!("Not read: index {index}: ")), "{text}");
        let (page, cookie) = page_of(&scene).await;
        let screen = page.look(&cookie, "/affiliate/firstpromoter/31").await;
        for part in ["not read:", index, "The rest stands.", "1 given and confirmed", KEY] {
            assert!(screen.body.contains(part), "{part} is not in {screen:?}");
        }
        // What is found by points is found all the same.
        let found = ops(&scene, &["find", KEY]).await.succeeds().to_owned();
        assert!(found.contains(&format!("{KEY}: Given")), "{found}");
        assert!(found.contains(&format!("Not read: index {index}")), "{found}");
        let found = page.look(&cookie, &format!("/find?q={KEY}")).await.body;
        assert!(found.contains("1 object and 0 rewards"), "{found}");
        assert!(found.contains("not read:"), "{found}");
        ops(&scene, &["story", KEY]).await.succeeds();
        scene.stop().await;
    }
}

/// All that is asked by the index of open work, and nothing else.
#[tokio::test]
async fn without_the_index_of_open_work_it_is_said_that_it_cannot_be_read() {
    let scene = without_index("open-work").await;
    scene.confirm().await;
    let (page, cookie) = page_of(&scene).await;
    let cause = ["resume", "--where", "reason=over_age,from=requested"];
    for (words, path) in
        [(&["now"][..], "/"), (&["parked"], "/waiting"), (&["inbox"], "/inbox"), (&cause, "/")]
    {
        ops(&scene, words).await.fails(2, "table unavailable: ");
        let screen = page.look(&cookie, path).await;
        assert_eq!(screen.status, 502, "{path}: {screen:?}");
        assert!(screen.body.contains("table unavailable: "), "{path}: {screen:?}");
    }
    for words in [&["affiliate", "firstpromoter", "31"][..], &["find", KEY], &["story", KEY]] {
        ops(&scene, words).await.succeeds();
    }
}

/// Three rewards of one cause. The promise of the third cannot be read, and then not the
/// record of the second either.
#[tokio::test]
async fn an_item_that_cannot_be_read_costs_itself_alone() {
    let scene = Scene::start().await;
    let reason = "no_account".to_owned();
    scene.endpoint.inject(Fault::of(EndpointFault::Refuse { status: 422, reason }).times(3));
    for id in [41, 42, 43] {
        scene.approve(id).await;
        scene.until_state(&key(id), "parked").await;
    }
    let (promise, record) = ((commission_pk(43), promise_sk(1)), commission_pk(42));
    let spoil = |item: &mut Value| item["created_at"] = json!({ "S": "last summer" });
    scene.stage.edit_item(&promise.0, &promise.1, spoil).await;
    let unread = scene.stage.raw_item(&promise.0, &promise.1).await.unwrap();
    let corrupt = "corrupt item: a promise cannot be read because of its attribute created_at";
    let gap = format!("promise of firstpromoter commission 43: {corrupt}");
    let spoil = |item: &mut Value| item["version"] = json!({ "S": "one" });
    scene.stage.edit_item(&record, "record", spoil).await;
    // Of the first the index cannot say since when it waits: it waits all the same.
    let spoil = |item: &mut Value| item["open_since"] = json!({ "S": "x" });
    scene.stage.edit_item(&commission_pk(41), &promise_sk(1), spoil).await;
    assert_eq!(scene.sweep().await["failed"], 0);
    let other = "record of firstpromoter commission 42: corrupt item: a record cannot be read \
                 because of its attribute version";

    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = async |words: &[&str], parts: &[&str]| {
        let text = flat(ops(&scene, words).await.succeeds());
        for part in parts {
            assert!(text.contains(part), "{words:?}: {part} is not in\n{text}");
        }
        assert!(!text.contains("last summer"), "{text}");
    };
    let cause = "reason=422 no_account,from=requested";
    let resume = ["resume", "--where", cause, "--because", "made"];
    let not_read = format!("Not read: {gap}. The rest stands.");
    let (first, second, third) = (key(41), key(42), key(43));
    said(&["parked"], &["2 rewards wait for a person: 1 cause.", &not_read]).await;
    said(&["parked", "--rows"], &[&first, &second, &not_read]).await;
    said(&["now"], &["3 rewards wait for a person.", "requested: 2 rewards", &not_read]).await;
    let person = ["Promised 2 rewards: 2 wait", &not_read, &format!("Not read: {other}.")];
    said(&["affiliate", "firstpromoter", "31"], &person).await;
    said(&["find", "43"], &["firstpromoter commission 43: approved", &not_read]).await;
    said(&["find", &second], &[&format!("{second}: "), other]).await;
    said(&["find", &third], &["firstpromoter commission 43: approved", &not_read]).await;
    said(&["story", &third], &["commission.updated", "record: approved, version 1", &not_read])
        .await;
    said(&["story", &second], &["commission.updated", &format!("promise {second}: "), other]).await;
    let dry = [&resume[..3], &["--dry-run"]].concat();
    said(&dry, &["2 of 2 promises would go on", &not_read]).await;
    ops(&scene, &["resume", &third]).await.fails(2, corrupt);
    let found = ops(&scene, &["find", "42"]).await;
    found.fails(1, "nothing that can be read has the id 42; ");
    assert!(found.err.contains(other), "{found:?}");

    let told = json(&scene, &["parked"]).await;
    assert_eq!(told["gaps"], json!([gap]));
    let person = json(&scene, &["affiliate", "firstpromoter", "31"]).await;
    assert_eq!(person["gaps"], json!([other, gap]));
    assert_eq!(person["commissions"], json!([]), "{person}");

    let (page, cookie) = page_of(&scene).await;
    let waiting = format!("/waiting?{}", encoded(&[("reason", "422 no_account")]));
    for (path, sentence) in [
        ("/", "3 rewards wait for a person."),
        ("/waiting", "2 rewards wait for a person: 1 cause."),
        (&waiting, "2 rewards wait for a person, for this reason."),
        ("/affiliate/firstpromoter/31", "Promised 2 rewards: 2 wait"),
        ("/find?q=43", "1 object and 0 rewards"),
        ("/story/firstpromoter/commission/43", "commission.updated"),
    ] {
        let screen = page.look(&cookie, path).await;
        assert_eq!(screen.status, 200, "{path}: {screen:?}");
        for part in [sentence, &gap, "The rest stands."] {
            assert!(screen.body.contains(part), "{path}: {part} is not in\n{}", screen.body);
        }
    }
    let agreed = [&resume[..], &["--yes"]].concat();
    let done = flat(&ops(&scene, &agreed).await.out);
    assert!(done.starts_with("2 of 2 promises went on") && done.contains(&not_read), "{done}");
    scene.until_state(&first, "confirmed").await;
    assert_eq!(scene.stage.raw_item(&promise.0, &promise.1).await.unwrap(), unread);
}

/// It counts as parked, is in no cause, and cannot be resumed.
#[tokio::test]
async fn a_promise_that_is_parked_for_nothing_is_named() {
    let scene = Scene::start().await;
    let reason = "no_account".to_owned();
    scene.endpoint.inject(Fault::of(EndpointFault::Refuse { status: 422, reason }).times(2));
    for id in [41, 42] {
        scene.approve(id).await;
        scene.until_state(&key(id), "parked").await;
    }
    let spoil = |item: &mut Value| drop(item.as_object_mut().unwrap().remove("parked"));
    scene.stage.edit_item(&commission_pk(42), &promise_sk(1), spoil).await;
    let why = "in state parked, but its item does not say why";
    let gap = format!("{}: {why}", key(42));
    let told = json(&scene, &["parked"]).await;
    let keys: Vec<&Value> =
        told["parked"].as_array().unwrap().iter().map(|one| &one["key"]).collect();
    assert_eq!((keys, &told["gaps"]), (vec![&json!(key(41))], &json!([gap])));
    assert_eq!(json(&scene, &["now"]).await["gaps"][0], json!(gap));
    let (page, cookie) = page_of(&scene).await;
    for path in ["/", "/waiting"] {
        let screen = page.look(&cookie, path).await.body;
        assert!(screen.contains(&gap), "{path}: {screen}");
    }
    ops(&scene, &["resume", &key(42)]).await.fails(1, &format!("is {why}"));
}

/// An event, of an object and in the inbox.
#[tokio::test]
async fn an_event_that_cannot_be_read_is_named_and_the_others_are_told() {
    let scene = Scene::without_stream(|_| {}).await;
    for sample in ["firstpromoter-test", "affonso-unknown-type"] {
        scene.stage.send(&fresh(sample, 200)).await.is(200);
    }
    scene.approve(ID).await;
    let mut spoilt = Vec::new();
    for event in scene.stage.items_of("event#").await {
        let (pk, sk) = (event.text("pk"), event.text("sk"));
        if pk == commission_pk(ID) || pk.starts_with("affonso#") {
            let spoil = |item: &mut Value| item["received_at"] = json!({ "S": "once" });
            scene.stage.edit_item(&pk, &sk, spoil).await;
            spoilt.push(pk);
        }
    }
    assert_eq!(spoilt.len(), 2, "{spoilt:?}");
    let corrupt = "corrupt item: an event cannot be read because of its attribute received_at";
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let listed = flat(ops(&scene, &["inbox"]).await.succeeds());
    assert!(listed.starts_with("1 item in the inbox, latest first: 1 test."), "{listed}");
    assert!(listed.contains("Not read: event of affonso inbox ") && listed.contains(corrupt));
    let told = json(&scene, &["inbox"]).await;
    assert_eq!((told["items"].as_array().unwrap().len(), told["gaps"].is_array()), (1, true));
    let story = flat(ops(&scene, &["story", KEY]).await.succeeds());
    assert!(story.contains("promised 500 points") && story.contains(corrupt), "{story}");
    ops(&scene, &["show", &commission_pk(ID)]).await.fails(2, corrupt);
    // Beside others that can be read, it is not said that there is none.
    let lines = scene.stage.lines(3).await;
    let of_commission = |line: &&Value| line["subject"] == format!("commission#{ID}");
    let identity = lines.iter().find(of_commission).unwrap()["identity"].as_str().unwrap();
    let later = commission(ID).edited("approved").second(59);
    scene.post(&later).await.is(200);
    let show =
        async |words: &[&str]| ops(&scene, &[&["show", &commission_pk(ID)], words].concat()).await;
    show(&[identity]).await.fails(2, corrupt);
    let other = show(&["no-such-event"]).await;
    other.fails(1, "has no such event that can be read");
    assert!(flat(&other.err).contains(corrupt), "{other:?}");
    show(&[]).await.fails(1, "has several events, which one?");
    let log = Scratch::new("functions.log");
    std::fs::write(log.path(), scene.stage.stack.logs().join("\n")).unwrap();
    let by_id = ops(&scene, &["show", identity, "--log", log.text()]).await;
    by_id.fails(1, "commission.updated, kept, and cannot be read");
    let (page, cookie) = page_of(&scene).await;
    let story = format!("/story/firstpromoter/commission/{ID}");
    for (path, part) in [("/inbox", "1 item in the inbox"), (&story, "promised 500 points")] {
        let screen = page.look(&cookie, path).await.body;
        assert!(screen.contains(part) && screen.contains(corrupt), "{path}: {screen}");
    }
    // Somebody whose only reward cannot be read is not nobody.
    let spoil = |item: &mut Value| item["created_at"] = json!({ "S": "last summer" });
    scene.stage.edit_item(&commission_pk(ID), &promise_sk(1), spoil).await;
    let person = ops(&scene, &["affiliate", "firstpromoter", "31"]).await.succeeds().to_owned();
    let begins = "affiliate 31 of firstpromoter\nNo reward that can be read was promised.\n";
    assert!(person.starts_with(begins) && person.contains("Not read: promise of"), "{person}");
}

#[tokio::test]
async fn an_id_may_have_anything_in_it() {
    let scene = Scene::start().await;
    let (page, cookie) = page_of(&scene).await;
    let long = "\u{e9}".repeat(256);
    let ids = ["a#b c", "it's \"so\"", "\u{1f381}\u{1f389}", long.as_str(), "-9", "=1+1", "a/../b"];
    for (n, id) in ids.into_iter().enumerate() {
        let body = json!({
            "id": format!("e-{n}"), "type": "payout.created", "createdAt": "2026-10-01T10:00:00Z",
            "data": {"payoutId": id, "affiliateId": id, "amount": 12.9, "status": "PENDING"},
        });
        scene.stage.post_to(AFFONSO, body.to_string()).await.is(200);
        let person = ops(&scene, &["affiliate", "affonso", "--json", "--", id]).await;
        let person: Value = serde_json::from_str(person.succeeds()).unwrap();
        assert_eq!(person["payouts"][0]["id"], id, "{person}");
        assert_eq!(person["paid"]["pending"][0]["number"], "12.90", "{person}");
        let found = ops(&scene, &["find", "--json", "--", id]).await;
        let found: Value = serde_json::from_str(found.succeeds()).unwrap();
        assert_eq!(found["objects"][0]["partition"], format!("affonso#payout#{id}"));
        for words in [
            &["affiliate", "affonso", "--", id][..],
            &["story", "--", "affonso", "payout", id],
            &["affiliate", "--csv", "affonso", "--", id],
            &["show", "--", &format!("affonso#payout#{id}")],
        ] {
            assert!(!ops(&scene, words).await.succeeds().is_empty());
        }
        // Nobody has these.
        let key = format!("firstpromoter:{id}:1");
        for (words, says) in [
            (&["resume", "--", &key][..], "there is no such promise"),
            (&["story", "--", &key], "nothing is recorded under"),
            (&["show", "--", &key], "nothing is kept under"),
            (&["affiliate", "--customer", "affonso", "--", id], "nothing is recorded of customer"),
        ] {
            ops(&scene, words).await.fails(1, says);
        }
        let (_, part) = encoded(&[("", id)]).split_once('=').map(owned).unwrap();
        for (path, status, shown) in [
            (format!("/affiliate/affonso/{part}"), 200, "12.90"),
            (format!("/affiliate/affonso/{part}?as=csv"), 200, "12.90"),
            (format!("/story/affonso/payout/{part}"), 200, "payout.created"),
            (format!("/find?q={part}"), 200, "2 objects and 0 rewards"),
            (format!("/customer/affonso/{part}"), 404, "nothing is recorded of customer"),
            (format!("/waiting?reason={part}"), 404, "nothing is parked with"),
        ] {
            let screen = page.look(&cookie, &path).await;
            assert_eq!(screen.status, status, "{path}: {screen:?}");
            assert!(screen.body.contains(shown), "{path}: {screen:?}");
        }
        // Its own links lead back to it.
        let person = page.look(&cookie, &format!("/affiliate/affonso/{part}")).await.body;
        let (_, link) = person.split_once("href=\"/story/").unwrap();
        let link = link.split('"').next().unwrap().replace("&amp;", "&");
        assert_eq!(page.look(&cookie, &format!("/story/{link}")).await.status, 200, "{link}");
    }
    // Longer than any key.
    let endless = "x".repeat(3_000);
    for (words, says) in [
        (&["find", &endless][..], " has the id"),
        (&["affiliate", "affonso", &endless], "nothing is recorded of affiliate"),
        (&["story", "affonso", "payout", &endless], "nothing is recorded under"),
        (&["show", &endless], "nothing is kept under"),
    ] {
        ops(&scene, words).await.fails(1, says);
    }
    for path in ["affiliate/affonso", "customer/affonso", "story/affonso/payout"] {
        let screen = page.look(&cookie, &format!("/{path}/{endless}")).await;
        assert_eq!(screen.status, 404, "{path}: {screen:?}");
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
