//! What is said of items that cannot be read.

use serde_json::{Value, json};

use super::*;
use crate::aws::store::StoredEvent;
use crate::aws::store::index::OpenRow;
use crate::aws::store::items::known;

const JANE: &str = "jane@example.com";

fn changed(mut item: Value, attribute: &str, value: Option<&Value>) -> Item {
    let members = item.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(attribute.to_owned(), value.clone()),
        None => members.remove(attribute),
    };
    serde_dynamo::to_item(item).unwrap()
}

fn record() -> Value {
    json!({
        "pk": "firstpromoter#commission#88", "sk": "record", "provider": "firstpromoter",
        "kind": "commission", "id": "88", "version": 3, "as_of": "2026-10-01T10:00:00.000Z/updated/3",
        "facts": {"email": JANE, "status": "approved"},
        "clocks": {"status": "2026-10-01T09:00:00.000Z/updated/3"},
        "recorded_at": "2026-10-02T00:00:00.000Z",
    })
}

fn promise() -> Value {
    let at = "2026-10-01T10:00:00.000Z";
    json!({
        "pk": "firstpromoter#commission#88", "sk": "fulfilment#1", "key": "firstpromoter:88:1",
        "epoch": 1, "version": 7, "state": "requested", "seq": 5, "terms": {"amount": "5"},
        "attempts": 2, "last": "HTTP 500", "looked_up": true, "waived": ["unknown_unit"],
        "announced_at": at, "created_at": at, "open_at": at, "changed_at": at,
    })
}

fn row() -> Value {
    json!({"pk": "firstpromoter#commission#88", "sk": "fulfilment#1",
        "open": "parked", "open_since": "2026-10-01T10:00:00.000Z"})
}

fn event() -> Value {
    json!({"sk": "event#e", "secret": "hmac[0]", "received_at": "2026-10-01T10:00:00.000Z"})
}

/// Each attribute that decides how an item is read, with a value that is none of
/// its own, and without any.
#[test]
fn what_cannot_be_read_is_named_and_not_quoted() {
    let (text, list, map) = (json!(JANE), json!([JANE]), json!({JANE: JANE}));
    let pk = "firstpromoter#commission#88".parse().unwrap();
    let of_known = |item| known(vec![item], &pk, None, &[]).map(drop);
    let of_row = |item| read_item::<OpenRow>(item, "a row of the index").map(drop);
    let of_event = |item| read_item::<StoredEvent>(item, "an event").map(drop);
    let check = |of: &dyn Fn(Item) -> Result<(), StoreError>,
                 whole: Value,
                 what: &str,
                 attribute: &str,
                 value: Option<&Value>| {
        assert_eq!(of(changed(whole.clone(), "other", Some(&text))), Ok(()), "{what}");
        let read = of(changed(whole, attribute, value));
        let Err(StoreError::Corrupt { item, field }) = &read else {
            panic!("{attribute}: {read:?}")
        };
        let message = read.as_ref().unwrap_err().to_string();
        assert_eq!((*item, field.as_str()), (what, attribute), "{message}");
        assert!(!message.contains("jane") && message.contains(what), "{message}");
        assert!(message.ends_with(&format!("its attribute {attribute}")), "{message}");
    };
    for attribute in ["version", "as_of", "clocks", "deleted_at", "sources", "epoch", "announced"] {
        check(&of_known, record(), "a record", attribute, Some(&text));
    }
    check(&of_known, record(), "a record", "transitions", Some(&map));
    check(&of_known, record(), "a record", "clocks", Some(&json!({"status": JANE})));
    check(&of_known, record(), "a record", "version", None);
    check(&of_known, record(), "a record", "facts", None);
    for attribute in
        ["state", "epoch", "version", "terms", "attempts", "looked_up", "parked", "stated"]
    {
        check(&of_known, promise(), "a promise", attribute, Some(&text));
    }
    for attribute in ["withdrawn", "again", "resent_at", "last", "found_at", "key"] {
        check(&of_known, promise(), "a promise", attribute, Some(&list));
    }
    for attribute in ["parked", "waived"] {
        check(&of_known, promise(), "a promise", attribute, Some(&map));
    }
    check(&of_known, promise(), "a promise", "state", None);
    for attribute in ["pk", "open_since"] {
        check(&of_row, row(), "a row of the index", attribute, Some(&list));
        check(&of_row, row(), "a row of the index", attribute, None);
    }
    check(&of_event, event(), "an event", "received_at", Some(&text));
    check(&of_event, event(), "an event", "secret", None);
}
