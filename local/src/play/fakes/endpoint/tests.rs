use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::OffsetDateTime;

use super::*;
use crate::play::fakes::test_client::{Reply, TestClient, seen_first};

/// The example of the Standard Webhooks specification's libraries.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &str = r#"{"type":"reward.granted","amount":"500"}"#;

struct Stage {
    endpoint: RewardEndpoint,
    client: TestClient,
}

async fn stage() -> Stage {
    Stage {
        endpoint: RewardEndpoint::start(0, &[SECRET]).await.unwrap(),
        client: TestClient::new(),
    }
}

fn sign(secret: &str, id: &str, at: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

impl Stage {
    async fn send(&self, id: &str, at: i64, signature: &str, body: &'static str) -> Option<Reply> {
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", &at.to_string()),
            ("webhook-signature", signature),
        ];
        let url = self.endpoint.url();
        self.client.send("POST", &url, &headers, body).await
    }

    async fn deliver(&self, id: &str) -> Option<Reply> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        self.send(id, now, &sign(SECRET, id, now, BODY), BODY).await
    }

    fn last(&self) -> Call {
        self.endpoint.calls().pop().unwrap()
    }

    fn granted(&self, id: &str) -> bool {
        self.endpoint.grants().contains_key(id)
    }
}

#[test]
fn the_published_example_verifies() {
    let body = r#"{"test": 2432232314}"#;
    let mut headers = axum::http::HeaderMap::new();
    for (name, value) in [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let request = Received {
        method: Method::POST,
        path: "/rewards".to_owned(),
        query: String::new(),
        headers,
        body: Bytes::from_static(body.as_bytes()),
    };
    let keys = Keys::parse(&[SECRET]).unwrap();
    let sent = OffsetDateTime::from_unix_timestamp(1_614_265_330).unwrap();
    for (seconds, expected) in [
        (0, Ok(())),
        (300, Ok(())),
        (-300, Ok(())),
        (301, Err(Unverified::Timestamp)),
        (-301, Err(Unverified::Timestamp)),
    ] {
        let now = sent + time::Duration::seconds(seconds);
        assert_eq!(keys.verify(&request, now), expected, "{seconds}");
    }
}

#[tokio::test]
async fn a_reward_is_granted_once_and_every_call_kept() {
    let stage = stage().await;
    for repeated in [false, true] {
        let reply = stage.deliver("firstpromoter:1:1").await.unwrap();
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["granted"], !repeated);
    }
    let calls = stage.endpoint.calls();
    assert_eq!((calls.len(), stage.endpoint.grants().len()), (2, 1));
    for call in &calls {
        assert!(call.verified());
        assert_eq!(call.body, BODY);
        assert_eq!((call.path.as_str(), call.status), ("/rewards", Some(200)));
        assert_eq!(call.header("webhook-id"), Some("firstpromoter:1:1"));
    }
    assert!(calls[0].at <= calls[1].at);
}

#[tokio::test]
async fn what_is_not_signed_right_is_kept_and_grants_nothing() {
    let stage = stage().await;
    // Not verified, thus not struck.
    stage.endpoint.inject(EndpointFault::DropsReply);
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let right = sign(SECRET, "k", now, BODY);
    let late = now - 400;
    for (id, at, signature, problem) in [
        ("other", now, right.clone(), Unverified::Signature),
        ("k", now - 1, right.clone(), Unverified::Signature),
        ("k", now, right.replace("v1,", "v2,"), Unverified::Signature),
        ("k", now, sign("whsec_b3RoZXI=", "k", now, BODY), Unverified::Signature),
        ("k", late, sign(SECRET, "k", late, BODY), Unverified::Timestamp),
    ] {
        let reply = stage.send(id, at, &signature, BODY).await.unwrap();
        assert_eq!(reply.status, 401);
        assert_eq!(stage.last().verification, Err(problem));
    }
    let url = stage.endpoint.url();
    let reply = stage.client.send("POST", &url, &[], BODY).await.unwrap();
    assert_eq!(reply.status, 401);
    assert_eq!(stage.last().verification, Err(Unverified::Unsigned));
    assert!(stage.endpoint.grants().is_empty());
    assert_eq!(stage.endpoint.calls().len(), 6);
    let reply = stage.client.send("GET", &url, &[], "").await.unwrap();
    assert_eq!(reply.status, 405);
}

