//! The lives of UpPromote's objects, whose events have no clock: one record, or one that
//! says that it is contested.

use std::collections::BTreeMap;

use super::{event, played};
use crate::providers::{UPPROMOTE, route};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::ledger::{Event, Record};

/// An event of UpPromote's, of one commission or one affiliate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    New(&'static str, u8),
    Named(&'static str, u8),
    Changed(&'static str, &'static str),
}

const OF_COMMISSIONS: [&str; 4] = ["pending", "approved", "denied", "paid"];
const OF_AFFILIATES: [&str; 3] = ["inactive", "active", "pending"];

fn uppromote(affiliate: bool, act: Act) -> Event {
    let of = if affiliate { "affiliate" } else { "referral" };
    let (name, body) = match act {
        Act::New(status, n) => ("new", shown(affiliate, status, n)),
        Act::Named(status, n) => {
            let name = if status == "active" { "approved" } else { status };
            (name, shown(affiliate, status, n))
        }
        Act::Changed(was, is) => (
            "status-changed",
            json!({format!("{of}_id"): 7, "previous_status": was, "current_status": is}),
        ),
    };
    let path = format!("/webhooks/uppromote/{of}-{name}");
    event(UPPROMOTE, route(&path).event.unwrap(), &body)
}

fn shown(affiliate: bool, status: &str, n: u8) -> Value {
    if affiliate {
        json!({"id": 7, "email": "a@example.com", "email_verified": "verified",
            "status": status, "city": format!("C{n}"), "program_id": 5})
    } else {
        json!({"id": 7, "status": status, "commission": format!("{n}.00"),
            "commission_rule": {"program_id": 5}, "affiliate": {"id": 3}, "coupon_applied": format!("C{n}")})
    }
}

fn act(affiliate: bool) -> impl Strategy<Value = Act> {
    let words: &[&str] = if affiliate { &OF_AFFILIATES } else { &OF_COMMISSIONS };
    let named: &[&str] = if affiliate { &["active", "inactive"] } else { &["approved", "denied"] };
    let word = || prop::sample::select(words.to_vec());
    let n = || prop_oneof![4 => Just(0_u8), 1 => 0_u8..2];
    prop_oneof![
        1 => (word(), n()).prop_map(|(status, n)| Act::New(status, n)),
        2 => (prop::sample::select(named.to_vec()), n()).prop_map(|(status, n)| Act::Named(status, n)),
        4 => (word(), word()).prop_filter_map("a change", |(was, is)| {
            (was != is).then_some(Act::Changed(was, is))
        }),
    ]
}

/// Every order of up to five things.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..n {
        let longer = all.iter().flat_map(|order: &Vec<usize>| {
            (0..n).filter(|i| !order.contains(i)).map(|i| [order.clone(), vec![i]].concat())
        });
        all = longer.collect();
    }
    all
}

fn contested(records: &BTreeMap<String, Record>) -> bool {
    records.values().any(Record::is_contested)
}

/// The records, not contested, in which the orders of these acts end.
fn certain(affiliate: bool, acts: &[Act]) -> Vec<(BTreeMap<String, Record>, Vec<usize>)> {
    let events: Vec<_> = acts.iter().map(|act| uppromote(affiliate, *act)).collect();
    let mut ends: Vec<(BTreeMap<String, Record>, Vec<usize>)> = Vec::new();
    for order in permutations(events.len()) {
        let end = played(&order.iter().map(|i| &events[*i]).collect::<Vec<_>>());
        if !contested(&end) && !ends.iter().any(|(other, _)| *other == end) {
            ends.push((end, order));
        }
    }
    ends
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn uppromotes_objects_have_one_record_or_are_contested(
        affiliate in any::<bool>(),
        commission in prop::collection::btree_set(act(false), 1..6),
        partner in prop::collection::btree_set(act(true), 1..6),
    ) {
        let acts: Vec<_> = if affiliate { partner } else { commission }.into_iter().collect();
        let ends = certain(affiliate, &acts);
        prop_assert!(ends.len() < 2, "{acts:?}: {ends:?}");
    }

    /// What comes again, at once or late.
    #[test]
    fn a_repeated_delivery_changes_nothing_or_contests(
        acts in prop::collection::btree_set(act(false), 1..4),
        again in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
    ) {
        let acts: Vec<_> = acts.into_iter().collect();
        let events: Vec<_> = acts.iter().map(|act| uppromote(false, *act)).collect();
        let again = again.index(events.len());
        let mut repeated: Vec<_> = events.iter().collect();
        let place = again + 1 + at.index(events.len() - again);
        repeated.insert(place, &events[again]);
        let (once, twice) = (played(&events.iter().collect::<Vec<_>>()), played(&repeated));
        prop_assert!(contested(&twice) || once == twice, "{acts:?} {again} at {place}");
    }
}

/// What a person would call an ordinary life is not contested.
#[test]
fn an_ordinary_life_is_certain() {
    use Act::{Changed, Named, New};
    for (affiliate, acts, end) in [
        (false, vec![New("pending", 0), Named("approved", 0)], "approved"),
        (
            false,
            vec![
                New("pending", 0),
                Named("approved", 0),
                Changed("pending", "approved"),
                Changed("approved", "paid"),
            ],
            "paid",
        ),
        (
            false,
            vec![New("pending", 0), Changed("pending", "approved"), Named("approved", 0)],
            "approved",
        ),
        (false, vec![New("approved", 0), Changed("pending", "approved")], "approved"),
        (false, vec![Named("approved", 0), New("pending", 0)], "approved"),
        (false, vec![New("pending", 0), Named("denied", 1)], "denied"),
        // A refund takes the amount away, and the changes tell the order.
        (
            false,
            vec![
                New("pending", 1),
                Named("approved", 1),
                Changed("pending", "approved"),
                Named("denied", 0),
                Changed("approved", "denied"),
            ],
            "denied",
        ),
        // The change to approved is told by its own event alone.
        (false, vec![New("pending", 0), Named("approved", 0), Changed("approved", "paid")], "paid"),
        (true, vec![New("inactive", 0), Named("active", 0)], "active"),
        (
            true,
            vec![
                New("inactive", 0),
                Changed("inactive", "active"),
                Named("active", 0),
                Changed("active", "inactive"),
                Changed("inactive", "pending"),
            ],
            "pending",
        ),
    ] {
        let events: Vec<_> = acts.iter().map(|act| uppromote(affiliate, *act)).collect();
        let end_of = played(&events.iter().collect::<Vec<_>>());
        assert!(!contested(&end_of), "{acts:?}");
        assert_eq!(end_of.values().next().unwrap().status(), Some(end), "{acts:?}");
    }
    // The event and its body say different things.
    let odd = shown(false, "approved", 0);
    let odd = event(UPPROMOTE, "referral.denied", &odd);
    assert!(contested(&played(&[&odd])));
}
