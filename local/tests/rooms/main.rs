//! An arrow points down: a room of `local` uses only rooms below it, and the
//! stage knows nothing of the play.

mod arrows;

use std::path::Path;

/// The rooms from the bottom to the top.
const ROOMS: [&str; 44] = [
    "error",
    "say",
    "stage::template",
    "stage::binaries",
    "stage::server",
    "stage::doors",
    "stage::engines",
    "stage::lambda",
    "stage::observer",
    "stage::options",
    "stage::sources",
    "stage::front",
    "stage::client",
    "stage::start",
    "stage::stack",
    "stage",
    "play::sign",
    "play::development",
    "play::samples",
    "play::curl",
    "play::edit",
    "play::check",
    "play::fold",
    "play::paint",
    "play::lines",
    "play::secrets_file",
    "play::fakes",
    "play::relay",
    "play::external_systems",
    "play::console",
    "play::playing",
    "play",
    "cli::values",
    "cli::event",
    "cli::check_endpoint",
    "cli::containers",
    "cli::run_folder",
    "cli::banner",
    "cli::waiting",
    "cli::logs",
    "cli::send",
    "cli::page",
    "cli::wiring",
    "cli",
];

/// Words of the bundle's business, which the stage could not say without
/// knowing it.
const BUSINESS: [&str; 7] =
    ["affiliate", "affonso", "firstpromoter", "fulfil", "promise", "reward", "uppromote"];

fn source() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

#[test]
fn every_arrow_points_down() {
    assert_eq!(arrows::wrong_arrows(source(), &ROOMS).unwrap(), [""; 0]);
    let mut upside_down = ROOMS;
    upside_down.reverse();
    let wrong = arrows::wrong_arrows(source(), &upside_down).unwrap();
    assert!(wrong.contains(&"cli::banner uses stage::template::REGION".to_owned()), "{wrong:?}");
}

#[test]
fn the_stage_knows_nothing_of_affiliates() {
    let modules = arrows::modules(source()).unwrap();
    for (module, code) in modules.iter().filter(|(module, _)| module.starts_with("stage")) {
        let code = code.to_lowercase();
        let said: Vec<_> = BUSINESS.iter().filter(|word| code.contains(**word)).collect();
        assert!(said.is_empty(), "{module} says {said:?}");
    }
}
