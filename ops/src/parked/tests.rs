//! Tests of what is parked.

use shared::fulfilment::{ParkReason, Parked, Terms};

use super::*;

pub(crate) fn promise() -> Promise {
    let terms = Terms {
        amount: Some("500".into()),
        unit: Some("points".into()),
        recipient: Some(shared::fulfilment::Recipient {
            role: "promoter".into(),
            id: Some("660412".into()),
            reference: Some("secret-reference".into()),
            email: Some("jane@example.com".into()),
        }),
        ..Terms::default()
    };
    let at = Timestamp::from_ms(1_790_000_000_000);
    let mut promise = Promise::new("firstpromoter:1:1".into(), 1, State::Parked, terms, at);
    promise.retry.attempts = 3;
    promise.retry.last_outcome = Some("no answer".into());
    promise.parked = Some(Parked {
        from: State::Requested,
        reason: ParkReason::UnknownOutcome,
        unknown: true,
        at,
    });
    promise
}

#[test]
fn a_row_says_what_a_person_needs_and_nothing_personal() {
    let waiting = [Waiting::of(&promise()).unwrap()];
    let text = rows(&waiting);
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap().split_whitespace().collect::<Vec<_>>(),
        ["KEY", "SINCE", "FROM", "REASON", "NOTE", "LAST", "TRIES", "AMOUNT", "RECIPIENT"]
    );
    assert_eq!(
        lines.next().unwrap(),
        "firstpromoter:1:1  2026-09-21T14:13:20.000Z  requested  unknown_outcome  \
         outcome unknown  no answer  3      500 points  promoter 660412"
    );
    let json = serde_json::to_string(&waiting).unwrap();
    for personal in ["jane", "secret-reference"] {
        assert!(!text.contains(personal) && !json.contains(personal));
    }
}

#[test]
fn a_customer_and_a_unit_are_named_as_in_the_other_answers() {
    let mut promise = promise();
    promise.terms.unit = Some("free_months".into());
    promise.terms.amount = Some("2".into());
    promise.terms.recipient.as_mut().unwrap().role = "referral".into();
    let row = Waiting::of(&promise).unwrap().row();
    assert_eq!(row[7..], ["2 free months", "customer 660412"]);
    let json = serde_json::to_value(Waiting::of(&promise).unwrap()).unwrap();
    assert_eq!(
        (&json["unit"], &json["recipient"]["role"]),
        (&"free_months".into(), &"referral".into())
    );
}

#[test]
fn what_is_not_parked_any_more_is_left_out() {
    let mut promise = promise();
    promise.state = State::Requested;
    assert_eq!(Waiting::of(&promise), None);
    assert_eq!(rows(&[]), "nothing is parked");
}

#[test]
fn a_filter_takes_what_it_names_and_says_what_else_waits() {
    let waiting = || {
        let promise = promise();
        let waiting = Waiting::of(&promise).unwrap();
        ParkedPromises { waiting: vec![(promise, waiting)], gaps: Gaps::default() }
    };
    let asked = |reason: Option<&str>, unit: Option<&str>| Filter {
        reason: reason.map(str::to_owned),
        unit: unit.map(str::to_owned),
        ..Filter::default()
    };
    for filter in [asked(None, None), asked(Some("unknown_outcome"), Some("points"))] {
        assert_eq!(waiting().only(&filter).unwrap().waiting.len(), 1);
    }
    let from = Filter { from: Some(State::Delivered), ..Filter::default() };
    for filter in [asked(Some("over_age"), None), asked(None, Some("credits")), from] {
        let refused = waiting().only(&filter).unwrap_err().to_string();
        assert_eq!(refused, format!("nothing is parked with {filter}; 1 is, for unknown_outcome"));
    }
    let mut partly = ParkedPromises::default();
    assert!(partly.gaps.is_empty());
    partly.gaps.say("promise of p commission 1: it is spoilt".into());
    let told = with_gaps(&rows(&partly.shown()), &partly.gaps);
    assert!(told.starts_with("nothing that can be read is parked\n\nNot read: "), "{told}");
    let refused = partly.only(&asked(Some("over_age"), None)).unwrap_err().to_string();
    assert!(refused.ends_with("; nothing is; not read: promise of p commission 1: it is spoilt"));
    assert!(ParkedPromises::default().only(&asked(None, None)).unwrap().waiting.is_empty());
}

#[test]
fn what_is_missing_shows_as_missing() {
    let mut promise = promise();
    promise.terms = Terms::default();
    promise.retry.last_outcome = None;
    promise.withdrawal.pending = true;
    let row = Waiting::of(&promise).unwrap().row();
    assert_eq!(row[4..6], ["outcome unknown, withdrawn meanwhile", "-"]);
    assert_eq!(row[7..], ["-", "-"]);
}
