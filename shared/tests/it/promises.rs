//! When an announcement makes a promise, and to whom.

use std::collections::BTreeMap;

use shared::event::{Announcement, Kind, Party, Subject};
use shared::fulfilment::{Announced, Moment, Policy, Promise, Rule, Source, State, announce};
use shared::provider::Provider;
use shared::timestamp::Timestamp;
use shared::wire::{Decimal, Id};

pub fn policy() -> Policy {
    Policy {
        source: Source::V2,
        source_by_campaign: BTreeMap::from([
            ("7731".into(), Source::V1),
            ("9".into(), Source::Off),
        ]),
        from: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
        recipient: Rule::Promoter,
        recipient_rules: BTreeMap::new(),
    }
}

fn announcement(campaign: &str, unit: &str) -> Announcement {
    let party = |id| Party {
        id: Id::new(id).unwrap(),
        reference: None,
        email: None,
    };
    Announcement {
        campaign_id: Id::new(campaign),
        unit: Some(unit.into()),
        amount: Decimal::new("500"),
        promoter: Some(party("31")),
        referral: Some(party("77")),
    }
}

fn decide(
    policy: &Policy,
    provider: Provider,
    a: &Announcement,
    status: &str,
    at: &str,
) -> Announced {
    let kind = if provider == Provider::FirstPromoter {
        Kind::Commission
    } else {
        Kind::Fulfilment
    };
    let subject = Subject {
        kind,
        id: Id::new("88").unwrap(),
    };
    let at = Timestamp::parse(at).unwrap();
    announce(
        policy,
        provider,
        &subject,
        a,
        Some(status),
        Moment {
            announced: at,
            received: at,
        },
    )
}

fn promise(announced: Announced) -> Promise {
    match announced {
        Announced::Promise(promise) => *promise,
        Announced::Nothing(reason) => panic!("{reason}"),
    }
}

const NOW: &str = "2026-10-01T00:00:00Z";

#[test]
fn one_source_a_campaign_creates_promises() {
    use Provider::{FirstPromoter, FirstPromoterV1};
    for (provider, campaign, status, key) in [
        (
            FirstPromoter,
            "5104",
            "approved",
            Some("firstpromoter:88:1"),
        ),
        (FirstPromoter, "7731", "approved", None),
        (FirstPromoter, "9", "approved", None),
        (
            FirstPromoterV1,
            "7731",
            "pending",
            Some("firstpromoter-v1:88:1"),
        ),
        (FirstPromoterV1, "5104", "pending", None),
    ] {
        let announced = decide(
            &policy(),
            provider,
            &announcement(campaign, "points"),
            status,
            NOW,
        );
        match key {
            Some(key) => {
                let promise = promise(announced);
                assert_eq!(
                    (promise.key.as_str(), promise.state),
                    (key, State::Requested)
                );
                assert_eq!(promise.due.as_deref(), Some("deliver#1"));
                assert_eq!(promise.amount.as_deref(), Some("500"));
            }
            None => assert_eq!(announced, Announced::Nothing("not_source")),
        }
    }
}

#[test]
fn cash_history_and_withdrawn_rewards_are_not_promised() {
    for (unit, status, at, reason) in [
        ("cash_cents", "approved", NOW, "cash"),
        (
            "points",
            "approved",
            "2025-12-31T23:59:59Z",
            "not_announced",
        ),
        ("points", "denied", NOW, "not_approved"),
        ("points", "deleted", NOW, "not_approved"),
    ] {
        let a = announcement("5104", unit);
        let announced = decide(&policy(), Provider::FirstPromoter, &a, status, at);
        assert_eq!(announced, Announced::Nothing(reason));
    }
}

#[test]
fn what_is_unclear_waits_for_a_person_or_a_look_up() {
    let v2 = |policy: &Policy, a: &Announcement| {
        promise(decide(policy, Provider::FirstPromoter, a, "approved", NOW))
    };
    let unit = v2(&policy(), &announcement("5104", "cookies"));
    assert_eq!(unit.parked.unwrap().reason, "unknown_unit");
    assert_eq!((unit.state, unit.due), (State::Parked, None));

    let mut rules = policy();
    rules.recipient = Rule::ByRules;
    let no_rule = v2(&rules, &announcement("5104", "points"));
    assert_eq!(no_rule.parked.unwrap().reason, "no_recipient_rule");

    let mut without_ids = announcement("5104", "points");
    without_ids.promoter = None;
    let looked_up = v2(&policy(), &without_ids);
    assert_eq!(
        (looked_up.state, looked_up.due.as_deref()),
        (State::LookupDue, Some("lookup#1"))
    );
    without_ids.campaign_id = Id::new("7731");
    let v1 = promise(decide(
        &policy(),
        Provider::FirstPromoterV1,
        &without_ids,
        "pending",
        NOW,
    ));
    assert_eq!(v1.parked.unwrap().reason, "recipient_or_amount_unknown");
}

#[test]
fn the_most_exact_rule_names_the_recipient() {
    let mut rules = policy();
    rules.recipient = Rule::ByRules;
    for (rule, recipient) in [
        ("*:*", Rule::Promoter),
        ("*:points", Rule::Referral),
        ("5104:*", Rule::Promoter),
        ("5104:points", Rule::Referral),
    ] {
        rules.recipient_rules.insert(rule.into(), recipient);
        let promise = promise(decide(
            &rules,
            Provider::FirstPromoter,
            &announcement("5104", "points"),
            "approved",
            NOW,
        ));
        let (role, id) = match recipient {
            Rule::Promoter => ("promoter", "31"),
            _ => ("referral", "77"),
        };
        let to = promise.recipient.unwrap();
        assert_eq!(
            (to.role.as_str(), to.id.as_deref()),
            (role, Some(id)),
            "{rule}"
        );
    }
}
