//! Tests of the wiring.

use std::collections::BTreeMap;

use shared::receive::route::Route;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000).plus_seconds(second)
}

fn seen(second: i64, provider: &str, outcome: &str, secret: Option<&str>) -> Seen {
    Seen {
        at: at(second),
        provider: Some(provider.to_owned()).filter(|name| !name.is_empty()),
        status: if outcome == "unauthorized" { 401 } else { 200 },
        outcome: outcome.to_owned(),
        event_type: None,
        reason: (outcome == "unauthorized").then(|| "no_secret_matches".to_owned()),
        problem: None,
        secret: secret.map(str::to_owned),
    }
}

fn looked(complete: bool) -> Looked {
    Looked { period: "in the last 7 days".to_owned(), complete }
}

fn wiring(seen: &[Seen], complete: bool) -> Wiring {
    Wiring::of(
        at(600),
        ("https://in.example", "secret mine/webhooks"),
        None,
        seen,
        &looked(complete),
    )
}

#[test]
fn each_address_is_one_that_its_provider_is_received_at() {
    let wiring = wiring(&[], true);
    assert_eq!(wiring.providers.len(), ALL.len());
    for of in &wiring.providers {
        let own = ALL.iter().find(|own| own.provider.name() == of.provider).unwrap();
        let all: usize = own.catalogue.iter().map(|row| row.names().count()).sum();
        assert_eq!(of.addresses.iter().map(|address| address.takes.len()).sum::<usize>(), all);
        for address in &of.addresses {
            let path = address.url.strip_prefix("https://in.example").unwrap();
            let route = Route::of_path(ALL, path).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(route.definition.provider.name(), of.provider, "{path}");
            // No token but the word for one.
            let token = of.token.as_ref().map(|_| TOKEN);
            assert_eq!(route.path_token, token, "{path}");
            for name in &address.takes {
                assert_eq!(own.family_of(name), Some(route.family), "{path}: {name}");
                assert!(route.event.is_none_or(|event| event == *name), "{path}: {name}");
            }
        }
    }
    let token = wiring.providers.iter().find_map(|of| of.token.clone()).unwrap();
    assert_eq!(
        token,
        "TOKEN stands for the text in firstpromoter_v1.path_token of the secret mine/webhooks."
    );
}

#[test]
fn the_last_of_each_sort_is_told() {
    let all = [
        seen(50, "affonso", "recorded", Some("hmac[1]")),
        seen(10, "affonso", "recorded", Some("hmac[0]")),
        seen(40, "affonso", "unauthorized", None),
        seen(60, "affonso", "quarantined", Some("hmac[2]")),
        seen(70, "uppromote", "ping", None),
        seen(80, "firstpromoter", "unauthorized", None),
        seen(90, "", "not_found", None),
    ];
    let wiring = wiring(&all, true);
    let of = |name: &str| wiring.providers.iter().find(|of| of.provider == name).unwrap();
    let times = |name: &str| {
        let of = of(name);
        [&of.event, &of.refusal, &of.vouched]
            .map(|seen| seen.as_ref().map(|seen| seen.at.seconds() - at(0).seconds()))
    };
    assert_eq!(times("affonso"), [Some(50), Some(60), Some(60)]);
    assert_eq!(times("uppromote"), [None; 3]);
    assert_eq!(times("firstpromoter"), [None, Some(80), None]);
    assert_eq!(
        wiring.missing,
        [
            "No event of UpPromote in the last 7 days.",
            "The last request of Affonso was refused: quarantined.",
            "No event of FirstPromoter v2 in the last 7 days; the last request was refused: \
             unauthorized, no_secret_matches.",
            "No event of FirstPromoter v1 in the last 7 days.",
            "Somebody asked for an address that there is not, last 8 min ago (not_found).",
        ]
    );
    assert_eq!(
        wiring.sentence(),
        "Events came from 1 of 4 providers in the last 7 days. The last request of 2 was refused. \
         5 things to look at."
    );
}

#[test]
fn what_was_not_looked_at_is_not_said_to_be_missing() {
    assert_eq!(wiring(&[], false).missing, [""; 0]);
    let refused = wiring(&[seen(1, "affonso", "unauthorized", None)], false);
    let says = "The last request of Affonso was refused: unauthorized, no_secret_matches.";
    assert_eq!(refused.missing, [says]);
    assert_eq!(
        refused.sentence(),
        "Whether events came from any of 4 providers in the last 7 days is not known. The last \
         request of 1 was refused. 1 thing to look at. Not all that came in could be read."
    );
    let some = wiring(&[seen(1, "affonso", "recorded", None)], false);
    assert_eq!(
        some.sentence(),
        "Events came from at least 1 of 4 providers in the last 7 days. Not all that came in could \
         be read."
    );
    assert!(some.providers.iter().all(|of| of.none() == "not known" && !of.complete));
    assert!(wiring(&[], true).providers.iter().all(|of| of.none() == "none" && of.complete));
    let all: Vec<Seen> =
        ALL.iter().map(|own| seen(1, own.provider.name(), "recorded", None)).collect();
    assert_eq!(
        wiring(&all, true).sentence(),
        "Events came from 4 of 4 providers in the last 7 days. Nothing is missing."
    );
}

#[test]
fn what_the_settings_lack_stands_first() {
    let values = [("FulfilmentSource", "v2"), ("RewardEndpointUrl", "")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings::deployed(BTreeMap::from(values));
    let wiring = Wiring::of(at(0), ("x", "y"), Some(&settings), &[], &looked(true));
    assert_eq!(wiring.settings.len(), 2);
    assert!(wiring.missing[0].starts_with("The endpoint for rewards is not set"));
}

#[test]
fn an_outcome_of_another_version_is_told_by_its_status() {
    for (status, expected) in [(200, Taken::Event), (503, Taken::Refused)] {
        let one = Seen { status, ..seen(1, "affonso", "of_tomorrow", None) };
        assert_eq!(one.taken(), expected);
    }
}

#[test]
fn every_outcome_has_its_sort() {
    let names: Vec<String> =
        [Taken::Event, Taken::NoEvent, Taken::Refused].into_iter().flat_map(outcomes).collect();
    let error = serde_json::from_value::<Outcome>("none".into()).unwrap_err().to_string();
    // "unknown variant `none`, expected one of `recorded`, …"
    let mut known: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
    known.sort_unstable();
    let mut told: Vec<&str> = names.iter().map(String::as_str).collect();
    told.sort_unstable();
    assert_eq!(told, known);
}
