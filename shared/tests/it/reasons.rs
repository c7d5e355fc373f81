//! RUNBOOK.md explains every reason for which a promise can be parked, and no other.

use std::collections::BTreeSet;
use std::fs;

use shared::fulfilment::{ParkReason, Resolution, State, Task};
use shared::provider::secrets::Method;

use crate::documents;

#[test]
fn the_runbook_has_a_row_for_every_reason_and_none_besides() {
    let runbook = concat!(env!("CARGO_MANIFEST_DIR"), "/../RUNBOOK.md");
    let runbook = fs::read_to_string(runbook).unwrap();
    let table = runbook.split("| reason | meaning |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let explained: Vec<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    // The endpoint's own, which has no name of ours.
    let (endpoints, ours): (Vec<_>, Vec<_>) =
        explained.into_iter().partition(|row| row.contains(' '));
    assert_eq!(endpoints, ["4xx code"]);
    let names: BTreeSet<String> = ParkReason::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(ours.iter().map(|row| (*row).to_owned()).collect::<BTreeSet<_>>(), names);
    assert_eq!((ours.len(), names.len()), (ParkReason::ALL.len(), ParkReason::ALL.len()));
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
