//! What is told of somebody, and that sums stay apart.

use serde_json::{Value, json};
use shared::fulfilment::{ParkReason, Parked, Recipient, State, Terms};
use shared::ledger::{Clock, Record, Register};
use shared::wire::Timestamp;

use super::*;

const ID: &str = "31";

fn pk(kind: &str, id: &str) -> Partition {
    Partition::new("somebody", kind, id).unwrap()
}

fn stored(kind: &str, id: &str, status: &str, facts: &[(&str, Value)]) -> StoredRecord {
    let register = |(name, value): &(&str, Value)| {
        ((*name).to_owned(), Register::new(value.clone(), Clock::UNKNOWN))
    };
    let facts = facts.iter().map(register).collect();
    let record = Record { facts, ..Record::default() };
    StoredRecord { pk: pk(kind, id), record, status: Some(status.into()) }
}

fn promise(id: &str, state: State, role: &str, to: &str) -> (Partition, Promise) {
    let terms = Terms {
        amount: Some("500".into()),
        unit: Some("points".into()),
        recipient: Some(Recipient {
            role: role.into(),
            id: Some(to.into()),
            reference: None,
            email: Some("jane@example.com".into()),
        }),
        ..Terms::default()
    };
    let key = format!("somebody:{id}:1");
    let mut promise = Promise::new(key, 1, state, terms, Timestamp::ZERO);
    promise.confirmed_at = Some(Timestamp::ZERO);
    (pk("commission", id), promise)
}

fn points(value: &str) -> Value {
    json!({"value": value, "unit": "points"})
}

fn cents(value: &str) -> Value {
    json!({"value": value, "unit": "cash_cents"})
}

fn person() -> Person {
    let records = [
        stored("affiliate", ID, "active", &[("email", json!("jane@example.com"))]),
        stored(
            "commission",
            "1",
            "approved",
            &[("amount", points("500")), ("payout_id", json!("90"))],
        ),
        stored("commission", "2", "approved", &[("amount", points("500"))]),
        stored(
            "commission",
            "9",
            "paid",
            &[("amount", cents("18450")), ("payout_id", json!("91"))],
        ),
        stored("payout", "90", "completed", &[("amount", points("500"))]),
        stored(
            "payout",
            "91",
            "pending",
            &[("amount", cents("18450")), ("payout_batch_id", json!("7"))],
        ),
        stored("customer", "77", "customer", &[]),
        stored("enrolment", "5", "accepted", &[]),
    ];
    let mut doubt = promise("3", State::Parked, "referral", "44");
    doubt.1.parked = Some(Parked {
        from: State::Requested,
        reason: ParkReason::UnknownOutcome,
        unknown: true,
        at: Timestamp::ZERO,
    });
    let promises = [
        promise("1", State::Confirmed, "promoter", ID),
        promise("2", State::Denied, "promoter", ID),
        doubt,
        // A customer of the same number.
        promise("4", State::Requested, "referral", ID),
        // One whose commission moved to them.
        promise("5", State::Reversed, "promoter", "32"),
    ];
    Person::of("somebody", ID, Role::Affiliate, &records, &promises, Vec::new(), false)
}

#[test]
fn one_sentence_tells_how_many_and_how_they_stand() {
    assert_eq!(
        person().sentence(),
        "Promised 5 rewards: 1 given and confirmed, 1 on its way, 1 waits for a person, 1 denied, \
         1 taken back. 2 of them are for customers, not for them. 1 of them is for \
         another affiliate, not for them. Of 1 nobody knows whether it is given."
    );
    let nobody = Person::of("somebody", ID, Role::Affiliate, &[], &[], Vec::new(), false);
    assert_eq!(nobody.sentence(), "No reward was promised.");
    let partly = Person { latest: Some(200), ..person() };
    let whole = person().sentence();
    let rest = whole.strip_prefix("Promised ").unwrap();
    assert_eq!(partly.sentence(), format!("Of the latest 200: promised {rest}"));
    let partly = Person { latest: Some(200), ..nobody.clone() };
    assert_eq!(partly.sentence(), "Of the latest 200: no reward was promised.");
    assert!(nobody.is_nobody() && !person().is_nobody());
    let unread =
        Person { gaps: vec!["promise of somebody commission 9: corrupt".into()], ..nobody };
    assert_eq!(unread.sentence(), "No reward that can be read was promised.");
    assert!(!unread.is_nobody());
}

/// A commission of 500 points has a payout of 500 points beside it.
#[test]
fn payouts_rewards_and_money_are_never_added_up() {
    let person = person();
    let told =
        |totals: &[Total]| totals.iter().map(|total| total.sum.to_string()).collect::<Vec<_>>();
    assert_eq!(told(&person.rewarded[&Given::Given]), ["500 points"]);
    assert_eq!(told(&person.rewarded[&Given::NotGiven]), ["500 points"]);
    // What goes to somebody else is shown and not counted as theirs.
    assert_eq!(person.rewarded.get(&Given::NobodyKnows), None);
    assert_eq!(told(&person.earned["paid"]), ["184.50 (currency not stated)"]);
    assert_eq!(told(&person.paid["completed"]), ["500 points"]);
    assert_eq!(told(&person.paid["pending"]), ["184.50 (currency not stated)"]);
}

#[test]
fn links_lead_to_the_payout_and_its_batch_and_back() {
    let person = person();
    let ids: Vec<_> = person.commissions.iter().map(|of| of.id.as_str()).collect();
    assert_eq!(ids, ["9"]);
    let link = person.commissions[0].part_of.as_ref().map(Link::words);
    assert_eq!(link.as_deref(), Some("payout 91 (pending)"));
    let payouts: Vec<_> =
        person.payouts.iter().map(|of| (of.id.as_str(), of.commissions)).collect();
    assert_eq!(payouts, [("90", 1), ("91", 1)]);
    let batch = person.payouts[1].part_of.as_ref().map(Link::words);
    assert_eq!(batch.as_deref(), Some("payout batch 7"));
    assert_eq!(person.others, BTreeMap::from([("customer", 1), ("enrolment", 1)]));
    assert_eq!(person.status.as_deref(), Some("active"));
    assert!(!serde_json::to_string(&person).unwrap().contains("jane"));
}
