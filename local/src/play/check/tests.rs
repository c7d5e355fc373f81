use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::*;
use crate::play::fakes::RewardEndpoint;
use crate::play::fakes::server::{Received, Server, json as reply};

const SECRET: &str = "whsec_dGhlIGtleSBvZiB0aGUgZW5kcG9pbnQ=";

fn check(url: &str) -> Check {
    Check {
        url: url.to_owned(),
        keys: vec![Key::of(b"one that is gone"), Key::parse(SECRET).unwrap()],
        first: 1_000,
        edits: Vec::new(),
        limit: Duration::from_mins(2),
        count: None,
        client: Anywhere::anywhere("").unwrap(),
    }
}

/// The verdicts, by case.
async fn verdicts(check: &Check) -> Vec<(Case, Verdict)> {
    let mut all = Vec::new();
    check.run(|case, verdict| all.push((case, verdict.clone()))).await.unwrap();
    assert_eq!(all.len(), 9);
    all
}

/// The cases that are not as they should be.
async fn wrong(check: &Check) -> Vec<Case> {
    let all = verdicts(check).await.into_iter();
    all.filter(|(_, verdict)| !matches!(verdict, Verdict::Right(_))).map(|(case, _)| case).collect()
}

#[tokio::test]
async fn the_sample_endpoint_does_what_is_demanded() {
    let endpoint = RewardEndpoint::start(0, &[SECRET]).await.unwrap();
    let all = verdicts(&check(&endpoint.url())).await;
    assert!(all.iter().all(|(_, verdict)| matches!(verdict, Verdict::Right(_))), "{all:?}");
    let calls = endpoint.calls();
    assert_eq!(calls.len(), 11);
    let keys: BTreeSet<_> = calls.iter().filter_map(|call| call.id.clone()).collect();
    assert!(keys.iter().all(|key| key.starts_with("firstpromoter:100")), "{keys:?}");
}

/// What is wrong with an endpoint.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Flaw {
    AcceptsAnySignature,
    AcceptsAnyTime,
    GrantsTwiceAtOnce,
    GrantsEachTime,
    FailsForWhatItKnows,
    ForgetsReversals,
    RefusesReversals,
    RefusesEarlyReversals,
    RefusesUnknownFields,
    RefusesForgeriesForGood,
    HangsUpOnForgeries,
    SaysNothing,
}

#[derive(Default)]
struct Books {
    known: BTreeMap<String, u32>,
    taken_back: BTreeSet<String>,
}

/// An endpoint with a flaw.
async fn flawed(flaw: Flaw) -> Server {
    let books = Arc::new(Mutex::new(Books::default()));
    Server::start(0, move |request| {
        let answer = answer(flaw, &mut books.lock().unwrap(), &request);
        async move { answer.map(|(status, body)| reply(status, &body)) }
    })
    .await
    .unwrap()
}

