//! What the running `cargo local` was given, and the command goes by.

use tests::Workspace;

use super::*;

/// Secrets and an age that the run has, and nobody else.
#[tokio::test]
async fn by_what_its_run_was_given_doctor_says_what_a_request_is_answered() {
    let webhooks = json!({ "affonso": { "hmac": ["a-key-of-this-run"] } });
    let age = [("AffonsoPastToleranceSeconds", "7200")];
    let mut server = Server::with_secrets(&webhooks, &age).await;
    let file = Scratch::new("secrets.json");
    std::fs::write(file.path(), json!({ "webhooks": webhooks }).to_string()).unwrap();
    let workspace = Workspace::with_secrets(&server.stage.stack, file.path());
    let url = server.stage.stack.dynamodb.clone();
    let asked = async |event: &Value, words: &[&str]| {
        let event = now_in(event).to_string();
        let words = [&["--dynamodb", &url][..], words].concat();
        asked_in(workspace.path(), event.as_bytes(), &words).await
    };
    let own = |time: u64| {
        let mut event = unsigned(AFFONSO, PAYOUT, &[]);
        sign::sign(&mut event, &webhooks, time).unwrap();
        event
    };
    let developments = timed(PAYOUT, now());
    for (event, status, reason) in [
        (developments.clone(), 401, Some("no_secret_matches")),
        (own(now()), 200, None),
        (own(now() - 1_000), 200, None),
        (own(now() - 7_400), 401, Some("too_old")),
        (signed_with(&dev_secrets()["webhooks"], COMMISSIONS, "{}"), 503, None),
    ] {
        let answer = server.sent(&event).await;
        assert_eq!((answer.0, answer.2.as_deref()), (status, reason), "{event}");
        is_said(&asked(&event, &["--json"]).await, &answer, &event.to_string());
        let told = asked(&event, &[]).await.out;
        assert!(!told.contains("development secrets") && !told.contains("by default"), "{told}");
    }
    let told = asked(&own(now()), &[]).await;
    let told = told.succeeds().split_whitespace().collect::<Vec<_>>().join(" ");
    let limit = "Let in are 7200 s, by AffonsoPastToleranceSeconds of the running cargo local.";
    assert!(told.contains(limit), "{told}");

    // Other secrets are held to the age of the run all the same.
    let others = Scratch::new("others.json");
    std::fs::write(others.path(), dev_secrets().to_string()).unwrap();
    let old = timed(PAYOUT, now() - 1_000);
    asked(&old, &["--secrets", others.text()]).await.succeeds();

    // Where none runs, it says by what it goes instead.
    let told = asked_of(developments.to_string().as_bytes(), &[]).await.out;
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let assumed = "Assumed: the development secrets and the default age limit, as no cargo local";
    assert!(told.contains(assumed), "{told}");

    std::fs::remove_file(file.path()).unwrap();
    let lost = asked(&developments, &[]).await;
    lost.fails(2, "the secrets that cargo local was given: ");
    assert!(lost.err.contains("--secrets FILE takes them from another file"), "{lost:?}");
}
