//! The page: what it says, whom it lets in, and what it lets them do.

use std::time::{Duration, Instant};

use local::fakes::endpoint::EndpointFault;
use tests::patience::eventually;
use tests::scene::{ID, KEY, Scene};
use tests::webhooks::commission;
use tests::{OpsPage, Workspace};

use crate::leaks::{EVERYTHING, assert_without};
use crate::ops::{json, ops, park};
use crate::samples;

/// The longest time that a screen takes to make.
const SCREEN: Duration = Duration::from_millis(300);

/// The value of the field of that name in the first form of a page.
pub fn field(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\""))?;
    let (_, rest) = rest.split_once("value=\"")?;
    Some(rest.split('"').next()?.to_owned())
}

/// The pairs as a form is sent.
pub fn encoded(pairs: &[(&str, &str)]) -> String {
    let escape = |text: &str| {
        let bytes = text.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        });
        bytes.collect::<String>()
    };
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn each_screen_says_what_the_table_says() {
    let scene = Scene::with_parameters(&[("RewardEndpointIdempotent", "no")]).await;
    park(&scene, EndpointFault::DropsReply).await;
    let stack = &scene.stage.stack;
    let folder = Workspace::of(stack);
    let page = OpsPage::start_in(folder.path(), &stack.dynamodb, &[]).await;
    let cookie = page.enter().await;
    let now = json(&scene, &["now"]).await;
    let sentence = now["sentence"].as_str().unwrap();
    let causes = &now["causes"][0];
    let person = json(&scene, &["affiliate", "firstpromoter", "31"]).await;
    assert_eq!(
        (causes["count"].as_u64(), person["rewards"].as_array().unwrap().len()),
        (Some(1), 1)
    );
    let told = format!("{ID}");
    let story = format!("/story/firstpromoter/commission/{ID}");
    for (path, parts) in [
        ("/", [sentence, "unknown_outcome", "Look whether the key was given"]),
        ("/waiting", ["1 reward waits for a person: 1 cause.", "from requested: 1 reward", "Do: "]),
        (
            "/waiting?reason=unknown_outcome&from=requested",
            ["1 reward waits for a person, for this reason.", KEY, "500 points"],
        ),
        (
            "/affiliate/firstpromoter/31",
            ["Promised 1 reward: 1 waits for a person.", "500 points", "nobody knows"],
        ),
        (&story, [&told, "Nobody knows whether it is given.", "promised 500 points to promoter"]),
        (&format!("/find?q={KEY}"), ["1 object and 0 rewards to a customer.", KEY, &story]),
        ("/inbox", ["Nothing is in the inbox.", "Inbox", "Find any id"]),
        (
            "/wiring",
            [
                "Events came from 1 of 4 providers since it was started.",
                "What is approved from 2026-01-01T00:00:00Z on is fulfilled",
                &format!("{}/webhooks/affonso/payouts", stack.http),
            ],
        ),
    ] {
        let answer = page.look(&cookie, path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        for part in parts {
            assert!(answer.body.contains(part), "{part} is not at {path}\n{}", answer.body);
        }
        assert!(!answer.body.contains("p@example.com"), "{path}");
        assert!(!answer.body.contains("<script"), "{path}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.header(name).as_deref(), Some(value), "{path}");
        }
        let policy = answer.header("content-security-policy").unwrap();
        let nonce = field(&answer.body.replace("<style nonce=", "name=\"s\" value="), "s").unwrap();
        assert_eq!(
            policy,
            format!(
                "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; \
                 frame-ancestors 'none'; base-uri 'none'"
            )
        );
    }
    let now = page.look(&cookie, "/").await;
    assert_eq!(now.header("refresh").as_deref(), Some("30; url=/?again=1"));
    let csv = page.look(&cookie, "/affiliate/firstpromoter/31?as=csv").await;
    assert!(csv.body.contains(KEY) && csv.head.contains("text/csv"), "{csv:?}");
    for (path, says) in [
        ("/affiliate/firstpromoter/32", "nothing is recorded of affiliate 32"),
        ("/story/firstpromoter/commission/1%3Cb%3E", "1&lt;b&gt;"),
        ("/story/fi%23rst/commission/1", "has a # in its name"),
        ("/find?q=nobody-has-this", "nothing has the id nobody-has-this"),
        ("/find?q=", "say an id"),
        ("/waiting?reason=over_age&from=requested", "nothing is parked with"),
        ("/waiting?reason=unknown_outcome&from=here", "name the cause by reason and by state"),
        ("/wp-admin", "there is no such page"),
    ] {
        let answer = page.look(&cookie, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains(says), "{says} is not at {path}\n{}", answer.body);
    }
}

/// Against a table on this machine no screen keeps anybody waiting.
#[tokio::test]
async fn each_screen_is_there_within_its_time() {
    let scene = samples::scene(|_| {}).await;
    samples::play(&scene).await;
    let stack = &scene.stage.stack;
    let folder = Workspace::of(stack);
    let page = OpsPage::start_in(folder.path(), &stack.dynamodb, &[]).await;
    let cookie = page.enter().await;
    for path in [
        "/",
        "/waiting",
        "/inbox",
        "/wiring",
        "/affiliate/firstpromoter/660412",
        "/story/firstpromoter/commission/301881",
        "/find?q=301881",
    ] {
        // Others use the machine, too: it counts that it can be as quick.
        eventually(&format!("{path} within {SCREEN:?}"), async || {
            let started = Instant::now();
            let answer = page.look(&cookie, path).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            (started.elapsed() < SCREEN).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn only_the_browser_that_opened_the_printed_address_is_let_in() {
    let scene = Scene::start().await;
    let page = OpsPage::start(&scene.stage.stack.dynamodb, &[]).await;
    let host = ("Host", page.host.as_str());
    let no_cookie = page.ask("GET", "/", &[host], "").await;
    let cookie = page.enter().await;
    let used = page.ask("GET", page.address.split_once(&page.host).unwrap().1, &[host], "").await;
    let with = ("Cookie", cookie.as_str());
    let localhost = page.host.replace("127.0.0.1", "localhost");
    let rebound = page.ask("GET", "/", &[("Host", "evil.example"), with], "").await;
    let other_name = page.ask("GET", "/", &[("Host", &localhost), with], "").await;
    let no_origin = page.ask("POST", "/waiting/resume", &[host, with], "token=x").await;
    let foreign = [host, with, ("Origin", "http://evil.example")];
    let foreign = page.ask("POST", "/waiting/resume", &foreign, "token=x").await;
    let read_only = page.post(&cookie, "/waiting/resume", "token=x").await;
    for refused in [no_cookie, used, rebound, other_name, no_origin, foreign, read_only] {
        assert_eq!(refused.status, 403, "{refused:?}");
        assert_eq!(refused.header("cache-control").as_deref(), Some("no-store"));
        assert!(!refused.body.contains("waits for a person"), "{refused:?}");
    }
    assert_eq!(page.ask("DELETE", "/", &[host, with], "").await.status, 405);
    assert_eq!(page.look(&cookie, "/").await.status, 200);
}

#[tokio::test]
async fn what_waits_goes_on_in_the_name_of_the_operator_after_it_was_shown() {
    let scene = Scene::start().await;
    park(&scene, EndpointFault::Refuse { status: 422, reason: "no_account".into() }).await;
    let page = OpsPage::start(&scene.stage.stack.dynamodb, &["--allow-resume", "jane"]).await;
    let cookie = page.enter().await;
    let causes = json(&scene, &["parked"]).await;
    let reason = causes["causes"][0]["reason"].as_str().unwrap().to_owned();
    let from = causes["causes"][0]["from"].as_str().unwrap().to_owned();
    let path = format!("/waiting?{}", encoded(&[("reason", &reason), ("from", &from)]));
    let form = page.look(&cookie, &path).await.body;
    let (token, ticked) = (field(&form, "token").unwrap(), field(&form, "ticked").unwrap());
    let filled = |token: &str, because: &str| {
        encoded(&[
            ("token", token),
            ("reason", &reason),
            ("from", &from),
            ("because", because),
            ("ticked", &ticked),
        ])
    };
    // More than the command takes, too.
    let too_much = "x".repeat(501);
    for (form, status) in [
        (filled("0", "seen"), 403),
        (filled(&token, ""), 400),
        (filled(&token, &too_much), 400),
        ("token=".to_owned(), 403),
    ] {
        assert_eq!(page.post(&cookie, "/waiting/preview", &form).await.status, status);
    }
    let shown = page.post(&cookie, "/waiting/preview", &filled(&token, "account made")).await;
    assert!(shown.body.contains("1 reward of 1 would go on. Nothing is written"), "{shown:?}");
    scene.until_state(KEY, "parked").await;
    let done = page.post(&cookie, "/waiting/resume", &filled(&token, "account made")).await;
    assert!(done.body.contains("1 reward of 1 went on."), "{done:?}");
    scene.until_state(KEY, "confirmed").await;
    let told = ops(&scene, &["story", KEY]).await.succeeds().to_owned();
    assert!(told.contains("jane resumed it: account made"), "{told}");
    let again = page.post(&cookie, "/waiting/resume", &filled(&token, "account made")).await;
    assert_eq!(again.status, 409, "{again:?}");
    assert!(again.body.contains("jane resumed it at "), "{again:?}");
}

#[tokio::test]
async fn what_nobody_knows_the_outcome_of_is_never_ticked() {
    let scene = Scene::with_parameters(&[("RewardEndpointIdempotent", "no")]).await;
    park(&scene, EndpointFault::DropsReply).await;
    let page = OpsPage::start(&scene.stage.stack.dynamodb, &["--allow-resume", "jane"]).await;
    let cookie = page.enter().await;
    let path = "/waiting?reason=unknown_outcome&from=requested";
    let screen = page.look(&cookie, path).await.body;
    assert!(!screen.contains("type=\"checkbox\"") && !screen.contains("<form action=\"/waiting"));
    // Not even for somebody who makes the form up, as far as they know the token.
    let form = encoded(&[
        ("token", "0"),
        ("reason", "unknown_outcome"),
        ("from", "requested"),
        ("because", "seen"),
        ("all", "yes"),
    ]);
    assert_eq!(page.post(&cookie, "/waiting/resume", &form).await.status, 403);
    scene.until_state(KEY, "parked").await;
}

#[tokio::test]
async fn who_somebody_is_stands_on_no_screen_unless_asked_for() {
    let scene = samples::scene(|_| {}).await;
    samples::play(&scene).await;
    let dynamodb = &scene.stage.stack.dynamodb;
    let folder = Workspace::of(&scene.stage.stack);
    let page = OpsPage::start_in(folder.path(), dynamodb, &[]).await;
    let cookie = page.enter().await;
    let (mut stories, mut bodies) = (Vec::new(), 0);
    for item in scene.stage.items().await {
        let pk = item["pk"].as_str().unwrap_or_default();
        let parts: Vec<String> = pk.splitn(3, '#').map(|part| part.replace('#', "%23")).collect();
        let mut paths = vec![format!("/story/{}", parts.join("/"))];
        if let Some(identity) = item.text("sk").strip_prefix("event#") {
            let event = encoded(&[("event", identity)]);
            paths.push(format!("/show/{}?{event}", parts.join("/")));
            bodies += 1;
        }
        stories
            .extend(paths.into_iter().filter(|path| !stories.contains(path)).collect::<Vec<_>>());
    }
    assert!(stories.len() > 20 && bodies > 20, "{stories:?}");
    let rest = ["/", "/waiting", "/inbox", "/wiring", "/find?q=660412"];
    let person = ["/affiliate/firstpromoter/660412"];
    for path in rest.into_iter().chain(person).map(str::to_owned).chain(stories) {
        let answer = page.look(&cookie, &path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_without(&EVERYTHING, &answer.body, &path);
    }
}

/// The body on demand, from the inbox and from a story, behind the same gate.
#[tokio::test]
async fn what_is_kept_of_an_event_is_shown_where_it_is_asked_for() {
    let scene = Scene::without_stream(|_| {}).await;
    scene.post(&commission(5).approved()).await.is(200);
    for sample in ["firstpromoter-malformed", "affonso-unknown-type"] {
        let status = if sample.ends_with("malformed") { 400 } else { 200 };
        scene.stage.send(&samples::fresh(sample, status)).await.is(status);
    }
    let page = OpsPage::start(&scene.stage.stack.dynamodb, &[]).await;
    let cookie = page.enter().await;
    for (screen, parts) in [
        ("/story/firstpromoter/commission/5", &["&quot;status&quot;: &quot;approved&quot;"][..]),
        ("/inbox", &["Received ", "The body as it is kept"]),
    ] {
        let told = page.look(&cookie, screen).await.body;
        let paths: Vec<String> = told
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|path| path.starts_with("/show/"))
            .map(str::to_owned)
            .collect();
        assert!(!paths.is_empty(), "{told}");
        for path in paths {
            let shown = page.look(&cookie, &path).await;
            assert_eq!(shown.status, 200, "{path}: {shown:?}");
            for part in parts.iter().chain(&["<dt>Secret</dt>", "bytes"]) {
                assert!(shown.body.contains(part), "{part} is not at {path}\n{}", shown.body);
            }
            assert!(!shown.body.contains("p@example.com") && !shown.body.contains("<script"));
            assert_eq!(shown.header("cache-control").as_deref(), Some("no-store"));
            let policy = shown.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'; style-src 'nonce-"), "{policy}");
            let stranger = page.ask("GET", &path, &[("Host", &page.host)], "").await;
            assert_eq!(stranger.status, 403, "{stranger:?}");
        }
    }
    for (path, says) in [
        ("/show/firstpromoter/commission/6", "nothing is kept under firstpromoter#commission#6"),
        ("/show/firstpromoter/commission/5?event=no-such", "has no such event"),
        ("/show/fi%23rst/commission/5", "has a # in its name"),
    ] {
        let answer = page.look(&cookie, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains(says), "{says} is not at {path}\n{}", answer.body);
    }
    let personal = OpsPage::start(&scene.stage.stack.dynamodb, &["--personal"]).await;
    let cookie = personal.enter().await;
    let shown = personal.look(&cookie, "/show/firstpromoter/commission/5").await;
    assert!(shown.body.contains("p@example.com") && !shown.body.contains("hidden"), "{shown:?}");
}
