//! RUNBOOK.md explains every reason that the code can park a promise for, and no
//! other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use shared::fulfilment::State;

/// What else the modules that park name in such words.
const NO_REASONS: &str = "\
    accepted affiliate affiliate_id after_lease after_note after_outcome amount approve \
    approved backlog before_lease before_outcome campaign_id cancelled cash_cents \
    commission_id complete confirm credits cust_id customer customer_id deleted deliver \
    deliver_and_unmark discount_per email endpoint_refused enrolment epoch error false fraud_check free_months \
    fulfilment_id is_self_referral is_zero lookup mon_discount no_suspicion not_announced \
    not_approved not_before not_source occurred_at one_or_more outcome pending \
    platform_refused points processing promoter provider reason recipient reference referral \
    rejected response reverse rules snake_case state status sweep timestamp unapproved_since value";

fn here(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

/// The sources of a module and of those below it.
fn sources(path: &Path, into: &mut Vec<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            sources(&entry.unwrap().path(), into);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        into.push(fs::read_to_string(path).unwrap());
    }
}

/// The texts of one word in small letters that a source names, of which some are
/// reasons.
fn words(source: &str) -> BTreeSet<String> {
    let is_word =
        |text: &&str| text.len() > 4 && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(is_word)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_runbook_has_a_row_for_every_reason_and_none_besides() {
    let mut code = Vec::new();
    for module in ["src/fulfilment", "src/work"] {
        sources(Path::new(&here(module)), &mut code);
    }
    let named: BTreeSet<String> = code.iter().flat_map(|source| words(source)).collect();
    let runbook = fs::read_to_string(here("../RUNBOOK.md")).unwrap();
    let table = runbook.split("| reason | meaning |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let rows: BTreeSet<String> =
        rows.map(|row| row.split('`').nth(1).unwrap().to_owned()).collect();
    let codes = |row: &String| !row.contains(' ');
    let rows: BTreeSet<String> = rows.into_iter().filter(codes).collect();
    let states = State::ALL.map(State::name);
    let explained = |word: &&String| {
        rows.contains(*word)
            || states.contains(&word.as_str())
            || NO_REASONS.split(' ').any(|other| other == word.as_str())
    };
    let unexplained: Vec<&String> = named.iter().filter(|word| !explained(word)).collect();
    assert!(
        unexplained.is_empty(),
        "neither a reason in RUNBOOK.md nor listed here: {unexplained:?}"
    );
    let never: Vec<&String> = rows.difference(&named).collect();
    assert!(never.is_empty(), "nothing is parked for {never:?}");
}