fn answer(flaw: Flaw, books: &mut Books, request: &Received) -> Option<(u16, Value)> {
    let header = |name| request.header(name).unwrap();
    let (id, time) = (header("webhook-id").to_owned(), header("webhook-timestamp"));
    let expected = Key::parse(SECRET).unwrap().sign(&id, time, &request.body);
    let forged = !header("webhook-signature").split(' ').any(|signature| signature == expected);
    let old = now().abs_diff(time.parse().unwrap()) > 300;
    if forged && flaw != Flaw::AcceptsAnySignature || old && flaw != Flaw::AcceptsAnyTime {
        return match flaw {
            Flaw::RefusesForgeriesForGood => Some((400, json!({}))),
            Flaw::HangsUpOnForgeries => None,
            _ => Some((401, json!({}))),
        };
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let key = body["data"]["key"].as_str().unwrap().to_owned();
    if flaw == Flaw::RefusesUnknownFields && body["data"].get("added_later").is_some() {
        return Some((422, json!({ "error": "unknown_field" })));
    }
    if body["type"] == "reward.reversed" {
        let early = !books.known.contains_key(&key);
        return Some(match flaw {
            Flaw::RefusesReversals => (400, json!({})),
            Flaw::RefusesEarlyReversals if early => (404, json!({})),
            Flaw::ForgetsReversals => (200, json!({})),
            _ => {
                books.taken_back.insert(key);
                (200, json!({}))
            }
        });
    }
    let calls = books.known.entry(id).or_default();
    *calls += 1;
    let known = *calls > 1;
    Some(match flaw {
        Flaw::SaysNothing => (200, json!({})),
        Flaw::FailsForWhatItKnows if known => (500, json!({})),
        Flaw::GrantsEachTime => (200, json!({ "granted": true })),
        // As one that looks before it writes: the second call came in between.
        Flaw::GrantsTwiceAtOnce if *calls == 2 && key.ends_with("1003:1") => {
            (200, json!({ "granted": true }))
        }
        _ => (200, json!({ "granted": !known && !books.taken_back.contains(&key) })),
    })
}

#[tokio::test]
async fn each_flaw_is_named() {
    use Case as C;
    for (flaw, expected) in [
        (Flaw::AcceptsAnySignature, [C::WrongSignature].as_slice()),
        (Flaw::AcceptsAnyTime, &[C::OldTime]),
        (Flaw::GrantsTwiceAtOnce, &[C::TwiceAtOnce]),
        (Flaw::GrantsEachTime, &[C::Again, C::TwiceAtOnce, C::ReversalFirst]),
        (Flaw::FailsForWhatItKnows, &[C::Again, C::TwiceAtOnce]),
        (Flaw::ForgetsReversals, &[C::ReversalFirst]),
        (Flaw::RefusesReversals, &[C::TakenBack, C::ReversalFirst]),
        (Flaw::RefusesEarlyReversals, &[C::ReversalFirst]),
        (Flaw::RefusesUnknownFields, &[C::UnknownField]),
        (Flaw::RefusesForgeriesForGood, &[C::WrongSignature, C::OldTime]),
        (Flaw::HangsUpOnForgeries, &[C::WrongSignature, C::OldTime]),
        (Flaw::SaysNothing, &[C::Again, C::TwiceAtOnce, C::ReversalFirst]),
    ] {
        let server = flawed(flaw).await;
        let check = check(&format!("http://{}/", server.address()));
        assert_eq!(wrong(&check).await, expected, "{flaw:?}");
    }
}

#[tokio::test]
async fn an_endpoint_that_never_answers_is_too_slow() {
    let server = Server::start(0, |_| std::future::pending()).await.unwrap();
    let mut check = check(&format!("http://{}/", server.address()));
    check.limit = Duration::from_millis(20);
    let wrong = wrong(&check).await;
    assert!(wrong.contains(&Case::Slow) && wrong.contains(&Case::Right), "{wrong:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn what_the_answers_do_not_tell_is_counted() {
    let server = flawed(Flaw::SaysNothing).await;
    let mut check = check(&format!("http://{}/", server.address()));
    // The books of an endpoint that does everything right.
    check.count = Some("case $KEY in *:1001:1|*:1002:1|*:1004:1) echo 0;; *) echo 1;; esac".into());
    assert_eq!(wrong(&check).await, []);
    check.count = Some("echo 2".to_owned());
    let often = [
        Case::Right,
        Case::Again,
        Case::WrongSignature,
        Case::OldTime,
        Case::TwiceAtOnce,
        Case::ReversalFirst,
        Case::UnknownField,
    ];
    assert_eq!(wrong(&check).await, often);
    check.count = Some("echo many".to_owned());
    let failed = check.run(|_, _| ()).await.unwrap_err().to_string();
    assert!(failed.starts_with("--count: prints no number"), "{failed}");
}

#[tokio::test]
async fn nobody_there_is_said_at_once() {
    let failed = check("http://127.0.0.1:1/rewards").run(|_, _| ()).await.unwrap_err();
    assert_eq!(failed.to_string(), "nobody listens at http://127.0.0.1:1");
}
