//! What walks the list of providers: the tables of their pages, the template's routes and the
//! description by which `cargo local` signs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use http::HeaderMap;
use serde_json::Value;
use shared::ledger::{Family, Kind, UNKNOWN, status_set};
use shared::provider::definition::{Definition, Routes};
use shared::provider::object::EventType;
use shared::provider::status::is_withdrawn;
use shared::provider::{ALL, definition};
use shared::receive::gateway::{ROUTED, Request};
use shared::receive::route::{Route, path_of};

use crate::documents;

#[test]
fn cargo_local_signs_as_the_definitions_say() {
    let all: Vec<Value> = ALL.iter().map(|definition| definition.signing()).collect();
    let text = serde_json::to_string_pretty(&all).unwrap() + "\n";
    documents::file("events/providers.json", &text);
}

/// The end of the address at which an event is expected.
fn address(definition: &Definition, row: &EventType) -> String {
    let path = path_of(definition, row.family(), row.name);
    let base = format!("/webhooks/{}/", definition.provider);
    path.strip_prefix(&base).unwrap().replace("{token}", "TOKEN")
}

/// The kinds of object that an event writes.
fn writes(row: &EventType) -> String {
    row.kinds().map(Kind::name).collect::<Vec<_>>().join(", ")
}

/// Whether an event can make a promise of a reward: one that says that it is not owed
/// cannot.
fn promises(definition: &Definition, row: &EventType) -> &'static str {
    let promised = definition.rewards.is_some_and(|rewards| rewards.kind == row.object.kind);
    let is_owed = !row.deletes && row.status.is_none_or(|status| !is_withdrawn(status));
    if promised && row.object.decides && is_owed { "yes" } else { "no" }
}

/// The name of an event's sample, without its ending.
pub fn sample_of(definition: &Definition, event: &str) -> String {
    format!("{}-{}", definition.provider, event.replace(['.', '_'], "-"))
}

/// Names in one cell, each with its sample: of those with the beginning of the one
/// before, the end alone.
fn names(definition: &Definition, rows: &[&EventType]) -> String {
    let mut cell = String::new();
    let mut before = "";
    for name in rows.iter().flat_map(|row| row.names()) {
        let (stem, end) = name.rsplit_once('.').unwrap_or(("", name));
        let same = !stem.is_empty() && stem == before;
        let shown = if same { format!("`.{end}`") } else { format!("`{name}`") };
        let sample = sample_of(definition, name);
        let comma = if cell.is_empty() { "" } else { ", " };
        write!(cell, "{comma}[{shown}](../../events/{sample}.json)").unwrap();
        before = stem;
    }
    cell
}

fn table(definition: &Definition) -> String {
    type Group = (String, String, &'static str);
    let mut groups: Vec<(Group, Vec<&EventType>)> = Vec::new();
    for row in definition.catalogue {
        let group = (address(definition, row), writes(row), promises(definition, row));
        match groups.iter_mut().find(|(other, _)| *other == group) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((group, vec![row])),
        }
    }
    let mut table = String::from(
        "| events, each with its sample | address ends with | writes | can promise a reward |\n|---|---|---|---|\n",
    );
    for ((address, writes, promises), rows) in groups {
        let names = names(definition, &rows);
        writeln!(table, "| {names} | `{address}` | {writes} | {promises} |").unwrap();
    }
    table
}

#[test]
fn a_page_lists_the_events_of_every_provider() {
    for definition in ALL {
        let provider = definition.provider;
        let page = format!("docs/providers/{provider}.md");
        documents::block(&page, &format!("events of {provider}"), &table(definition));
    }
}

/// The paths of the template, each with the function that takes it.
fn template_routes() -> Vec<(String, String)> {
    let template = documents::read("template.yaml");
    let mut routes = Vec::new();
    let mut function = "";
    for line in template.lines() {
        let name = line.strip_prefix("  ").and_then(|rest| rest.strip_suffix("Function:"));
        function = name.filter(|name| !name.starts_with(' ')).unwrap_or(function);
        if let Some(path) = line.trim_start().strip_prefix("Path: ") {
            routes.push((path.to_owned(), function.to_owned()));
        }
    }
    routes
}

