//! What the pages of docs/ promise is what the code does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use http::HeaderMap;
use serde_json::Value;
use shared::fulfilment::Input;
use shared::ledger::Malformed;
use shared::platform::credentials::Credentials;
use shared::platform::http::Reply;
use shared::provider::ALL;
use shared::receive::answer::{body, refused};
use shared::receive::log::Outcome;
use shared::receive::secrets::WebhookSecrets;
use shared::wire::secret::SecretDocument;
use shared::work::deliver::Judged;

use crate::documents;
use crate::machine::at;

/// The first text of a page between two others.
fn between(page: &str, begin: &str, end: &str) -> String {
    let text = documents::read(page);
    let (_, rest) = text.split_once(begin).unwrap_or_else(|| panic!("{page}: no {begin}"));
    rest.split_once(end).unwrap_or_else(|| panic!("{page}: no {end}")).0.to_owned()
}

pub const OUTCOMES: [Outcome; 13] = [
    Outcome::Recorded,
    Outcome::Duplicate,
    Outcome::Archived,
    Outcome::Test,
    Outcome::Ping,
    Outcome::Quarantined,
    Outcome::Unauthorized,
    Outcome::StaleValid,
    Outcome::NotFound,
    Outcome::MethodNotAllowed,
    Outcome::TooLarge,
    Outcome::NotConfigured,
    Outcome::Unavailable,
];

/// What the code says of each outcome, by its name there.
fn meanings() -> Vec<(String, String)> {
    let source = documents::read("shared/src/receive/log.rs");
    let (_, rest) = source.split_once("pub enum Outcome {\n").unwrap();
    let (variants, _) = rest.split_once("\n}").unwrap();
    let mut meanings = Vec::new();
    let mut meaning = String::new();
    for line in variants.lines().map(str::trim) {
        match (line.strip_prefix("///"), line.strip_suffix(',')) {
            (Some(said), _) => meaning += said,
            (None, Some(name)) => {
                meanings.push((name.to_owned(), std::mem::take(&mut meaning).trim().to_owned()));
            }
            (None, None) => panic!("{line}"),
        }
    }
    meanings
}

#[test]
fn every_outcome_is_listed_with_its_answer() {
    let meanings = meanings();
    let named: Vec<&str> = meanings.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(OUTCOMES.map(|outcome| format!("{outcome:?}")).as_slice(), named);
    let mut table = "| outcome | answer | body | is |\n|---|---|---|---|\n".to_owned();
    for (outcome, (_, meaning)) in OUTCOMES.into_iter().zip(&meanings) {
        let name = serde_json::to_value(outcome).unwrap();
        let (name, status) = (name.as_str().unwrap(), refused(outcome).as_u16());
        let malformed = Malformed::new("…", "…");
        let body = body(outcome, Some(&malformed));
        let meaning = meaning.trim_end_matches('.');
        writeln!(table, "| `{name}` | {status} | `{body}` | {meaning} |").unwrap();
    }
    documents::block("docs/answers.md", "outcomes", &table);
}

#[test]
fn the_secrets_of_the_page_are_read_as_they_are_and_closed_until_they_are_filled_in() {
    let text = between("docs/secrets.md", "cat > webhooks.json <<'JSON'\n", "JSON\n");
    let shown = WebhookSecrets::read(ALL, &text);
    assert!(ALL.iter().all(|definition| !shown.of(definition.provider).is_configured()));
    let filled = WebhookSecrets::read(ALL, &text.replace('…', &"0c".repeat(32)));
    assert_eq!(filled.problems(), <[String; 0]>::default());
    assert!(ALL.iter().all(|definition| filled.of(definition.provider).is_configured()));

    let text = between("docs/secrets.md", "cat > credentials.json <<'JSON'\n", "JSON\n");
    let filled = Credentials::read(&text);
    assert_eq!(filled.problems(), <[String; 0]>::default());
    assert!(!filled.reward_endpoint.signing.is_empty());
    assert!(filled.firstpromoter.is_some() && filled.firstpromoter_v1.is_some());
}

