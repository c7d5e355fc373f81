//! Tests of members that stand in another order.

use super::*;

/// What a sender signed whose members stand by name can be found again; what a program put
/// by name cannot, and is told.
#[test]
fn members_in_another_order_are_found_again_or_told() {
    for name in [SIGNED, TIMED, ROUTED] {
        let sent = sample(name);
        let text = String::from_utf8(sent.body.clone()).unwrap();
        for (n, ordered) in json_forms::reordered(&text).into_iter().enumerate() {
            let mut captured = sent.clone();
            captured.headers.remove("content-length");
            captured.body = ordered.clone().into_bytes();
            sign(&mut captured, name, key(name).as_bytes());
            captured.body.clone_from(&sent.body);
            names(&captured, &development(), &[Miss::Reordered], name);
            let mut captured = Captured { body: ordered.into_bytes(), ..sent.clone() };
            captured.headers.remove("content-length");
            let diagnosis = diagnosed(&captured);
            let by = if n < 15 { "in the order of their names" } else { "PostgreSQL's jsonb" };
            assert!(diagnosis.near.is_empty(), "{diagnosis:?}");
            assert!(diagnosis.notes.iter().any(|note| note.contains(by)), "{by}: {diagnosis:?}");
        }
    }
}

/// As far as the samples tell.
#[test]
fn no_provider_sends_its_members_in_an_order_that_programs_make() {
    let mut seen = 0;
    for file in fs::read_dir(format!("{}/../events", env!("CARGO_MANIFEST_DIR"))).unwrap() {
        let event = fs::read(file.unwrap().path()).unwrap();
        let event: Value = serde_json::from_slice(&event).unwrap_or_default();
        let body = event["body"].as_str().unwrap_or_default();
        assert_eq!(json_order::order(body), None, "{body}");
        seen += usize::from(!body.is_empty());
    }
    assert!(seen > 50, "{seen}");
}
