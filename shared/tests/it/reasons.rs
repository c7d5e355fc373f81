//! RUNBOOK.md explains every reason for which a promise can be parked, and no other.

use std::collections::BTreeSet;

use shared::fulfilment::{ParkReason, Resolution, Resuming, State, Task};
use shared::provider::secrets::Method;

use crate::documents;

const HEAD: &str = "| reason | meaning | before you resume | resume |\n|---|---|---|---|\n";

/// The data are `ParkReason::explained()`; the page repeats them for who reads it
/// without a terminal.
#[test]
fn the_runbook_has_the_row_of_every_reason_and_none_besides() {
    let runbook = documents::read("RUNBOOK.md");
    let (before, rest) = runbook.split_once(HEAD).unwrap();
    let after: Vec<&str> = rest.split('\n').skip_while(|line| line.starts_with('|')).collect();
    let explained = ParkReason::explained();
    let expected = format!("{before}{HEAD}{explained}{}", after.join("\n"));
    documents::file("RUNBOOK.md", &expected);
    let explained: Vec<&str> =
        explained.lines().map(|row| row.split('`').nth(1).unwrap()).collect();
    // The endpoint's own, which has no name of ours.
    let (endpoints, ours): (Vec<_>, Vec<_>) =
        explained.into_iter().partition(|row| row.contains(' '));
    assert_eq!(endpoints, ["4xx code"]);
    let names: BTreeSet<String> = ParkReason::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(ours.iter().map(|row| (*row).to_owned()).collect::<BTreeSet<_>>(), names);
    assert_eq!((ours.len(), names.len()), (ParkReason::ALL.len(), ParkReason::ALL.len()));
}

#[test]
fn every_reason_is_explained_and_the_endpoints_own_as_one() {
    let mut all = ParkReason::ALL.to_vec();
    all.push("422 no_such_account".into());
    let explanations: Vec<_> = all.iter().map(ParkReason::explanation).collect();
    for (n, explanation) in explanations.iter().enumerate() {
        assert!(explanation.meaning.len() > 10 && explanation.remedy.len() > 5, "{}", all[n]);
        assert!(!explanations[..n].iter().any(|other| other.meaning == explanation.meaning));
    }
    assert!(explanations.last().unwrap().meaning.contains("refused it for good"));
}

/// What is to be looked at one by one, or not to be resumed, is not offered to be resumed
/// together: a remedy that says so has its word beside it.
#[test]
fn what_is_resumed_together_has_one_remedy_for_all() {
    let mut all = ParkReason::ALL.to_vec();
    all.push("422 no_such_account".into());
    let named = |way: Resuming| -> Vec<String> {
        let of_way = all.iter().filter(|reason| reason.explanation().resuming == way);
        of_way.map(ToString::to_string).collect()
    };
    assert_eq!(
        named(Resuming::Together),
        ["over_age", "incomplete_terms", "no_recipient_rule", "422 no_such_account"]
    );
    assert_eq!(
        named(Resuming::NotAsItIs),
        [
            "contested",
            "suspected_at_provider",
            "older_than_fulfil_from",
            "amount_not_positive",
            "campaign_unknown",
            "approval_refused",
        ]
    );
    for reason in &all {
        let explanation = reason.explanation();
        let remedy = explanation.remedy;
        let is_looked_at =
            ["Look", "Given", "Right: ", "if it is", "Do not resume", "without being resumed"];
        if is_looked_at.iter().any(|words| remedy.contains(words)) {
            assert_ne!(explanation.resuming, Resuming::Together, "{reason}: {remedy}");
        }
    }
}

#[test]
fn a_reason_is_known_by_its_name_and_all_else_is_the_endpoints() {
    for reason in ParkReason::ALL {
        assert_eq!(ParkReason::from(reason.name()), reason);
    }
    let refused = ParkReason::from("422 no_such_account");
    assert_eq!(refused, ParkReason::RefusedByEndpoint("422 no_such_account".into()));
    assert_eq!(refused.name(), "422 no_such_account");
}

/// A reason that nothing parks for would be a row that misleads.
#[test]
fn every_reason_is_one_that_something_is_parked_for() {
    let rooms = crate::rooms::modules();
    let parks = |name: &str| {
        rooms.iter().any(|(room, code)| {
            let parks = room.starts_with("fulfilment") || room.starts_with("work");
            parks && room != "fulfilment::reason" && code.contains(name)
        })
    };
    for reason in ParkReason::ALL {
        let variant = format!("ParkReason::{reason:?}");
        assert!(parks(&variant), "nothing is parked for {variant}");
    }
}

/// A `match` has an arm for each variant; `ALL` could have lost one.
#[test]
fn a_list_of_all_variants_has_all() {
    for (file, variant, all) in [
        ("fulfilment/reason.rs", "ParkReason::", ParkReason::ALL.len()),
        ("fulfilment/state.rs", "State::", State::ALL.len()),
        ("fulfilment/state.rs", "Task::", Task::ALL.len()),
        ("provider/secrets.rs", "Self::", Method::ALL.len()),
    ] {
        let source = documents::read(&format!("shared/src/{file}"));
        let named = source.lines().map(str::trim_start);
        let named = named.filter(|line| line.starts_with(variant) && line.contains(" => \""));
        assert_eq!(named.count(), all, "{variant} in {file}");
    }
    let distinct = Resolution::ALL.map(|one| (one.granted(), one.closes()));
    assert!((0..6).all(|n| !distinct[..n].contains(&distinct[n])));
}