/// The methods that the table names for a provider are those of its definition.
#[test]
fn every_method_of_a_provider_is_on_the_page_of_secrets() {
    let titles = BTreeMap::from([
        ("uppromote", "UpPromote"),
        ("affonso", "Affonso"),
        ("firstpromoter", "FirstPromoter v2"),
        ("firstpromoter-v1", "FirstPromoter v1"),
    ]);
    let text = documents::read("docs/secrets.md");
    for definition in ALL {
        let title = titles[definition.provider.name()];
        for method in shared::provider::secrets::Method::ALL {
            let row = format!("| `{}` | ", method.name());
            let row = text.lines().find_map(|line| line.strip_prefix(&row)).unwrap();
            let owners = row.split_once(" | ").unwrap().0;
            let listed = owners.split(", ").any(|owner| {
                owner == title
                    || owner == "both of FirstPromoter" && title.starts_with("FirstPromoter")
            });
            let has = definition.authentication.methods.contains(&method);
            assert_eq!(listed, has, "{title}: {}", method.name());
        }
    }
}

/// What the table of the page says of a status code: the row that names it, else its
/// class, else the last.
fn said_of(rows: &[(String, String)], status: u16) -> &str {
    let class = format!("{}xx", status / 100);
    let names = |code: &str| rows.iter().find(|(codes, _)| codes.split(", ").any(|c| c == code));
    let row = names(&status.to_string()).or_else(|| names(&class));
    let row = row.or_else(|| rows.iter().find(|(codes, _)| codes == "any other 4xx"));
    &row.unwrap_or_else(|| panic!("{status}")).1
}

#[test]
fn the_endpoints_answers_mean_what_the_page_says() {
    let table = between("docs/rewards.md", "| your answer | means |\n|---|---|\n", "\n\n");
    let rows: Vec<(String, String)> = table
        .lines()
        .map(|row| row.trim_matches(['|', ' ']).split_once(" | ").unwrap())
        .map(|(codes, means)| (codes.replace(", or no answer", ""), means.to_owned()))
        .collect();
    let (soon, slowly) = (at(10), at(1000));
    let judged = Judged { retry_at: soon, retry_slowly_at: slowly, idempotent: true };
    // Of the classes in which no code has a row of its own, the ends.
    for status in [200, 299, 300, 399].into_iter().chain(400..=500).chain([599]) {
        let reply = Reply::Answer { status, headers: HeaderMap::new(), body: Vec::new() };
        let means = match judged.of(&reply) {
            Input::Done => "given, or given before",
            Input::RetryLater { not_before, .. } if not_before == soon => "not given; tried again",
            Input::RetryLater { .. } => "something is not set up",
            Input::Unknown { .. } => "nobody knows; tried again",
            Input::Refused(_) => "refused for good",
            other => panic!("{status}: {other:?}"),
        };
        let said = said_of(&rows, status);
        assert!(said.starts_with(means), "{status}: {said}");
    }
}

#[test]
fn the_reward_of_the_page_has_the_fields_of_the_schema() {
    let shown: Value =
        serde_json::from_str(&between("docs/rewards.md", "```json\n", "```")).unwrap();
    let schema: Value = serde_json::from_str(&documents::read("docs/reward.schema.json")).unwrap();
    fn check(shown: &Value, schema: &Value, place: &str) {
        let Some(members) = shown.as_object() else { return };
        let properties = schema["properties"].as_object().unwrap();
        for (name, value) in members {
            let own = properties.get(name).unwrap_or_else(|| panic!("{place}.{name}"));
            check(value, own, &format!("{place}.{name}"));
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(members.contains_key(name.as_str().unwrap()), "{place}: {name}");
        }
    }
    check(&shown, &schema, "reward");
}

/// The lines of a page's commands.
fn commands(text: &str) -> Vec<&str> {
    let blocks = text.split("```sh\n").skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).flat_map(str::lines).collect()
}

/// The name at the beginning of a text, as a shell reads it.
fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    end.map_or(text, |end| &text[..end])
}

