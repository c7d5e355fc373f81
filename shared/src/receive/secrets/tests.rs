use super::*;
use crate::provider::{ALL, affonso, firstpromoter, firstpromoter_v1, uppromote};

fn read(text: &str) -> WebhookSecrets {
    let secrets = WebhookSecrets::read(ALL, text);
    assert_quiet(&secrets);
    secrets
}

/// No secret that is used, and no entry that is not, shows when they are printed.
fn assert_quiet(secrets: &WebhookSecrets) {
    let shown = format!("{secrets:?}");
    assert!(!shown.contains("leak"), "{shown}");
    for (_, of) in &secrets.sections {
        let used = [&of.hmac, &of.header, &of.basic, &of.path_token].into_iter().flatten();
        for secret in used.map(|named| named.secret.expose()) {
            assert!(!shown.contains(secret), "a secret in use shows");
        }
    }
}

const TOKEN: &str = "0123456789012345678901234567890123";

#[test]
fn reads_the_documented_shape() {
    let secrets = read(
        r#"{ "uppromote": { "hmac": [{ "name": "paid", "key": "key-of-one", "events": ["payment.paid"] }, "key-of-any"] },
             "affonso": { "hmac": ["whsec_xy"], "allow_body_only": true },
             "firstpromoter": { "hmac": ["key-of-v2"], "header": [{"name": "Authorization", "value": "Bearer b"}],
                                "basic": [{"user": "u", "password": "password"}], "policy": "all" },
             "firstpromoter_v1": { "path_token": ["0123456789012345678901234567890123"], "basic": [] } }"#,
    );
    assert_eq!(secrets.problems, Vec::<String>::new());
    let names: Vec<_> =
        secrets.of(uppromote::DEFINITION.provider).hmac.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["paid", "hmac[1]"]);
    assert!(
        secrets.of(affonso::DEFINITION.provider).allow_body_only
            && secrets.of(firstpromoter::DEFINITION.provider).all
    );
    assert_eq!(
        secrets.of(firstpromoter::DEFINITION.provider).basic[0].secret.bytes(),
        b"u:password"
    );
    assert_eq!(
        secrets.of(firstpromoter::DEFINITION.provider).header[0].header.as_deref(),
        Some("authorization")
    );
    assert!(secrets.of(firstpromoter_v1::DEFINITION.provider).is_configured());
}

#[test]
fn white_space_around_anything_is_no_part_of_it() {
    let secrets = format!(
        r#"{{ "firstpromoter": {{ "hmac": [" key-of-v2\n", {{"name": " n ", "key": "\tkey-of-v2\r\n", "events": [" commission.created "]}}],
                "header": [{{"name": " X-Our-Key\n", "value": " static-value\n"}}],
                "basic": [{{"user": " fp ", "password": "password\n"}}] }},
             "firstpromoter_v1": {{ "path_token": ["{TOKEN}\n"] }} }}"#
    );
    // As some editors save it.
    let secrets = read(&format!("\u{feff}{secrets}\n"));
    assert_eq!(secrets.problems, Vec::<String>::new());
    let v2 = secrets.of(firstpromoter::DEFINITION.provider);
    assert!(v2.hmac.iter().all(|named| named.secret.bytes() == b"key-of-v2"));
    assert_eq!((v2.hmac[1].name.as_str(), &v2.hmac[1].events), ("n", &vec!["commission.created"]));
    assert_eq!(v2.header[0].header.as_deref(), Some("x-our-key"));
    assert_eq!(v2.header[0].secret.bytes(), b"static-value");
    assert_eq!(v2.basic[0].secret.bytes(), b"fp:password");
    assert_eq!(
        secrets.of(firstpromoter_v1::DEFINITION.provider).path_token[0].secret.bytes(),
        TOKEN.as_bytes()
    );
}

