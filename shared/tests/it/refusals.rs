//! Why a request is refused, for the operator: the reasons in code, alarms and
//! runbook.

use serde_json::Value;
use shared::provider::ALL;
use shared::provider::signature::{Incoming, Reason, Refusal};
use shared::receive::authenticate::has_form;

use crate::documents;

fn name(reason: Reason) -> String {
    serde_json::to_value(reason).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn a_list_of_all_reasons_has_all_in_their_order() {
    let source = documents::read("shared/src/provider/signature.rs");
    let (_, rest) = source.split_once("pub enum Reason {\n").unwrap();
    let (variants, _) = rest.split_once("\n}").unwrap();
    let variants: Vec<&str> =
        variants.lines().filter_map(|line| line.trim().strip_suffix(',')).collect();
    assert_eq!(Reason::ALL.map(|reason| format!("{reason:?}")).as_slice(), variants);
    assert!(Reason::ALL.is_sorted());
}

/// A person who tries addresses sends nothing that a provider would; one whose secret
/// is not ours any more does. The alarms of the template go by that.
#[test]
fn only_what_has_the_form_of_a_provider_is_of_a_sender() {
    let of_senders: Vec<_> = Reason::ALL.into_iter().filter(|r| r.is_of_a_sender()).collect();
    assert_eq!(
        of_senders,
        [
            Reason::WithoutTime,
            Reason::NoSecretMatches,
            Reason::TokenUnknown,
            Reason::OtherEvent,
            Reason::NotEveryMethod,
            Reason::TooFarAhead,
        ]
    );
}

/// Without any secret of ours: with none, or before a body is looked at.
#[test]
fn the_form_of_a_provider_is_told_without_its_secrets() {
    let mac = "0".repeat(64);
    let (of_b, token) = (format!("t=1767225600,v1={mac}"), "t".repeat(32));
    let basic = "Basic dXNlcjpwYXNzd29yZA==";
    for (provider, header, value, token, has) in [
        ("uppromote", "x-uppromote-signature", &*mac, None, true),
        ("uppromote", "x-uppromote-signature", "00", None, false),
        ("uppromote", "authorization", basic, None, false),
        ("affonso", "x-affonso-signature", &*of_b, None, true),
        ("affonso", "x-affonso-signature", "t=1767225600", None, false),
        ("firstpromoter", "x-webhook-signature", &*mac, None, true),
        ("firstpromoter", "authorization", basic, None, true),
        ("firstpromoter", "x-any", &*mac, None, false),
        ("firstpromoter-v1", "x-any", "", Some(&*token), true),
        ("firstpromoter-v1", "x-any", "", Some("short"), false),
        ("firstpromoter-v1", "x-any", "", None, false),
    ] {
        let definition = ALL.iter().find(|own| own.provider.name() == provider).unwrap();
        let mut headers = http::HeaderMap::new();
        let name: http::HeaderName = header.parse().unwrap();
        headers.insert(name, value.parse().unwrap());
        let incoming = Incoming { headers: &headers, body: b"{}", path_token: token };
        assert_eq!(has_form(definition, &incoming), has, "{provider} {header}: {value} {token:?}");
    }
}

#[test]
fn a_refusal_without_a_secret_has_no_reason_and_one_for_its_age_has() {
    assert_eq!(Refusal::NotConfigured.reason(), None);
    assert_eq!(Refusal::StaleValid.reason(), Some(Reason::TooOld));
    assert_eq!(Refusal::Unauthorized(Reason::Length).reason(), Some(Reason::Length));
}

/// Those that count for the alarm have a row each, those that do not share the last.
#[test]
fn the_runbook_says_what_to_do_about_each_reason() {
    let runbook = documents::read("RUNBOOK.md");
    let (_, table) =
        runbook.split_once("| `reason` | what was sent | what to do |\n|---|---|---|\n").unwrap();
    let rows: Vec<&str> = table.split_once("\n\n").unwrap().0.lines().collect();
    for reason in Reason::ALL {
        let named = format!("`{}`", name(reason));
        let at = rows.iter().position(|row| row.split(" | ").next().unwrap().contains(&named));
        let is_last = at.unwrap_or_else(|| panic!("{named} has no row")) == rows.len() - 1;
        assert_eq!(is_last, !reason.is_of_a_sender() && reason != Reason::TooOld, "{named}");
    }
}

#[test]
fn every_provider_has_an_alarm_for_its_refused_signatures() {
    let template: serde_norway::Value =
        serde_norway::from_str(&documents::read("template.yaml")).unwrap();
    let text = serde_json::to_string(&named(&template)).unwrap();
    for definition in ALL {
        let provider = definition.provider.name();
        assert!(
            text.contains(&format!("\"${{AWS::StackName}}-{provider}-refused\"")),
            "{provider}"
        );
    }
}

/// The names of the alarms, as they stand.
fn named(template: &serde_norway::Value) -> Value {
    let resources = template["Resources"].as_mapping().unwrap().values();
    let names = resources.filter_map(|resource| match &resource["Properties"]["AlarmName"] {
        serde_norway::Value::Tagged(tagged) => tagged.value.as_str().map(Value::from),
        _ => None,
    });
    names.collect()
}
