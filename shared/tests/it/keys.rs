//! The keys of the table as texts and back.

use proptest::prelude::*;
use serde_json::json;
use shared::aws::queue::Message;
use shared::ledger::{ItemKeys, NotAPartition, Partition};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_partition_is_the_same_after_it_was_a_text(
        provider in "[a-z0-9-]{0,20}",
        kind in "[a-z_]{0,12}",
        id in "[^\u{0}-\u{1f}]{0,40}|[#a]{0,6}",
    ) {
        let partition = Partition::new(&provider, &kind, &id).unwrap();
        let text = partition.to_string();
        prop_assert_eq!(&text, &format!("{provider}#{kind}#{id}"));
        let read: Partition = text.parse().unwrap();
        prop_assert_eq!((read.provider(), read.kind(), read.id()), (&*provider, &*kind, &*id));
        prop_assert_eq!(&read, &partition);
        let stored = serde_json::to_value(&partition).unwrap();
        prop_assert_eq!(&stored, &json!(text));
        prop_assert_eq!(serde_json::from_value::<Partition>(stored).unwrap(), partition);
    }

    #[test]
    fn a_text_is_the_same_after_it_was_a_partition(text in "[a#]{0,8}|.{0,20}") {
        match text.parse::<Partition>() {
            Ok(partition) => prop_assert_eq!(partition.to_string(), text),
            Err(NotAPartition) => prop_assert!(text.matches('#').count() < 2),
        }
    }
}

#[test]
fn only_an_id_holds_the_sign_between_the_parts() {
    for (provider, kind, id, fits) in [
        ("affonso", "payout", "a#b", true),
        ("affonso", "pay#out", "a", false),
        ("aff#onso", "payout", "a", false),
    ] {
        assert_eq!(Partition::new(provider, kind, id).is_ok(), fits, "{provider} {kind} {id}");
    }
}

/// The shape of messages that are in the queues while versions change.
#[test]
fn a_message_names_the_keys_beside_what_is_due() {
    let pk: Partition = "firstpromoter#commission#a#b".parse().unwrap();
    let message = Message { keys: ItemKeys::of_promise(pk, 2), due: "deliver#3".into() };
    let text = r#"{"pk":"firstpromoter#commission#a#b","sk":"fulfilment#2","due":"deliver#3"}"#;
    assert_eq!(serde_json::to_string(&message).unwrap(), text);
    assert_eq!(serde_json::from_str::<Message>(text).unwrap(), message);
    let other = r#"{"pk":"elsewhere","sk":"fulfilment#2","due":"deliver#3"}"#;
    assert!(serde_json::from_str::<Message>(other).is_err());
}
