mod faults;

use serde_json::json;

use super::*;
use crate::play::fakes::test_client::{Reply, TestClient, seen_first};

const V2_HEADERS: [(&str, &str); 2] = [("Authorization", "Bearer key"), ("Account-ID", "17")];
const V1_HEADERS: [(&str, &str); 1] = [("X-API-KEY", "key")];

struct Stage {
    fake: FakeFirstPromoter,
    client: TestClient,
}

/// Commissions 1 to 8 of 500 points, approved.
async fn stage() -> Stage {
    let fake = FakeFirstPromoter::start(0).await.unwrap();
    for id in 1..=8 {
        fake.add_commission(Commission::new(id, "points", 500).with_status(Status::Approved));
    }
    Stage { fake, client: TestClient::new() }
}

impl Stage {
    async fn post(&self, action: &str, ids: &[u64]) -> Option<Reply> {
        let url = format!("{}/commissions/{action}", self.fake.v2_url());
        let body = json!({ "ids": ids }).to_string();
        self.client.send("POST", &url, &V2_HEADERS, body).await
    }

    /// Status code and JSON.
    async fn posted(&self, action: &str, ids: &[u64]) -> (u16, Value) {
        let reply = self.post(action, ids).await.unwrap();
        (reply.status, reply.json())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.fake.v2_url());
        let reply = self.client.send("GET", &url, &V2_HEADERS, "").await;
        let reply = reply.unwrap();
        (reply.status, reply.json())
    }

    async fn listed(&self, query: &str) -> Vec<u64> {
        let (_, list) = self.get(&format!("/commissions{query}")).await;
        let items = list.as_array().unwrap().iter();
        items.map(|item| item["id"].as_u64().unwrap()).collect()
    }

    async fn v1(&self, method: &str, path: &str) -> (u16, Value) {
        let url = format!("{}{path}", self.fake.v1_url());
        let reply = self.client.send(method, &url, &V1_HEADERS, "").await;
        let reply = reply.unwrap();
        (reply.status, reply.json())
    }

    fn fulfilled(&self, id: u64) -> bool {
        self.fake.commission(id).unwrap().fulfilled
    }

    fn last(&self) -> Call {
        self.fake.calls().pop().unwrap()
    }
}

#[tokio::test]
async fn a_reward_is_approved_fulfilled_and_taken_back_each_with_its_webhook() {
    let stage = stage().await;
    let mut webhooks = stage.fake.webhooks();
    assert!(stage.fake.set_status(1, Status::Pending));
    for (action, event, entity, change) in [
        ("approve", "commission.updated", 1, ["pending", "approved"]),
        ("mark_fulfilled", "payout.updated", 500_001, ["pending", "completed"]),
        ("mark_unfulfilled", "payout.updated", 500_001, ["completed", "pending"]),
        ("deny", "commission.updated", 1, ["approved", "denied"]),
    ] {
        let (status, answer) = stage.posted(action, &[1]).await;
        assert_eq!((status, &answer["status"]), (200, &json!("completed")), "{action}");
        assert_eq!(answer["processed_count"], 1);
        let webhook = webhooks.recv().await.unwrap();
        assert_eq!(webhook["event_type"], event);
        assert_eq!(webhook["entity_id"], entity);
        assert_eq!(webhook["changes"], json!({ "status": change }));
        assert_eq!(webhook["data"]["status"], change[1]);
        assert_eq!(webhook["data"]["unit"], "points");
    }
    assert!(webhooks.try_recv().is_err());
    assert_eq!(stage.last().operation, Some(Operation::Deny));
    assert_eq!(stage.last().status, Some(200));
}

#[tokio::test]
async fn what_may_not_be_fulfilled_is_refused() {
    let stage = stage().await;
    let add = |id, unit, status| {
        let commission = Commission::new(id, unit, 1).with_status(status);
        stage.fake.add_commission(commission);
    };
    add(11, "cash", Status::Approved);
    add(12, "points", Status::Pending);
    add(13, "points", Status::Denied);
    add(14, "points", Status::Approved);
    let lose = |commission: &mut Commission| commission.has_payout = false;
    assert!(stage.fake.edit_commission(14, lose));
    stage.posted("mark_fulfilled", &[1]).await;
    for (ids, code) in [
        (vec![11], "monetary"),
        (vec![12], "not_approved"),
        (vec![13], "not_approved"),
        (vec![14], "payout_missing"),
        (vec![99], "not_found"),
        (vec![1], "already_fulfilled"),
        (vec![], "invalid_ids"),
    ] {
        let (status, answer) = stage.posted("mark_fulfilled", &ids).await;
        assert_eq!((status, &answer["code"]), (422, &json!(code)));
        assert!(answer["message"].is_string());
    }
    let (status, answer) = stage.posted("mark_fulfilled", &[2, 12]).await;
    assert_eq!((status, &answer["failed_count"]), (200, &json!(1)));
    assert_eq!(answer["processing_errors"][0]["id"], 12);
    assert!(stage.fulfilled(2) && !stage.fulfilled(12));

    stage.fake.set_behaviour(Behaviour {
        repeats_accepted: true,
        whole_batches: true,
        ..Behaviour::default()
    });
    assert_eq!(stage.posted("mark_fulfilled", &[1]).await.0, 200);
    assert_eq!(stage.posted("mark_fulfilled", &[3, 12]).await.0, 422);
    assert!(!stage.fulfilled(3));
}

