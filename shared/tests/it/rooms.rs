//! An arrow points down: a room of `shared`, and within it one of `fulfilment` and
//! `provider`, uses only rooms below it, and a provider
//! is known in its own folder, in the list and to the client of its API.

#[path = "../../../local/tests/rooms/arrows.rs"]
mod arrows;

use std::path::Path;

/// The rooms from the bottom to the top.
const ROOMS: [&str; 37] = [
    "crash",
    "wire",
    "settings",
    "observe",
    "function",
    "ledger",
    "fulfilment::reason",
    "fulfilment::state",
    "fulfilment::policy",
    "fulfilment::terms",
    "fulfilment::rewards",
    "fulfilment::decision",
    "fulfilment::assessment",
    "fulfilment::log",
    "fulfilment::promise",
    "fulfilment::reward",
    "fulfilment::snapshot",
    "fulfilment::machine",
    "fulfilment::announce",
    "fulfilment::lease",
    "fulfilment::view",
    "fulfilment",
    "provider::secrets",
    "provider::signature",
    "provider::status",
    "provider::mapping",
    "provider::object",
    "provider::definition",
    "provider::uppromote",
    "provider::affonso",
    "provider::firstpromoter",
    "provider::firstpromoter_v1",
    "provider",
    "platform",
    "aws",
    "work",
    "receive",
];

fn source() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

/// The modules of `shared` by path, each with its code.
pub fn modules() -> Vec<(String, String)> {
    arrows::modules(source()).unwrap()
}

#[test]
fn every_arrow_points_down() {
    assert_eq!(arrows::wrong_arrows(source(), &ROOMS).unwrap(), [""; 0]);
    let mut upside_down = ROOMS;
    upside_down.reverse();
    let wrong = arrows::wrong_arrows(source(), &upside_down).unwrap();
    assert!(wrong.iter().any(|arrow| arrow.starts_with("receive uses provider::")), "{wrong:?}");
}

/// The names of the providers and their vendors, as code may spell them.
const NAMES: [&str; 3] = ["affonso", "firstpromoter", "uppromote"];

/// Where a provider may be named: its folder, the list, and the client of its API
/// with that client's settings and credentials.
const OWN: [&str; 6] = [
    "provider::affonso",
    "provider::firstpromoter",
    "provider::firstpromoter_v1",
    "provider::uppromote",
    "provider",
    "platform",
];

#[test]
fn a_provider_is_named_in_its_own_places_alone() {
    let within = |module: &str, own: &str| {
        let inner = module.strip_prefix(own).is_some_and(|rest| rest.starts_with("::"));
        module == own || inner && own != "provider"
    };
    let modules = arrows::modules(source()).unwrap();
    let mut named = 0;
    for (module, code) in &modules {
        let code = code.to_lowercase();
        let names: Vec<_> = NAMES.iter().filter(|name| code.contains(**name)).collect();
        named += names.len();
        let own = OWN.iter().any(|own| within(module, own));
        assert!(own || names.is_empty(), "{module} names {names:?}");
    }
    assert!(named > NAMES.len(), "{named}");
    // The answers, the operator's command and the functions name none at all.
    for other in ["../answers/src", "../ops/src", "../functions"] {
        let other = Path::new(env!("CARGO_MANIFEST_DIR")).join(other);
        for (module, code) in arrows::modules(&other).unwrap() {
            let code = code.to_lowercase();
            let names: Vec<_> = NAMES.iter().filter(|name| code.contains(**name)).collect();
            assert!(names.is_empty(), "{module} names {names:?}");
        }
    }
}
