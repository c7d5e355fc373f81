//! samconfig.toml goes with template.yaml.

use std::collections::{BTreeMap, BTreeSet};

use serde_norway::Value;

use crate::{documents, links};

/// The lines below a table's header.
fn table(header: &str) -> Vec<String> {
    let config = documents::read("samconfig.toml");
    let lines = config.lines().map(str::trim);
    let below = lines.skip_while(|line| *line != format!("[{header}]")).skip(1);
    below.take_while(|line| !line.starts_with('[')).map(str::to_owned).collect()
}

/// The parameters of an environment: those that are said, and those that a comment
/// shows.
fn parameters(environment: &str) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let (mut said, mut shown) = (BTreeMap::new(), BTreeSet::new());
    for line in table(&format!("{environment}.global.parameters")) {
        let entry = line.strip_prefix("# ").unwrap_or(&line);
        let entry = entry.strip_prefix('"').and_then(|entry| entry.strip_suffix("\","));
        let Some((name, value)) = entry.and_then(|entry| entry.split_once('=')) else { continue };
        if line.starts_with('#') {
            shown.insert(name.to_owned());
        } else {
            said.insert(name.to_owned(), value.to_owned());
        }
    }
    (said, shown)
}

#[test]
fn each_environment_says_the_architecture_once_for_build_and_deploy() {
    let config = documents::read("samconfig.toml");
    let places = config.lines().filter(|line| line.trim().starts_with("parameter_overrides"));
    assert_eq!(places.count(), 2, "one list for each environment");
    let of = |environment| parameters(environment).0.get("Architecture").cloned();
    assert!(of("prod").is_some());
    assert_eq!(of("prod"), of("default"), "what was tried is what is deployed");
}

#[test]
fn every_parameter_without_default_is_said_or_shown() {
    let template: Value = serde_norway::from_str(&documents::read("template.yaml")).unwrap();
    let declared = template["Parameters"].as_mapping().unwrap();
    let required: BTreeSet<String> = declared
        .iter()
        .filter(|(_, parameter)| parameter.get("Default").is_none())
        .map(|(name, _)| name.as_str().unwrap().to_owned())
        .collect();
    for environment in ["default", "prod"] {
        let (said, shown) = parameters(environment);
        let named: BTreeSet<String> = said.keys().cloned().chain(shown).collect();
        for name in &named {
            assert!(declared.contains_key(name.as_str()), "{environment}: {name}");
        }
        assert!(required.is_subset(&named), "{environment}: {required:?}");
    }
    // The one to try things on needs nothing more.
    let (said, _) = parameters("default");
    assert!(required.iter().all(|name| said.contains_key(name)));
}

/// The event sources that SAM makes are named for the function and its event.
fn logical_ids(template: &Value) -> BTreeSet<String> {
    let resources = template["Resources"].as_mapping().unwrap();
    let mut ids = BTreeSet::new();
    for (id, resource) in resources {
        let id = id.as_str().unwrap();
        ids.insert(id.to_owned());
        let events = resource["Properties"]["Events"].as_mapping();
        let events = events.into_iter().flat_map(|events| events.keys());
        ids.extend(events.map(|event| format!("{id}{}", event.as_str().unwrap())));
    }
    ids
}

/// The interactive zsh takes no comments: what stands behind `#` would be part of the
/// command. A `#` of a text, such as a key, has no space before it.
#[test]
fn commands_to_copy_have_no_comments() {
    let (mut commands, mut found) = (0, Vec::new());
    for (page, text) in links::pages() {
        let mut within = false;
        for line in text.lines() {
            let trimmed = line.trim_start();
            match trimmed {
                "```sh" | "```bash" => within = true,
                _ if trimmed.starts_with("```") => within = false,
                _ => {}
            }
            if within {
                commands += 1;
                if trimmed.starts_with('#') || line.contains(" # ") {
                    found.push(format!("{page}: {line}"));
                }
            }
        }
    }
    assert!(commands > 100, "commands are not found any more: {commands}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_runbook_names_resources_that_there_are() {
    let template: Value = serde_norway::from_str(&documents::read("template.yaml")).unwrap();
    let ids = logical_ids(&template);
    let (mut each, mut seen) = (Vec::new(), 0);
    let runbook = documents::read("RUNBOOK.md");
    for line in runbook.lines() {
        if let Some((_, rest)) = line.split_once("for f in ") {
            each = rest.split(';').next().unwrap().split(' ').map(str::to_owned).collect();
        }
        let Some((_, rest)) = line.split_once("--logical-resource-id ") else { continue };
        let id = rest.split(' ').next().unwrap();
        let looped = id.contains("${f}");
        let named = if looped { each.clone() } else { vec![String::new()] };
        for id in named.iter().map(|one| id.replace("${f}", one)) {
            assert!(ids.contains(&id), "RUNBOOK.md: {id}");
            seen += 1;
        }
    }
    assert!(seen > 8, "commands are not found any more: {seen}");
}