#[tokio::test]
async fn more_than_five_are_processed_later() {
    let stage = stage().await;
    let (status, answer) = stage.posted("mark_fulfilled", &[1, 2, 3, 4, 5, 6]).await;
    assert_eq!((status, &answer["status"]), (202, &json!("in_progress")));
    assert!(!stage.fulfilled(1));
    let path = format!("/batch_processes/{}", answer["id"]);
    assert_eq!(stage.get(&path).await.1["status"], "in_progress");
    let (_, over) = stage.get(&path).await;
    assert_eq!((&over["status"], &over["processed_count"]), (&json!("completed"), &json!(6)));
    assert!(stage.fulfilled(6));
    assert_eq!(stage.get("/batch_processes/99").await.0, 404);
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let stage = stage().await;
    stage.fake.add_commission(Commission::new(9, "credits", 3));
    stage.posted("mark_fulfilled", &[2, 3]).await;
    for (query, expected) in [
        ("?ids[]=2&ids%5B%5D=9&ids[]=77", vec![2, 9]),
        ("?status=pending", vec![9]),
        ("?filters%5Bstatus%5D=pending", vec![9]),
        ("?unit=credits", vec![9]),
        ("?filters[fulfilled]=yes", vec![2, 3]),
        ("?ids[]=1&ids[]=2&filters[fulfilled]=no", vec![1]),
        ("?per_page=4&page=3", vec![9]),
    ] {
        assert_eq!(stage.listed(query).await, expected, "{query}");
    }
    let (_, list) = stage.get("/commissions?ids[]=1").await;
    assert_eq!(list[0]["promoter_campaign"]["promoter"]["email"], "promoter-1@example.com");
    assert_eq!(list[0]["referral"]["uid"], "customer-1");
    stage.fake.set_behaviour(Behaviour { wrapped_lists: true, ..Behaviour::default() });
    let (_, list) = stage.get("/commissions?ids[]=9").await;
    assert_eq!((&list["data"][0]["id"], &list["meta"]["total"]), (&json!(9), &json!(1)));
}

#[tokio::test]
async fn v1_lists_and_updates_payouts() {
    let stage = stage().await;
    for (id, campaign) in [(21, 5), (22, 6)] {
        let mut payout = Payout::new(id, "free_months", 3);
        payout.campaign = campaign;
        stage.fake.add_payout(payout);
    }
    let (status, list) =
        stage.v1("GET", "/payouts/list?promoter_id=21&campaign_id=5&status=pending").await;
    assert_eq!((status, list.as_array().unwrap().len()), (200, 1));
    assert_eq!(list[0]["promoter"]["id"], 21);
    assert_eq!(stage.v1("GET", "/payouts/list?campaign_id=7").await.1, json!([]));

    let (status, payout) = stage.v1("PUT", "/payouts/update?id=21&status=completed").await;
    assert_eq!((status, &payout["status"]), (200, &json!("completed")));
    assert_eq!(stage.fake.payout(21).unwrap().status, PayoutStatus::Completed);
    assert_eq!(stage.last().ids, [21]);
    for (query, status, error) in [
        ("id=99&status=completed", 404, "Payment not found"),
        ("status=completed", 422, "You need to find the payout by id."),
        ("id=22&status=done", 422, "Status is not valid."),
    ] {
        let answer = stage.v1("PUT", &format!("/payouts/update?{query}")).await;
        assert_eq!(answer, (status, json!({ "error": error })));
    }
    let url = format!("{}/payouts/update", stage.fake.v1_url());
    let form = [V1_HEADERS[0], ("Content-Type", "application/x-www-form-urlencoded")];
    let reply = stage.client.send("PUT", &url, &form, "id=22&status=processing").await;
    assert_eq!(reply.unwrap().status, 200);
    assert!(stage.fake.set_payout_status(22, PayoutStatus::Pending));
}

#[tokio::test]
async fn keys_are_asked_for_and_their_headers_recorded() {
    let stage = stage().await;
    stage.fake.inject(PlatformFault::Unavailable503);
    let list = format!("{}/commissions", stage.fake.v2_url());
    for headers in [&V2_HEADERS[..1], &V2_HEADERS[1..], &V1_HEADERS] {
        let reply = stage.client.send("GET", &list, headers, "").await.unwrap();
        assert_eq!((reply.status, reply.body.len()), (401, 0));
        assert_eq!(stage.last().fault, None);
    }
    stage.fake.clear_faults();
    assert_eq!(stage.get("/commissions").await.0, 200);
    assert!(stage.last().headers.contains("account-id"));
    let payouts = format!("{}/payouts/list", stage.fake.v1_url());
    let reply = stage.client.send("GET", &payouts, &V2_HEADERS, "").await;
    assert_eq!(reply.unwrap().status, 401);

    stage.fake.expect_keys(Keys {
        api_key: "other".to_owned(),
        account_id: "17".to_owned(),
        v1_api_key: "key".to_owned(),
    });
    let reply = stage.client.send("GET", &list, &V2_HEADERS, "").await;
    assert_eq!(reply.unwrap().status, 401);
    assert_eq!(stage.v1("GET", "/payouts/list").await.0, 200);
    assert_eq!(stage.get("/affiliates").await.0, 404);
    assert_eq!(stage.last().operation, None);
}

#[tokio::test]
async fn the_busiest_minute_slides_and_scales() {
    let stage = stage().await;
    for _ in 0..3 {
        stage.listed("").await;
    }
    assert_eq!(stage.fake.busiest_minute(1.0), 3);
    tokio::time::sleep(Duration::from_millis(150)).await;
    stage.listed("").await;
    assert_eq!(stage.fake.busiest_minute(1.0), 4);
    assert!(stage.fake.busiest_minute(600.0) <= 3);
}

#[tokio::test]
async fn it_stops_when_dropped() {
    let stage = stage().await;
    let url = format!("{}/commissions", stage.fake.v2_url());
    assert_eq!(stage.listed("?ids[]=1").await, [1]);
    let Stage { fake, client } = stage;
    drop(fake);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(client.send("GET", &url, &V2_HEADERS, "").await.is_none());
}
