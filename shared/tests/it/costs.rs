//! What docs/costs.md counts is what the template has.

use crate::alarms::{composites, metric_alarms, resources, template};
use crate::documents;

#[test]
fn the_table_of_costs_counts_what_there_is() {
    let template = template();
    let page = documents::read("docs/costs.md");
    let alarms = metric_alarms(&template);
    let of = |alarm: &serde_json::Value| {
        let queries = alarm["Metrics"].as_array().unwrap().iter();
        queries.filter(|query| query.get("MetricStat").is_some()).count()
    };
    let metrics: usize = alarms.values().map(of).sum();
    let count = |kind| resources(&template, kind).len();
    for row in [
        format!("| metrics that alarms look at ({} alarms) | {metrics} | 0.10 |", alarms.len()),
        format!("| composite alarms, if somebody is told | {} |", composites(&template).len()),
        format!("| dashboard | {} |", count("AWS::CloudWatch::Dashboard")),
        format!("| secrets | {} |", count("AWS::SecretsManager::Secret")),
    ] {
        assert!(page.contains(&row), "{row}");
    }
}

/// The sums are those of the rows, in cents, and what is not watched is the rows that
/// have no part in it.
#[test]
fn the_table_of_costs_adds_up() {
    let page = documents::read("docs/costs.md");
    let (_, rows) =
        page.split_once("| what | how many | each | a month |\n|---|---|---|---|\n").unwrap();
    let (mut all, mut unwatched) = (0, 0);
    for row in rows.lines() {
        let cells: Vec<&str> = row.trim_matches(['|', ' ']).split(" | ").collect();
        let dollars: f64 = cells.last().unwrap().trim_matches(['*', ' ']).parse().unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "some thousand cents")]
        let cents = (dollars * 100.0).round() as i64;
        if row.contains("`Watch=no`") {
            assert_eq!(cents, unwatched);
            break;
        }
        if row.contains("**altogether**") {
            assert_eq!(cents, all);
            continue;
        }
        all += cents;
        let watches = ["alarm", "dashboard", "canary"].iter().any(|what| row.contains(what));
        unwatched += if watches { 0 } else { cents };
    }
    assert!(unwatched > 0);
}