/// The variables that commands set, go through in a loop, or read from the terminal.
fn set_in(commands: &[&str]) -> BTreeSet<String> {
    let mut set = BTreeSet::new();
    for line in commands {
        let words: Vec<&str> = line.split([' ', ';']).collect();
        let reads = words.iter().position(|word| *word == "read");
        let read = reads.map_or(&[][..], |at| &words[at + 1..]);
        set.extend(read.iter().map(|word| (*word).to_owned()));
        let looped = words.iter().position(|word| *word == "for");
        set.extend(looped.and_then(|at| words.get(at + 1)).map(|word| (*word).to_owned()));
        let assigned = words.iter().filter_map(|word| Some(word.split_once('=')?.0));
        set.extend(assigned.map(str::to_owned));
        let looped = words.windows(2).find(|pair| pair[0] == "for");
        set.extend(looped.map(|pair| pair[1].to_owned()));
    }
    set
}

#[test]
fn a_command_uses_only_variables_that_are_set_or_outputs_of_the_stack() {
    let template: serde_norway::Value =
        serde_norway::from_str(&documents::read("template.yaml")).unwrap();
    let outputs = template["Outputs"].as_mapping().unwrap();
    let outputs: BTreeSet<&str> = outputs.keys().filter_map(|name| name.as_str()).collect();
    let mut seen = 0;
    for (page, text) in crate::links::pages() {
        let commands = commands(&text);
        let set = set_in(&commands);
        for rest in commands.iter().flat_map(|line| line.split('$').skip(1)) {
            let name = name_of(rest.trim_start_matches('{'));
            let known = name.is_empty() || set.contains(name) || outputs.contains(name);
            assert!(known, "{page}: ${name}");
            seen += 1;
        }
    }
    assert!(seen > 20, "variables are not found any more: {seen}");
}

/// Of a setting that a page names with a value, such as `V1Confirm=api`, the template
/// has the parameter, and takes the value.
#[test]
fn a_setting_with_a_value_is_one_that_the_template_takes() {
    let template: serde_norway::Value =
        serde_norway::from_str(&documents::read("template.yaml")).unwrap();
    let mut seen = 0;
    for (page, text) in crate::links::pages() {
        for code in text.split('`').skip(1).step_by(2).filter(|code| !code.contains(['\n', ' '])) {
            let Some((name, value)) = code.split_once('=') else { continue };
            let is_parameter = name.starts_with(|c: char| c.is_ascii_uppercase())
                && name.contains(|c: char| c.is_ascii_lowercase());
            if !is_parameter || value == "…" {
                continue;
            }
            let parameter = template["Parameters"].get(name);
            let parameter = parameter.unwrap_or_else(|| panic!("{page}: {code}"));
            let words = parameter["AllowedValues"].as_sequence();
            let taken = words.is_none_or(|words| words.iter().any(|word| word == value));
            assert!(taken, "{page}: {code}");
            seen += 1;
        }
    }
    assert!(seen > 10, "settings are not found any more: {seen}");
}

/// The samples of a provider that `cargo local` plays. The names of some providers
/// begin like others'.
fn samples_of(samples: &[Value], provider: &str) -> usize {
    let owner = |sample: &Value| {
        let name = sample["sample"].as_str().unwrap().to_owned();
        let own = ALL.iter().map(|definition| definition.provider.name());
        own.filter(|own| name.starts_with(&format!("{own}-"))).max_by_key(|own| own.len())
    };
    samples.iter().filter(|sample| owner(sample) == Some(provider)).count()
}

#[test]
fn the_readme_shows_as_many_samples_as_there_are() {
    let readme = documents::read("README.md");
    let samples = documents::read("events/answers.json");
    let samples: Vec<Value> = serde_json::from_str(&samples).unwrap();
    let anew = "README.md: show what `cargo local --exit` prints now";
    let all = samples.len();
    assert!(readme.contains(&format!("{all} samples, {all} answered as expected")), "{anew}");
    for definition in ALL {
        let provider = definition.provider.name();
        let line = readme.lines().find(|line| line.split(' ').any(|word| word == provider));
        let of = samples_of(&samples, provider);
        let shown = line.is_some_and(|line| line.ends_with(&format!(" {of} of {of} as expected")));
        assert!(shown, "{anew}: {provider}, {of}");
    }
}