/// What one entry, beside a good one, leaves of the two.
fn beside(provider: &str, list: &str, good: &str, entry: &str) -> (usize, Vec<String>) {
    let text = format!(r#"{{"{provider}": {{"{list}": [{good}, {entry}]}}}}"#);
    let secrets = read(&text);
    let [uppromote, v2, v1] = [
        secrets.of(uppromote::DEFINITION.provider),
        secrets.of(firstpromoter::DEFINITION.provider),
        secrets.of(firstpromoter_v1::DEFINITION.provider),
    ];
    let used = [&uppromote.hmac, &v2.hmac, &v2.header, &v2.basic, &v1.path_token];
    let used = used.iter().map(|list| list.len()).sum();
    (used, secrets.problems)
}

const TOO_SHORT: &str = " is empty or too short";
const SHAPE: &str = " is not of the shape it must have";

#[test]
fn a_value_that_cannot_be_meant_is_closed_alone() {
    let header = r#"{"name": "x-our-key", "value": "static-value"}"#;
    let basic = r#"{"user": "u", "password": "password"}"#;
    let (key, token) = ("\"key-of-v2\"", format!("\"{TOKEN}\""));
    let short_token = format!("\"{}\"", &TOKEN[..31]);
    for (provider, list, good, entry, problem) in [
        ("firstpromoter", "hmac", key, r#""""#, TOO_SHORT),
        ("firstpromoter", "hmac", key, r#"" \n""#, TOO_SHORT),
        ("firstpromoter", "hmac", key, r#""x""#, TOO_SHORT),
        ("firstpromoter", "hmac", key, r#""1234567 ""#, TOO_SHORT),
        ("firstpromoter", "hmac", key, "12345678", SHAPE),
        ("firstpromoter", "hmac", key, r#"{"key": ["leak-leak"]}"#, SHAPE),
        ("firstpromoter", "header", header, r#"{"name": "x-key", "value": "leak"}"#, TOO_SHORT),
        ("firstpromoter", "basic", basic, r#"{"user": "u", "password": "leak"}"#, TOO_SHORT),
        ("firstpromoter", "basic", basic, r#"{"user": "u"}"#, SHAPE),
        ("firstpromoter_v1", "path_token", &token, &short_token, TOO_SHORT),
    ] {
        let (used, problems) = beside(provider, list, good, entry);
        assert_eq!(
            (used, problems),
            (1, vec![format!("{provider}: {list}[1]{problem}")]),
            "{entry}"
        );
    }
    for name in ["", "x our key", "ü"] {
        let entry = format!(r#"{{"name": "{name}", "value": "leak-leak"}}"#);
        let (used, problems) = beside("firstpromoter", "header", header, &entry);
        let problem = "firstpromoter: header[1].name is not the name of a header";
        assert_eq!((used, problems), (1, vec![problem.to_owned()]), "{name}");
    }
}

#[test]
fn a_restriction_that_cannot_be_read_closes_its_entry() {
    let key = "\"key-of-any\"";
    let unknown = " has a member that nobody knows (known: name, key, events)";
    for (provider, entry, problem) in [
        ("firstpromoter", r#"{"kee": "leak-leak"}"#, unknown),
        ("uppromote", r#"{"key": "leak-leak", "event": ["payment.paid"]}"#, unknown),
        ("uppromote", r#"{"key": "leak-leak", "leak": 1}"#, unknown),
        ("uppromote", r#"{"key": "leak-leak", "events": "payment.paid"}"#, SHAPE),
        ("uppromote", r#"{"key": "leak-leak", "events": null}"#, SHAPE),
        ("uppromote", r#"{"key": "leak-leak", "events": []}"#, " is bound to no event"),
        (
            "uppromote",
            r#"{"key": "leak-leak", "events": ["payment.paid", "payment.made"]}"#,
            ".events[1] is no event of this provider",
        ),
        (
            "uppromote",
            r#"{"key": "leak-leak", "events": ["commission.created"]}"#,
            ".events[0] is no event of this provider",
        ),
    ] {
        let (used, problems) = beside(provider, "hmac", key, entry);
        assert_eq!((used, problems), (1, vec![format!("{provider}: hmac[1]{problem}")]), "{entry}");
    }
    for (list, good, entry, known) in [
        (
            "header",
            r#"{"name": "x-our-key", "value": "static-value"}"#,
            r#"{"name": "x-key", "value": "leak-leak", "event": []}"#,
            "name, value, events",
        ),
        (
            "basic",
            r#"{"user": "u", "password": "password"}"#,
            r#"{"user": "u", "pasword": "leak-leak"}"#,
            "name, user, password, events",
        ),
    ] {
        let (used, problems) = beside("firstpromoter", list, good, entry);
        let problem =
            format!("firstpromoter: {list}[1] has a member that nobody knows (known: {known})");
        assert_eq!((used, problems), (1, vec![problem]), "{entry}");
    }
}

#[test]
fn every_method_or_none_where_the_policy_asks_for_all() {
    for (section, used, problems) in [
        (r#""hmac": ["key-of-v2"], "policy": "all""#, 1, 0),
        (r#""hmac": ["key-of-v2", "x"], "policy": "all""#, 0, 2),
        (r#""hmac": ["key-of-v2"], "headers": [{"value": "leak"}], "policy": "all""#, 0, 2),
        // A list that nobody knows is not used; a switch may be a restriction.
        (r#""hmac": ["key-of-v2"], "headers": [{"value": "leak"}]"#, 1, 1),
        (r#""hmac": ["key-of-v2"], "header": "leak""#, 1, 1),
        (r#""hmac": ["key-of-v2"], "header": null"#, 1, 0),
        (r#""hmac": ["key-of-v2"], "polcy": "all""#, 0, 1),
        (r#""hmac": ["key-of-v2"], "policy": "leak""#, 0, 1),
        (r#""hmac": ["key-of-v2"], "allow_body_only": "leak""#, 0, 1),
    ] {
        let text = format!(r#"{{"firstpromoter": {{{section}}}}}"#);
        let secrets = read(&text);
        assert_eq!(secrets.of(firstpromoter::DEFINITION.provider).hmac.len(), used, "{section}");
        assert_eq!(secrets.problems.len(), problems, "{section}: {:?}", secrets.problems);
    }
}

#[test]
fn an_event_is_meant_by_any_spelling() {
    for (provider, spelling, event) in [
        ("uppromote", "payment-paid", "payment.paid"),
        ("uppromote", "payment_paid", "payment.paid"),
        ("uppromote", "Payment.Paid", "payment.paid"),
        ("uppromote", "referral.status_changed", "referral.status-changed"),
        ("affonso", "payout_paid", "payout.paid"),
        ("affonso", "coupon.updated", "coupon.updated"),
        ("firstpromoter", "commission_updated", "commission.updated"),
        ("firstpromoter", "payout-method.created", "payout_method.created"),
        ("firstpromoter", "promoter.profile.updated", "promoter.profile.updated"),
        ("firstpromoter_v1", "lead-signup", "lead_signup"),
        ("firstpromoter_v1", "new_customer", "new_customer"),
    ] {
        let entry = format!(r#"{{"key": "key-of-{provider}", "events": ["{spelling}"]}}"#);
        let entry = match provider {
            "firstpromoter_v1" => {
                format!(
                    r#"{{"basic": [{{"user": "u", "password": "password", "events": ["{spelling}"]}}]}}"#
                )
            }
            _ => format!(r#"{{"hmac": [{entry}]}}"#),
        };
        let secrets = read(&format!(r#"{{"{provider}": {entry}}}"#));
        assert_eq!(secrets.problems, Vec::<String>::new(), "{spelling}");
        let lists = [
            secrets.of(uppromote::DEFINITION.provider),
            secrets.of(affonso::DEFINITION.provider),
            secrets.of(firstpromoter::DEFINITION.provider),
        ]
        .map(|s| &s.hmac);
        let mut bound = lists
            .into_iter()
            .chain([&secrets.of(firstpromoter_v1::DEFINITION.provider).basic])
            .flatten();
        assert_eq!(bound.next().and_then(|named| named.events.first()), Some(&event));
    }
}

#[test]
fn an_event_is_meant_by_any_of_its_names() {
    let bound = |event: &str| {
        let text = format!(
            r#"{{"firstpromoter_v1": {{"path_token": [{{"key": "{TOKEN}", "events": ["{event}"]}}]}}}}"#
        );
        let mut events =
            read(&text).of(firstpromoter_v1::DEFINITION.provider).path_token[0].events.clone();
        events.sort_unstable();
        events
    };
    for name in ["lead_becomes_referral", "New-Customer", "lead_becomes_customer"] {
        assert_eq!(bound(name), ["lead_becomes_customer", "lead_becomes_referral", "new_customer"]);
    }
    assert_eq!(bound("lead_signup"), ["lead_signup"]);
}

/// It would restrict nothing, and let nobody in.
#[test]
fn a_method_that_a_provider_does_not_have_is_named() {
    let basic = r#""basic": [{"user": "u", "password": "leak-leak"}]"#;
    for (section, used, problems) in [
        (format!(r#""uppromote": {{"hmac": ["key-of-any"], {basic}}}"#), true, 1),
        (format!(r#""uppromote": {{"hmac": ["key-of-any"], {basic}, "policy": "all"}}"#), false, 2),
        (format!(r#""affonso": {{{basic}}}"#), false, 1),
        (r#""affonso": {"hmac": ["key-of-any"], "path_token": [], "basic": null}"#.into(), true, 0),
        (r#""firstpromoter": {"path_token": ["leak-leak"]}"#.into(), false, 1),
        (r#""firstpromoter_v1": {"hmac": ["leak-leak"]}"#.into(), false, 1),
        (format!(r#""firstpromoter_v1": {{{basic}}}"#), true, 0),
    ] {
        let secrets = read(&format!("{{{section}}}"));
        let all = [
            secrets.of(uppromote::DEFINITION.provider),
            secrets.of(affonso::DEFINITION.provider),
            secrets.of(firstpromoter::DEFINITION.provider),
            secrets.of(firstpromoter_v1::DEFINITION.provider),
        ];
        assert_eq!(all.iter().any(|one| one.is_configured()), used, "{section}");
        assert_eq!(secrets.problems.len(), problems, "{section}: {:?}", secrets.problems);
    }
}

#[test]
fn a_token_that_no_address_can_carry_is_named() {
    for odd in ["/", "?", "#", "%41", " ", "ü", "\\\\"] {
        let token = format!("{}{odd}{TOKEN}", &TOKEN[..8]);
        let good = format!("\"{TOKEN}\"");
        let (used, problems) =
            beside("firstpromoter_v1", "path_token", &good, &format!("\"{token}\""));
        let problem = "firstpromoter_v1: path_token[1] has a character that cannot stand in a path";
        assert_eq!((used, problems), (1, vec![problem.to_owned()]), "{odd}");
    }
    let plain = format!("\"{TOKEN}+=_-~.\"");
    assert_eq!(beside("firstpromoter_v1", "path_token", &plain, &plain).0, 2);
}

#[test]
fn what_is_no_secret_closes_every_provider() {
    for text in
        ["", "[]", "null", r#"{"uppromote": "leak"}"#, r#"{"uppromot": {"hmac": ["leak-leak"]}}"#]
    {
        let secrets = read(text);
        assert!(!secrets.of(uppromote::DEFINITION.provider).is_configured(), "{text}");
        assert_eq!(secrets.problems.len(), 1, "{text}");
    }
}
