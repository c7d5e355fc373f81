//! The writes that the table refuses, and the reads that it leaves incomplete, asked
//! of the store directly.

use serde_json::json;
use shared::aws::Aws;
use shared::aws::store::{Store, StoreError, StoredRequest, Unread};
use shared::fulfilment::{ChangeSet, Promise, Snapshot, State, Terms};
use shared::ledger::{Event, ItemKeys, Partition, Record, item_keys};
use shared::provider::definition::Delivered;
use shared::provider::{ALL, Definition, firstpromoter};
use shared::wire::Timestamp;
use tests::Stage;
use tests::proxy::DynamoProxy;

const PK: &str = "firstpromoter#commission#5";
const OWN: &Definition = &firstpromoter::DEFINITION;

fn pk() -> Partition {
    PK.parse().unwrap()
}

/// The stage's table.
pub fn store(stage: &Stage) -> Store {
    store_at(stage, &stage.stack.dynamodb)
}

fn store_at(stage: &Stage, url: &str) -> Store {
    let variable = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
        "AWS_REGION" => Some("us-east-1".to_owned()),
        "AWS_ENDPOINT_URL" => Some(url.to_owned()),
        _ => None,
    };
    let client = Aws::from_env(&variable).unwrap().dynamodb();
    Store::new(client, stage.stack.table.clone())
}

fn event(id: &str) -> Event {
    let body = json!({"event_id": id, "event_type": "commission.updated",
        "data": {"id": 5, "status": "pending"}});
    let body = shared::wire::json::parse(body.to_string().as_bytes()).unwrap();
    let event_type = "commission.updated";
    let delivered = Delivered { event_type, body: &body, sha256: "", received: Timestamp::now() };
    OWN.event(ALL, &delivered).unwrap()
}

fn archive() -> StoredRequest {
    let received = Timestamp::now();
    StoredRequest {
        body: Vec::new(),
        sha256: "00".into(),
        length: 0,
        truncated: false,
        headers: std::collections::BTreeMap::new(),
        secret: "hmac[0]".into(),
        received,
        expires: received.plus_seconds(1000),
    }
}

/// A promise that owes nothing, so that no worker touches it.
fn settled(epoch: u32) -> Promise {
    let key = format!("firstpromoter:5:{epoch}");
    Promise::new(key, epoch, State::Confirmed, Terms::default(), Timestamp::now())
}

fn write(id: &str, known: &Snapshot, promises: Vec<Promise>) -> ChangeSet {
    let before = known.record.clone().unwrap_or_default();
    let epoch = promises.last().map_or(before.epoch, |promise| promise.epoch);
    ChangeSet {
        identity: id.into(),
        changed: Vec::new(),
        record: Some(Record { version: before.version + 1, epoch, ..before }),
        promises,
        no_promise: None,
        clock_ahead: false,
        gaps: Vec::new(),
        others: Vec::new(),
    }
}

#[tokio::test]
async fn an_event_that_leaves_a_promise_as_it_was_is_not_written_beside_a_change_of_it() {
    let stage = Stage::start().await;
    let store = store(&stage);
    let first = write("e1", &Snapshot::default(), vec![settled(1)]);
    store.commit(OWN, &event("e1"), &Snapshot::default(), &first, &archive()).await.unwrap();

    let (_, sk) = item_keys(&event("e2"));
    let stale = store.read(&pk(), sk.as_deref(), &[]).await.unwrap();
    let mut promise = stale.promise.clone().unwrap();
    promise.version += 1;
    promise.retry.attempts = 7;
    store.save(&pk(), &[promise]).await.unwrap();

    let second = write("e2", &stale, Vec::new());
    let refused = store.commit(OWN, &event("e2"), &stale, &second, &archive()).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(stage.count("event#").await, 1);

    let fresh = store.read(&pk(), sk.as_deref(), &[]).await.unwrap();
    let second = write("e2", &fresh, Vec::new());
    store.commit(OWN, &event("e2"), &fresh, &second, &archive()).await.unwrap();
    assert_eq!(stage.record(PK).await.version, 2);
}

#[tokio::test]
async fn a_new_epoch_is_noted_in_the_record() {
    let stage = Stage::start().await;
    let store = store(&stage);
    let first = write("e1", &Snapshot::default(), vec![settled(1)]);
    store.commit(OWN, &event("e1"), &Snapshot::default(), &first, &archive()).await.unwrap();
    let before = store.read(&pk(), None, &[]).await.unwrap();

    let mut ended = before.promise.clone().unwrap();
    ended.version += 1;
    store.save(&pk(), &[ended, settled(2)]).await.unwrap();
    let after = store.read(&pk(), None, &[]).await.unwrap();
    assert_eq!(after.promise.map(|promise| promise.epoch), Some(2));
    let record = after.record.unwrap();
    let version = before.record.unwrap().version;
    assert_eq!((record.epoch, record.version), (2, version + 1));
}

