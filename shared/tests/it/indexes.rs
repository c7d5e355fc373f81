//! The table's indexes, as the template makes them.

use serde_norway::Value;

/// Attributes that change with every event, or with every step of a promise. In an
/// index each of their changes would be a write of its own.
const RESTLESS: [&str; 7] =
    ["version", "as_of", "recorded_at", "facts", "clocks", "changed_at", "attempts"];

#[test]
fn an_index_holds_nothing_that_changes_all_the_time() {
    let template: Value = serde_norway::from_str(include_str!("../../../template.yaml")).unwrap();
    let indexes = &template["Resources"]["Ledger"]["Properties"]["GlobalSecondaryIndexes"];
    let indexes = indexes.as_sequence().unwrap();
    assert_eq!(indexes.len(), 3);
    for index in indexes {
        let projection = &index["Projection"];
        let attributes = match projection["ProjectionType"].as_str() {
            Some("KEYS_ONLY") => [].as_slice(),
            Some("INCLUDE") => projection["NonKeyAttributes"].as_sequence().unwrap(),
            other => panic!("{other:?}"),
        };
        for attribute in attributes {
            let name = attribute.as_str().unwrap();
            assert!(!RESTLESS.contains(&name), "{index:?}");
        }
    }
}
