//! Tests of the sentences about settings.

use std::collections::BTreeSet;

use serde_norway::Value;

use super::*;

fn template() -> Value {
    serde_norway::from_str(include_str!("../../../template.yaml")).unwrap()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The parameters as the template sets them, and those without a default.
fn defaults() -> BTreeMap<String, String> {
    let template = template();
    let parameters = template["Parameters"].as_mapping().unwrap().iter();
    let mut values: BTreeMap<String, String> = parameters
        .map(|(name, of)| {
            (name.as_str().unwrap().to_owned(), text(&of["Default"]).unwrap_or_default())
        })
        .collect();
    values.insert("FulfilFrom".into(), "2026-01-01T00:00:00Z".into());
    values.insert("RewardRecipient".into(), "promoter".into());
    values
}

fn with(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut values = defaults();
    for (name, value) in changes {
        assert!(values.insert((*name).into(), (*value).into()).is_some(), "no parameter {name}");
    }
    values
}

fn said(changes: &[(&str, &str)]) -> Vec<String> {
    let sayings = Settings::deployed(with(changes)).sayings().into_iter();
    sayings.map(|saying| saying.says).collect()
}

fn missing(changes: &[(&str, &str)]) -> Vec<String> {
    let now = Timestamp::parse("2026-11-20T00:00:00Z").unwrap();
    Settings::deployed(with(changes)).missing(now)
}

#[test]
fn each_parameter_of_the_template_has_a_sentence_or_is_said_to_need_none() {
    let all: BTreeSet<String> = defaults().into_keys().collect();
    let mut told = BTreeSet::new();
    for name in SAYINGS.iter().flat_map(|row| (row.names)()) {
        assert!(told.insert(name.clone()), "{name} stands in two sentences");
    }
    for name in UNSAID {
        assert!(told.insert(name.to_owned()), "{name} is told of, and said to need no sentence");
    }
    assert_eq!(told, all, "answers/src/settings/sayings.rs: a row of SAYINGS, or UNSAID");
}

/// Values to try of a parameter: two or more that the template takes.
fn values(name: &str, of: &Value) -> Vec<String> {
    let words = of["AllowedValues"].as_sequence().into_iter().flatten();
    let words: Vec<String> = words.filter_map(text).collect();
    if !words.is_empty() {
        return words;
    }
    if let Some(least) = text(&of["MinValue"]) {
        return [Some(least), text(&of["Default"]), text(&of["MaxValue"])]
            .into_iter()
            .flatten()
            .collect();
    }
    let [one, other] = match name {
        "FulfilFrom" => ["2026-01-01T00:00:00Z", "2026-05-01T00:00:00Z"],
        "FulfilmentSourceByCampaign" => ["", "17476=v1,5=off"],
        "RewardRecipientRules" => ["17476:points=promoter", "*:points=referral"],
        "MaxAmount" => ["", "points=10"],
        "RewardEndpointByUnit" => ["", "points=https://a.example/points"],
        "DomainName" => ["", "webhooks.example.com"],
        "AlarmEmail" => ["", "night@example.com"],
        "AlarmTopicArn" => ["", "arn:aws:sns:eu-west-1:123456789012:night"],
        _ if name.contains("Url") => ["", "https://there.example/a"],
        _ => panic!("{name}: two values of it, to see that its sentence depends on it"),
    };
    vec![one.into(), other.into()]
}

#[test]
fn a_sentence_depends_on_each_of_its_parameters() {
    let template = template();
    // Some count only beside others.
    let besides: [&[(&str, &str)]; 3] = [
        &[],
        &[("RewardRecipient", "rules"), ("AlarmEmail", "night@example.com")],
        &[("DomainName", "webhooks.example.com")],
    ];
    for name in SAYINGS.iter().flat_map(|row| (row.names)()) {
        let values = values(&name, &template["Parameters"][name.as_str()]);
        let differs = besides.iter().any(|beside| {
            let all =
                values.iter().map(|value| said(&[beside, &[(&*name, &**value)][..]].concat()));
            let values: BTreeSet<_> = values.iter().collect();
            all.collect::<BTreeSet<_>>().len() == values.len()
        });
        assert!(differs, "{name}: {values:?} read alike");
    }
}

#[test]
fn a_stack_as_it_is_first_deployed_reads_like_this() {
    let changes = [
        ("RewardEndpointUrl", "https://user:pass@rewards.example.com:8443/hook/s3cret?k=1"),
        ("AlarmEmail", "night@example.com"),
    ];
    assert_eq!(
        said(&changes),
        [
            "Rewards are announced by FirstPromoter v2.",
            "What is approved from 2026-01-01T00:00:00Z on is fulfilled; what was approved before \
             is recorded alone.",
            "Rewards are for the promoter.",
            "No limit is set: up to 1000000000 of any unit are given without a person.",
            "Pending rewards wait until somebody approves them at FirstPromoter v2.",
            "Rewards are posted to https://rewards.example.com:8443.",
            "A call that had no answer is made again, under the same webhook-id.",
            "A reward that is withdrawn after it was given waits for a person.",
            "That a reward was given, FirstPromoter v2 is told by its API, and FirstPromoter v1 by \
             the answer to its webhook, which waits up to 6 s for the delivery.",
            "APIs are called: that of FirstPromoter v2 at https://api.firstpromoter.com; that of \
             FirstPromoter v1 at https://firstpromoter.com.",
            "What is open for 24 h waits for a person.",
            "A signature of Affonso is good for 5 min.",
            "Events are kept for 400 days, and what they add up to for good.",
            "Secrets are read again after 5 min, or for a request that they do not verify.",
            "200 requests a second are let in, and 400 more at once; the rest is answered 429.",
            "The addresses have the name that API Gateway gave.",
            "Alarms tell an e-mail address; one outage is one message.",
            "A ping comes through the public address every five minutes.",
            "Logs are kept for 30 days.",
        ]
    );
    assert_eq!(missing(&changes), [""; 0]);
}

#[test]
fn what_is_set_otherwise_reads_otherwise() {
    for (changes, sentence) in [
        (
            &[("FulfilmentSourceByCampaign", "17476=v1,13202=off")][..],
            "Rewards are announced by FirstPromoter v2; those of campaign 17476 by FirstPromoter \
             v1; those of campaign 13202 by nobody.",
        ),
        (
            &[("FulfilmentSource", "off")],
            "No webhook announces rewards: they are recorded, and none is promised.",
        ),
        (
            &[
                ("RewardRecipient", "rules"),
                ("RewardRecipientRules", "17476:points=promoter,*:free_months=referral"),
            ],
            "Rewards are for whom a rule names: points of campaign 17476 for the promoter and \
             free months of any campaign for the referred customer. Others wait for a person.",
        ),
        (
            &[("MaxAmount", "points=10000,credits=500,*=100")],
            "Up to 10000 points, 500 credits and 100 of any other unit are given without a person; \
             more waits for one.",
        ),
        (
            &[("MaxAmount", "points=1000,free_months=1")],
            "Up to 1000 points, 1 free month and 1000000000 of any other unit are given without a \
             person; more waits for one.",
        ),
        (
            &[("MaxAmount", "points=1000"), ("FulfilmentSource", "v1"), ("V1Confirm", "response")],
            "Up to 1000 points and 1000000000 of any other unit are given without a person; more \
             waits for one. What FirstPromoter v1 announces in any other unit waits, too.",
        ),
        (
            &[("AutoApprove", "yes")],
            "FirstPromoter v2 is asked to approve pending rewards that it does not suspect.",
        ),
        (
            &[("Reversals", "deliver_and_unmark")],
            "A reward that is withdrawn after it was given is taken back: your system is told to, \
             and then FirstPromoter v2.",
        ),
        (
            &[("V1Confirm", "api")],
            "That a reward was given, FirstPromoter v2 is told by its API, and FirstPromoter v1 by \
             its API as well.",
        ),
        (
            &[
                ("RewardEndpointUrl", "https://a.example"),
                ("RewardEndpointByUnit", "points=https://b.example/p"),
            ],
            "Rewards are posted to https://a.example; points to https://b.example.",
        ),
        (&[("MaxAgeSeconds", "86401")], "What is open for 86401 s waits for a person."),
        (
            &[("DomainName", "in.example.com"), ("DisableDefaultEndpoint", "yes")],
            "The addresses are at in.example.com; the name that API Gateway gave works no more.",
        ),
    ] {
        let said = said(changes);
        assert!(said.iter().any(|says| says == sentence), "{sentence}\n{said:#?}");
    }
}

#[test]
fn what_does_not_work_as_it_is_set_is_named() {
    let endpoint = ("RewardEndpointUrl", "https://a.example");
    let told = ("AlarmEmail", "night@example.com");
    for (changes, expected) in [
        (
            &[told][..],
            &["The endpoint for rewards is not set (RewardEndpointUrl), so nothing is delivered: \
               rewards wait, and after 24 h for a person."][..],
        ),
        (
            &[told, ("RewardEndpointByUnit", "points=https://b.example")],
            &["The endpoint for rewards is not set (RewardEndpointUrl), so nothing but points is \
               delivered: the rest waits, and after 24 h for a person."],
        ),
        (&[told, ("FulfilmentSource", "off")], &[]),
        (&[endpoint], &["Alarms tell nobody: neither AlarmEmail nor AlarmTopicArn is set."]),
        (
            &[endpoint, told, ("Watch", "no")],
            &["There are no alarms (Watch), so nobody is told of an outage."],
        ),
        (
            &[endpoint, told, ("FulfilmentSourceByCampaign", "7=v1")],
            &[
                "No limit is set (MaxAmount), so every reward that FirstPromoter v1 announces waits \
               for a person.",
            ],
        ),
        (
            &[endpoint, told, ("FulfilFrom", "2027-01-01T00:00:00Z")],
            &["Nothing is promised before 2027-01-01T00:00:00Z (FulfilFrom)."],
        ),
        (
            &[endpoint, told, ("AllowPlainHttp", "yes"), ("EndpointUrl", "http://127.0.0.1:1/x")],
            &[
                "For use on one machine alone: EndpointUrl is http://127.0.0.1:1 and AllowPlainHttp \
               is yes.",
            ],
        ),
    ] {
        assert_eq!(missing(changes), expected, "{changes:?}");
    }
}

#[test]
fn on_one_machine_nothing_is_said_of_what_only_a_stack_has() {
    let settings = Settings::local(with(&[("AllowPlainHttp", "yes")]));
    let sayings = settings.sayings();
    assert!(sayings.iter().all(|saying| saying.about != About::Watching));
    assert!(!sayings.iter().any(|saying| saying.says.contains("one machine")));
    // Nor is it amiss there.
    let now = Timestamp::parse("2026-11-20T00:00:00Z").unwrap();
    let missing = settings.missing(now);
    assert!(missing.iter().all(|says| says.contains("RewardEndpointUrl")), "{missing:?}");
}

#[test]
fn what_a_stack_does_not_have_or_hides_is_not_told_of() {
    let of = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::deployed(pairs.collect()).sayings().len()
    };
    assert_eq!(of(&[]), 0);
    assert_eq!(of(&[("MaxAgeSeconds", "600")]), 1);
    assert_eq!(of(&[("MaxAgeSeconds", "****")]), 0);
    assert_eq!(of(&[("RewardEndpointUrl", "****"), ("RewardEndpointByUnit", "")]), 0);
}