/// The function of a family.
fn function_of(family: Family) -> &'static str {
    match family {
        Family::Payouts => "Payouts",
        Family::Commissions => "Commissions",
        Family::Customers => "Customers",
        Family::Affiliates => "Affiliates",
        Family::Fulfilments => "Fulfilments",
    }
}

/// The addresses that a provider's events are expected at, with their family.
fn addresses(definition: &Definition) -> Vec<(String, Family)> {
    let of = |family, event| (path_of(definition, family, event), family);
    match &definition.routes {
        Routes::Families(families) | Routes::TokenAndFamilies(families) => {
            families.iter().map(|(_, family)| of(*family, "")).collect()
        }
        Routes::Events => {
            definition.catalogue.iter().map(|row| of(row.family(), row.name)).collect()
        }
    }
}

#[test]
fn the_template_has_a_route_for_every_address_and_none_besides() {
    let routes = template_routes();
    let greedy = |path: &str| path.ends_with("{event}") || path.ends_with("+}");
    let expected = ALL.iter().flat_map(|definition| addresses(definition));
    let expected = expected.map(|(path, family)| (path, function_of(family).to_owned()));
    let expected: BTreeSet<_> = expected.collect();
    for (path, _) in &expected {
        assert!(Route::of_path(ALL, path).is_some(), "{path}");
        // What the routes hand on is known without them.
        let request = Request::new("POST", path, HeaderMap::new(), b"");
        assert!(request.is_handed_on(), "{path}");
    }
    assert!(routes.iter().any(|(path, _)| *path == format!("{ROUTED}{{address+}}")));
    let template = documents::read("template.yaml");
    let posts = template.lines().filter(|line| line.trim() == "Method: POST");
    assert_eq!(posts.count(), routes.len());
    let exact = routes.iter().filter(|(path, _)| !greedy(path)).cloned();
    assert_eq!(exact.collect::<BTreeSet<_>>(), expected);
    let others: Vec<_> = routes.iter().filter(|(path, _)| greedy(path)).collect();
    let of = |path: &str, function: &str| (path.to_owned(), function.to_owned());
    let [spelling, address] =
        [of("/webhooks/uppromote/{event}", "Affiliates"), of("/webhooks/{address+}", "Payouts")];
    assert_eq!(others, [&address, &spelling]);
}

#[test]
fn a_catalogue_says_everything_once() {
    for definition in ALL {
        let mut names = BTreeSet::new();
        for name in definition.catalogue.iter().flat_map(EventType::names) {
            assert!(names.insert(name), "{definition}: {name} twice");
            assert_eq!(definition.event_named(&name.replace(['.', '_'], "-")), Some(name));
        }
        for row in definition.catalogue {
            assert_eq!(definition.family_of(row.name), Some(row.family()), "{}", row.name);
        }
        let name = definition.provider.name();
        assert_eq!(definition::find(ALL, name), Some(*definition));
    }
    let sections: BTreeSet<_> = ALL.iter().map(|own| own.authentication.section).collect();
    assert_eq!(sections.len(), ALL.len());
}

#[test]
fn every_status_is_in_the_set_of_its_kind() {
    for definition in ALL {
        let objects = definition
            .catalogue
            .iter()
            .flat_map(|row| std::iter::once(row.object).chain(row.object.also.iter().copied()));
        for object in objects {
            let set: Vec<_> = status_set(object.kind).iter().map(|(status, _)| *status).collect();
            let words = object.words.words.iter().map(|(_, status)| *status);
            let by_fact = object.words.by_fact.iter().map(|rule| rule.status);
            for status in words.chain(by_fact).chain(object.words.otherwise) {
                assert!(set.contains(&status), "{definition} {:?}: {status}", object.kind);
            }
            let said = object.words.words.iter().map(|(word, _)| *word).collect::<BTreeSet<_>>();
            assert_eq!(said.len(), object.words.words.len(), "{definition} {:?}", object.kind);
        }
        // What a type says of its object is a word that has a meaning.
        for row in definition.catalogue.iter().filter(|row| row.status.is_some()) {
            assert_ne!(row.object.words.meaning(row.status.unwrap()), UNKNOWN, "{}", row.name);
        }
    }
}
