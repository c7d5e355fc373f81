use std::time::Instant;

use super::*;

/// Each fault with its answer, and the state of commission 1 after it.
#[tokio::test]
async fn faults_that_answer_at_once() {
    let limited = |retry_after| PlatformFault::RateLimited { retry_after };
    for (fault, status, fulfilled) in [
        (PlatformFault::CreatedBut500, 500, true),
        (limited(Some(3)), 429, false),
        (limited(None), 429, false),
        (PlatformFault::AlreadyFulfilled422, 422, true),
        (PlatformFault::NoPayoutYet422, 422, false),
        (PlatformFault::Unauthorized401, 401, false),
        (PlatformFault::Forbidden403, 403, false),
        (PlatformFault::Unavailable503, 503, false),
        (PlatformFault::BatchPartialFailure, 200, false),
    ] {
        let stage = stage().await;
        let name = crate::play::fakes::FaultKind::name(&fault);
        let retry_after = (fault == limited(Some(3))).then_some("3");
        stage.fake.inject(Fault::of(fault).times(1).on(Operation::MarkFulfilled));
        assert_eq!(stage.get("/commissions").await.0, 200);
        let reply = stage.post("mark_fulfilled", &[1]).await.unwrap();
        let header = reply.headers.get("retry-after");
        assert_eq!(header.map(|value| value.to_str().unwrap()), retry_after);
        assert_eq!((reply.status, stage.fulfilled(1)), (status, fulfilled), "{name}");
        assert_eq!(stage.last().fault, Some(name));
        if (400..500).contains(&status) && status != 401 {
            assert!(reply.json()["code"].is_string(), "{name}");
        }
        if !fulfilled {
            assert_eq!(stage.posted("mark_fulfilled", &[1]).await.0, 200, "{name}");
        }
    }
}

#[tokio::test]
async fn a_partial_failure_leaves_the_last_one_out() {
    let stage = stage().await;
    stage.fake.inject(PlatformFault::BatchPartialFailure);
    let (status, answer) = stage.posted("mark_fulfilled", &[1, 2]).await;
    assert_eq!((status, &answer["failed_count"]), (200, &json!(1)));
    assert_eq!(answer["processing_errors"][0]["id"], 2);
    assert!(stage.fulfilled(1) && !stage.fulfilled(2));
}

#[tokio::test]
async fn batches_drag_on_or_stop() {
    for (fault, polls) in [
        (
            PlatformFault::Stays202 { finishes_after: Some(2) },
            ["in_progress", "in_progress", "completed"],
        ),
        (PlatformFault::Stays202 { finishes_after: None }, ["in_progress"; 3]),
        (PlatformFault::BatchStops, ["stopped"; 3]),
    ] {
        let stage = stage().await;
        stage.fake.inject(fault);
        let (status, answer) = stage.posted("mark_fulfilled", &[1]).await;
        assert_eq!(status, 202);
        let path = format!("/batch_processes/{}", answer["id"]);
        for expected in polls {
            assert_eq!(stage.get(&path).await.1["status"], expected);
        }
        assert_eq!(stage.fulfilled(1), polls[2] == "completed");
    }
}

#[tokio::test]
async fn replies_are_lost_or_late_though_the_effect_is_there() {
    let stage = stage().await;
    stage.fake.inject(Fault::of(PlatformFault::DropsReply).for_id(1).times(1));
    assert!(stage.post("mark_fulfilled", &[1]).await.is_none());
    assert_eq!((stage.fulfilled(1), stage.last().status), (true, None));

    let delay = Duration::from_secs(1);
    stage.fake.inject(Fault::of(PlatformFault::Slow(delay)).for_id(2));
    let started = Instant::now();
    assert!(seen_first(stage.post("mark_fulfilled", &[2]), || stage.fulfilled(2)).await);
    assert_eq!(stage.posted("mark_fulfilled", &[2]).await.0, 422);
    assert!(started.elapsed() >= delay);
    assert_eq!(stage.posted("mark_fulfilled", &[3]).await.0, 200);
}

#[tokio::test]
async fn v1_fails_in_its_own_form() {
    let stage = stage().await;
    stage.fake.add_payout(Payout::new(21, "points", 3));
    stage.fake.inject(Fault::of(PlatformFault::CreatedBut500).on(Operation::UpdatePayout));
    let (status, answer) = stage.v1("PUT", "/payouts/update?id=21&status=completed").await;
    assert_eq!((status, answer["error"].is_string()), (500, true));
    assert_eq!(stage.fake.payout(21).unwrap().status, PayoutStatus::Completed);
}