#[tokio::test]
async fn one_signature_of_several_will_do_and_secrets_change() {
    let stage = stage().await;
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let both = |id| {
        let other = sign("whsec_b3RoZXI=", id, now, BODY);
        format!("{other} {}", sign(SECRET, id, now, BODY))
    };
    assert_eq!(stage.send("a", now, &both("a"), BODY).await.unwrap().status, 200);
    stage.endpoint.set_secrets(&["whsec_b3RoZXI="]).unwrap();
    assert_eq!(stage.send("b", now, &both("b"), BODY).await.unwrap().status, 200);
    assert_eq!(stage.deliver("c").await.unwrap().status, 401);
    assert!(stage.endpoint.set_secrets(&["whsec_"]).is_err());
    assert!(stage.endpoint.set_secrets(&["whsec_***"]).is_err());
}

#[tokio::test]
async fn faults_that_answer_at_once() {
    let limited = |retry_after| EndpointFault::RateLimited { retry_after };
    let refuse = EndpointFault::Refuse { status: 422, reason: "no such customer".to_owned() };
    for (fault, status, granted) in [
        (refuse, 422, false),
        (limited(Some(7)), 429, false),
        (limited(None), 429, false),
        (EndpointFault::Unavailable503, 503, false),
        (EndpointFault::Unauthorized401, 401, false),
        (EndpointFault::Redirect, 302, false),
        (EndpointFault::GrantedBut500, 500, true),
        (EndpointFault::Conflict409, 409, true),
        (EndpointFault::HugeAnswer { bytes: 3_000_000 }, 200, true),
    ] {
        let stage = stage().await;
        let name = fault.name();
        let retry_after = (fault == limited(Some(7))).then_some("7");
        let huge = matches!(fault, EndpointFault::HugeAnswer { .. });
        stage.endpoint.inject(Fault::of(fault).times(1).for_key("k"));
        assert_eq!(stage.deliver("other").await.unwrap().status, 200);
        let reply = stage.deliver("k").await.unwrap();
        assert_eq!((reply.status, stage.granted("k")), (status, granted), "{name}");
        let header = reply.headers.get("retry-after");
        assert_eq!(header.map(|value| value.to_str().unwrap()), retry_after);
        assert_eq!(reply.headers.contains_key("location"), status == 302);
        assert_eq!(reply.body.len() > 2_000_000, huge);
        if status == 422 {
            assert_eq!(reply.json()["error"], "no such customer");
        }
        assert_eq!((stage.last().fault, stage.last().status), (Some(name), Some(status)));
        assert_eq!(stage.deliver("k").await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn replies_are_lost_or_late_though_it_is_granted() {
    let stage = stage().await;
    stage.endpoint.inject(Fault::of(EndpointFault::DropsReply).times(1));
    assert!(stage.deliver("a").await.is_none());
    assert_eq!((stage.granted("a"), stage.last().status), (true, None));

    let delay = Duration::from_secs(1);
    stage.endpoint.inject(Fault::of(EndpointFault::Slow(delay)).times(2));
    assert!(seen_first(stage.deliver("b"), || stage.granted("b")).await);
    let started = Instant::now();
    assert_eq!(stage.deliver("c").await.unwrap().status, 200);
    assert!(started.elapsed() >= delay);
}

#[tokio::test]
async fn chance_strikes_some_of_the_calls() {
    let stage = stage().await;
    let presets = [EndpointFault::Unavailable503, EndpointFault::GrantedBut500];
    stage.endpoint.inject(Fault::one_of(presets).chance(0.5, 11));
    for call in 0..40 {
        stage.deliver(&format!("k{call}")).await.unwrap();
    }
    let calls = stage.endpoint.calls();
    let count = |status| calls.iter().filter(|call| call.status == Some(status)).count();
    assert!(count(200) > 5 && count(500) > 2 && count(503) > 2);
    assert_eq!(count(200) + count(500), stage.endpoint.grants().len());
}

#[tokio::test]
async fn it_stops_when_dropped() {
    let stage = stage().await;
    assert_eq!(stage.deliver("a").await.unwrap().status, 200);
    let url = stage.endpoint.url();
    let Stage { endpoint, client } = stage;
    drop(endpoint);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(client.send("POST", &url, &[], BODY).await.is_none());
}
