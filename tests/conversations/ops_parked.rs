//! The operator's command and many promises that wait for the same thing.

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use serde_json::Value;
use tests::scene::{ID, KEY, Scene, key};

use crate::ops::{json, ops};

/// Three rewards that the endpoint refuses for good, and one of which nobody knows
/// whether it was given.
async fn waiting() -> (Scene, [u64; 3]) {
    let scene = Scene::with_parameters(&[("RewardEndpointIdempotent", "no")]).await;
    let ids = [41, 42, 43];
    let reason = "no_such_account".to_owned();
    scene.endpoint.inject(Fault::of(EndpointFault::Refuse { status: 422, reason }).times(3));
    for id in ids {
        scene.approve(id).await;
        scene.until_state(&key(id), "parked").await;
    }
    scene.endpoint.inject(Fault::of(EndpointFault::DropsReply).times(1));
    scene.approve(ID).await;
    scene.until_state(KEY, "parked").await;
    (scene, ids)
}

const CAUSE: &str = "reason=422 no_such_account,from=requested";

#[tokio::test]
async fn many_with_one_cause_are_shown_as_one_and_resumed_as_one() {
    let (scene, ids) = waiting().await;
    let text = ops(&scene, &["parked"]).await.succeeds().to_owned();
    for part in [
        "4 rewards wait for a person: 2 causes.\n",
        "422 no_such_account, from requested: 3 rewards, the oldest for ",
        "points: 3 rewards; last outcome ",
        "Do: Mend it there, such as by creating the account.",
        "unknown_outcome, from requested: 1 reward, for ",
        "outcome unknown: 1",
        " resume --where 'reason=422 no_such_account,from=requested' --dry-run\n",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("--where reason=unknown_outcome"), "{text}");
    let told = json(&scene, &["parked"]).await;
    let causes: Vec<_> =
        told["causes"].as_array().unwrap().iter().map(|cause| &cause["count"]).collect();
    assert_eq!(
        (causes, told["parked"].as_array().unwrap().len()),
        (vec![&Value::from(3), &Value::from(1)], 4)
    );
    for (filter, count) in [
        (&["--reason", "422 no_such_account"][..], 3),
        (&["--unit", "points"], 4),
        (&["--from", "requested", "--reason", "unknown_outcome"], 1),
    ] {
        let told = json(&scene, &[&["parked"], filter].concat()).await;
        assert_eq!(told["parked"].as_array().unwrap().len(), count, "{filter:?}");
    }
    ops(&scene, &["parked", "--campaign", "0"]).await.fails(1, "nothing is parked with campaign=0");
    assert!(!format!("{text}{told}").contains("p@example.com"));

    // Shown first, and written only when asked for.
    let dry = ["resume", "--where", CAUSE, "--dry-run"];
    let shown = ops(&scene, &dry).await.succeeds().to_owned();
    assert!(shown.starts_with("3 of 3 promises would go on\n"), "{shown}");
    assert_eq!(shown.matches("it is delivered next").count(), 3, "{shown}");
    assert_eq!(json(&scene, &["parked"]).await["parked"].as_array().unwrap().len(), 4);
    let limited = json(&scene, &[&dry[..], &["--limit", "2"]].concat()).await;
    assert_eq!(
        (limited["promises"].as_array().unwrap().len(), &limited["beyond_limit"]),
        (2, &1.into())
    );

    let many = ["resume", "--where", CAUSE, "--because", "the account is made"];
    // Here nobody can be asked.
    let unasked = ops(&scene, &many).await;
    unasked.fails(2, "say --yes");
    assert!(unasked.err.contains("3 of 3 promises would go on\n"), "{unasked:?}");
    assert_eq!(json(&scene, &["parked"]).await["parked"].as_array().unwrap().len(), 4);
    let done = ops(&scene, &[&many[..], &["--yes"]].concat()).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.err.contains("3 of 3 promises would go on"), "{done:?}");
    assert!(done.out.starts_with("3 of 3 promises went on\n"), "{done:?}");
    for id in ids {
        let confirmed = scene.until_state(&key(id), "confirmed").await;
        assert_eq!(confirmed["words"][0]["because"], "the account is made");
        assert_eq!(confirmed["words"][0]["by"], "night-shift");
    }
    ops(&scene, &dry).await.fails(1, "nothing is parked with reason=422");
}

#[tokio::test]
async fn what_nobody_knows_is_in_no_bulk_and_a_bare_resume_says_what_would_do() {
    let (scene, _) = waiting().await;
    let unknown = "reason=unknown_outcome,from=requested";
    for word in [&[][..], &["--close"], &["--granted"], &["--not-granted"]] {
        let because: &[&str] = if word.is_empty() { &[] } else { &["--because", "looked"] };
        let words = [&["resume", "--where", unknown, "--yes"], word, because].concat();
        ops(&scene, &words).await.fails(1, "left: nobody knows what its last call came to");
    }
    assert_eq!(scene.promise(KEY).await.state, "parked");

    // The key is looked up first.
    ops(&scene, &["resume", "firstpromoter:1:1"]).await.fails(1, "there is no such promise");
    let asked = ops(&scene, &["resume", KEY]).await;
    asked.fails(1, "say whether it was given");
    for (command, becomes) in [
        ("--granted --because WHY", "if it was given, then FirstPromoter is told next"),
        ("--not-granted --because WHY", "if it was not given, then it is delivered next"),
        ("--close --granted --because WHY", "if it was given, then it is settled: given"),
        (
            "--close --not-granted --because WHY",
            "if it was not given, then it is settled: not given",
        ),
    ] {
        let whole = format!("--dynamodb {} resume {KEY} {command}\n", scene.stage.stack.dynamodb);
        let (_, after) = asked.err.split_once(&whole).unwrap_or_else(|| panic!("{asked:?}"));
        assert!(after.trim_start().starts_with(becomes), "{command}: {after}");
    }
    assert_eq!(asked.err.matches(" resume ").count(), 4);
}

#[tokio::test]
async fn of_two_who_resume_the_same_one_wins_and_the_other_is_told() {
    let (scene, _) = waiting().await;
    let word = |by| ["resume", KEY, "--close", "--not-granted", "--because", "looked", "--by", by];
    let (jane, joe) = (word("jane"), word("joe"));
    let (one, other) = tokio::join!(ops(&scene, &jane), ops(&scene, &joe));
    let ((won, by), lost) = match (one.code, other.code) {
        (0, 1) => ((one, "jane"), other),
        (1, 0) => ((other, "joe"), one),
        _ => panic!("{one:?} {other:?}"),
    };
    won.succeeds();
    lost.fails(1, &format!("is not parked, but denied; {by} resumed it at "));
    let words = &scene.promise(KEY).await["words"];
    assert_eq!(words.as_array().map(Vec::len), Some(1), "{words}");
    assert_eq!(words[0]["by"], Value::from(by));
}
