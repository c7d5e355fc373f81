use std::fs;

use super::data_folder::throw_away;
use super::*;

fn table() -> Table {
    let create = json!({
        "TableName": "Ledger",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
        "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
    });
    Table { name: "Ledger".to_owned(), create, ttl: Some("expires_at".to_owned()) }
}

fn put(dynamo: &Dynamo, pk: &str) {
    dynamo.put("Ledger", &json!({ "pk": { "S": pk } })).unwrap();
}

fn keys(records: &[Value]) -> Vec<&str> {
    let key = |record: &Value| record.pointer("/dynamodb/Keys/pk/S").is_some();
    assert!(records.iter().all(key));
    records.iter().filter_map(|record| record.pointer("/dynamodb/Keys/pk/S")?.as_str()).collect()
}

#[test]
fn changes_are_read_once_and_those_that_change_nothing_never() {
    let dynamo = Dynamo::open(None, &[table()]).unwrap();
    put(&dynamo, "a");
    put(&dynamo, "a");
    put(&dynamo, "b");
    let (first, after) = dynamo.changes("Ledger", &Position::Start, 2).unwrap();
    assert_eq!(keys(&first), ["a"]);
    assert_eq!(first[0]["awsRegion"], "us-east-1");
    let (second, end) = dynamo.changes("Ledger", &after, 2).unwrap();
    assert_eq!((keys(&second), &end), (vec!["b"], &dynamo.newest("Ledger").unwrap()));
    assert_eq!(dynamo.changes("Ledger", &end, 2).unwrap(), (vec![], end));
}

#[test]
fn the_log_is_trimmed_behind_its_slowest_reader() {
    let dynamo = Dynamo::open(None, &[table()]).unwrap();
    for pk in ["a", "b", "c", "d"] {
        put(&dynamo, pk);
    }
    let left = || dynamo.changes("Ledger", &Position::Start, 100).unwrap().0;
    let readers = ["slow".to_owned()];
    dynamo.trim("Ledger", &readers, 0).unwrap();
    assert_eq!(left().len(), 4, "it has read nothing yet");
    let (_, position) = dynamo.changes("Ledger", &Position::Start, 2).unwrap();
    dynamo.save_checkpoint("slow", &position).unwrap();
    dynamo.trim("Ledger", &readers, 3).unwrap();
    assert_eq!(keys(&left()), ["b", "c", "d"]);
    dynamo.trim("Ledger", &readers, 0).unwrap();
    assert_eq!(keys(&left()), ["c", "d"]);
    dynamo.trim("Ledger", &[], 1).unwrap();
    assert_eq!(keys(&left()), ["d"]);
    put(&dynamo, "e");
    assert_eq!(keys(&left()), ["d", "e"]);
}

#[test]
fn a_folder_belongs_to_one_and_keeps_items_and_checkpoints() {
    let folder = throw_away();
    let dynamo = Dynamo::open(Some(&folder), &[table()]).unwrap();
    assert!(matches!(Dynamo::open(Some(&folder), &[table()]), Err(LocalError::DataInUse(_))));
    put(&dynamo, "a");
    let newest = dynamo.newest("Ledger").unwrap();
    dynamo.save_checkpoint("reader", &newest).unwrap();
    drop(dynamo);
    let dynamo = Dynamo::open(Some(&folder), &[table()]).unwrap();
    assert_eq!(dynamo.items("Ledger").unwrap(), [json!({ "pk": { "S": "a" } })]);
    assert_eq!(dynamo.checkpoint("reader").unwrap(), Some(newest));
    drop(dynamo);
    fs::remove_dir_all(folder).unwrap();
}

#[cfg(unix)]
#[test]
fn what_is_kept_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = throw_away();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let dynamo = Dynamo::open(Some(&folder), &[table()]).unwrap();
    put(&dynamo, "a");
    assert_eq!(mode(&folder), 0o700);
    let files = || fs::read_dir(&folder).unwrap().map(|file| file.unwrap());
    assert!(files().count() > 2, "a write-ahead log beside the database");
    for file in files() {
        assert_eq!(mode(&file.path()), 0o600, "{file:?}");
    }
    drop(dynamo);
    // What an earlier run left open to others is closed.
    let file = folder.join("dynamodb.sqlite");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    drop(Dynamo::open(Some(&folder), &[table()]).unwrap());
    assert_eq!(mode(&file), 0o600);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_has_expired_is_removed() {
    let dynamo = Dynamo::open(None, &[table()]).unwrap();
    let item = json!({ "pk": { "S": "a" }, "expires_at": { "N": "1000" } });
    dynamo.put("Ledger", &item).unwrap();
    assert_eq!(dynamo.sweep_expired().unwrap(), 1);
}