#[tokio::test]
async fn an_event_is_written_once_and_a_record_only_as_it_was_read() {
    let stage = Stage::start().await;
    let store = store(&stage);
    let none = Snapshot::default();
    store
        .commit(OWN, &event("e1"), &none, &write("e1", &none, Vec::new()), &archive())
        .await
        .unwrap();
    let known = store.read(&pk(), None, &[]).await.unwrap();
    for (id, known) in [("e1", &known), ("e2", &none)] {
        let again =
            store.commit(OWN, &event(id), known, &write(id, known, Vec::new()), &archive()).await;
        assert!(matches!(again, Err(StoreError::Conflict)), "{id}: {again:?}");
    }
    assert_eq!(stage.record(PK).await.version, 1);
}

/// A record that nothing is promised of, and an event: whatever the rest of the
/// read brings, neither is missing because its key was left unprocessed.
#[tokio::test]
async fn a_key_left_unprocessed_is_not_an_absent_one() {
    let (scene, proxy) = DynamoProxy::before_scene().await;
    let store = store_at(&scene.stage, &proxy.url());
    let none = Snapshot::default();
    let first = write("e1", &none, Vec::new());
    store.commit(OWN, &event("e1"), &none, &first, &archive()).await.unwrap();
    let (_, sk) = item_keys(&event("e1"));
    let known = store.read(&pk(), sk.as_deref(), &[]).await.unwrap();
    assert_eq!((known.record.is_some(), known.events.len()), (true, 1));
    for left_out in ["record", "event#", "fulfilment#", ""] {
        proxy.leave_out(left_out, 1);
        assert_eq!(store.read(&pk(), sk.as_deref(), &[]).await.unwrap(), known, "{left_out}");
        proxy.leave_out(left_out, 2);
        let unread = store.read(&pk(), sk.as_deref(), &[]).await;
        assert!(matches!(unread, Err(StoreError::Unavailable(_))), "{left_out}: {unread:?}");
        assert_eq!(proxy.pending(), 0);
    }
}

/// Who reads for people asks as long as something comes, and says what did not.
#[tokio::test]
async fn of_many_items_those_left_unprocessed_are_named_and_the_others_read() {
    const SECOND: &str = "fulfilment#2";
    let (scene, proxy) = DynamoProxy::before_scene().await;
    let store = store_at(&scene.stage, &proxy.url());
    let none = Snapshot::default();
    let first = write("e1", &none, vec![settled(1), settled(2)]);
    store.commit(OWN, &event("e1"), &none, &first, &archive()).await.unwrap();
    let keys = [1, 2, 3].map(|epoch| ItemKeys::of_promise(pk(), epoch));
    let read = async || {
        let found = store.promises_at(&keys).await;
        let epochs: Vec<u32> = found.items.iter().map(|(_, promise)| promise.epoch).collect();
        (epochs, found.unread)
    };
    // The first call brings the other one, and four more bring nothing.
    proxy.leave_out(SECOND, 4);
    assert_eq!(read().await, (vec![1, 2], Vec::new()));
    proxy.leave_out(SECOND, 5);
    let error = StoreError::Unavailable("unprocessed keys".into());
    let unread = Unread { keys: keys[1].clone(), error };
    assert_eq!(read().await, (vec![1], vec![unread]));
    assert_eq!(proxy.pending(), 0);
    assert_eq!(store.records(&[pk()]).await.items.len(), 1);
}

/// Nothing else changes in an item of the inbox; the sweep, which asks for open promises
/// by their states, passes by.
#[tokio::test]
async fn the_inbox_is_listed_by_the_index_and_left_alone_by_the_sweep() {
    let scene = tests::scene::Scene::without_stream(|_| {}).await;
    let store = store(&scene.stage);
    for sample in ["firstpromoter-malformed", "affonso-unknown-type", "firstpromoter-test"] {
        let status = if sample.ends_with("malformed") { 400 } else { 200 };
        scene.stage.send(&crate::samples::fresh(sample, status)).await.is(status);
    }
    let (listed, next) = store.inbox(None).await.unwrap();
    assert!(next.is_none());
    assert!(listed.is_sorted_by(|a, b| a.received >= b.received), "{listed:?}");
    let mut reasons = Vec::new();
    for item in &listed {
        let events = store.events(&item.keys.pk).await.unwrap().items;
        assert_eq!((events.len(), &events[0].sk), (1, &item.keys.sk));
        reasons.push(events[0].inbox.unwrap().name());
    }
    reasons.sort_unstable();
    assert_eq!(reasons, ["quarantined", "test", "unknown_type"]);

    let before = scene.stage.items().await;
    let swept = scene.sweep().await;
    assert_eq!((&swept["sent"], &swept["failed"]), (&json!(0), &json!(0)), "{swept}");
    assert_eq!(scene.stage.items().await, before);
    scene.settle().await;
}
