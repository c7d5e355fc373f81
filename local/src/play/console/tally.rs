//! What a run came to: the events of each provider and kind, and the records.

use std::collections::BTreeMap;

use serde_json::Value;

use super::recorded::attribute;

/// The numbers of events and of refused requests, by provider.
#[derive(Debug, Default)]
pub(super) struct Tally {
    providers: BTreeMap<String, OfProvider>,
}

/// The requests of one provider.
#[derive(Debug, Default)]
struct OfProvider {
    /// The events that changed records, each once.
    recorded: usize,
    /// The events by the kinds of record that they changed. One event may have changed
    /// several.
    events: BTreeMap<String, usize>,
    duplicates: usize,
    archived: usize,
    quarantined: usize,
    refused: usize,
}

/// The numbers of records by status, of one kind.
type Statuses = BTreeMap<String, usize>;

impl Tally {
    /// Counts the events that these changes of the table are.
    pub(super) fn count(&mut self, changes: &[Value]) {
        for change in changes {
            self.count_event(change);
        }
    }

    fn count_event(&mut self, change: &Value) -> Option<()> {
        let image = change.pointer("/dynamodb/NewImage")?;
        let is_new = change.pointer("/dynamodb/OldImage").is_none_or(Value::is_null);
        let sort = attribute(image, "sk")?;
        if !is_new || is_record(sort) || sort.starts_with("fulfilment#") {
            return None;
        }
        let (provider, kind) = partition(image)?;
        let of = self.of(provider);
        if image.get("quarantined").is_some() {
            of.quarantined += 1;
        } else if kind == "inbox" {
            of.archived += 1;
        } else {
            // An event that is about several objects is kept whole with the first.
            of.recorded += usize::from(image.get("kept_with").is_none());
            *of.events.entry(kind.to_owned()).or_default() += 1;
        }
        Some(())
    }

    /// Counts a request that was taken and recorded nothing.
    pub(super) fn count_duplicate(&mut self, provider: &str) {
        self.of(provider).duplicates += 1;
    }

    /// Counts a request that was refused and recorded nothing.
    pub(super) fn count_refused(&mut self, provider: &str) {
        self.of(provider).refused += 1;
    }

    fn of(&mut self, provider: &str) -> &mut OfProvider {
        self.providers.entry(provider.to_owned()).or_default()
    }

    /// The table of all that was counted, beside the records among these items.
    pub(super) fn lines(&self, items: &[Value]) -> Vec<String> {
        let mut records = records(items);
        let mut lines = Vec::new();
        for (provider, of) in &self.providers {
            let mut kinds = records.remove(provider.as_str()).unwrap_or_default();
            let all = of.recorded + of.archived;
            let more = [
                (of.duplicates, plural(of.duplicates, "duplicate")),
                (of.archived, "archived".to_owned()),
                (of.quarantined, "quarantined".to_owned()),
                (of.refused, "refused".to_owned()),
            ];
            let more = more.into_iter().filter(|(number, _)| *number > 0);
            let more = more.map(|(number, what)| format!("{number} {what}"));
            let all = padded(all, "event").trim_end().to_owned();
            let all: Vec<_> = std::iter::once(all).chain(more).collect();
            lines.push(format!("{provider:<18}{}", all.join(", ")));
            for kind in of.events.keys() {
                kinds.entry(kind).or_default();
            }
            for (kind, statuses) in kinds {
                let events = of.events.get(kind).copied().unwrap_or_default();
                let (events, records) = (padded(events, "event"), described(&statuses));
                lines.push(format!("  {kind:<16}{events}{records}"));
            }
        }
        lines
    }
}

/// The records among these items: their kinds and statuses, by provider.
fn records(items: &[Value]) -> BTreeMap<&str, BTreeMap<&str, Statuses>> {
    let mut records: BTreeMap<&str, BTreeMap<&str, Statuses>> = BTreeMap::new();
    for item in items.iter().filter(|item| attribute(item, "sk").is_some_and(is_record)) {
        let Some((provider, kind)) = partition(item) else { continue };
        let status = attribute(item, "status").unwrap_or("without status");
        let statuses = records.entry(provider).or_default().entry(kind).or_default();
        *statuses.entry(status.to_owned()).or_default() += 1;
    }
    records
}

/// How many records there are, and how many in each status, most first.
fn described(statuses: &Statuses) -> String {
    let all = padded(statuses.values().sum(), "record");
    if statuses.is_empty() {
        return all.trim_end().to_owned();
    }
    let mut each: Vec<_> = statuses.iter().collect();
    each.sort_by_key(|(status, number)| (std::cmp::Reverse(**number), status.as_str()));
    let each: Vec<_> = each.iter().map(|(status, number)| format!("{number} {status}")).collect();
    format!("{all}({})", each.join(", "))
}

/// A number of something, as a column.
fn padded(number: usize, what: &str) -> String {
    format!("{number:>3} {:<9}", plural(number, what))
}

fn plural(number: usize, what: &str) -> String {
    format!("{what}{}", if number == 1 { "" } else { "s" })
}

fn is_record(sort: &str) -> bool {
    sort == "record"
}

/// The provider and the kind of an item.
fn partition(item: &Value) -> Option<(&str, &str)> {
    let mut key = attribute(item, "pk")?.splitn(3, '#');
    Some((key.next()?, key.next()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(pk: &str, sk: &str, more: &Value) -> Value {
        let mut item = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    }

    #[test]
    fn events_are_counted_once_and_records_as_they_are_at_the_end() {
        let new = |item: Value| json!({ "dynamodb": { "NewImage": item } });
        let record = |id: &str, status: &str| {
            item(&format!("affonso#payout#{id}"), "record", &json!({ "status": { "S": status } }))
        };
        let mut settled = new(item("affonso#payout#1", "event#a", &json!({})));
        settled["dynamodb"]["OldImage"] = json!({ "pk": { "S": "affonso#payout#1" } });
        let mut tally = Tally::default();
        tally.count(&[
            new(item("affonso#payout#1", "event#a", &json!({}))),
            new(item("affonso#payout#2", "event#b", &json!({}))),
            settled,
            new(record("1", "pending")),
            new(item("affonso#payout#1", "fulfilment#1", &json!({}))),
            new(item("affonso#inbox#c", "event#c", &json!({}))),
            new(item("affonso#inbox#d", "event#d", &json!({ "quarantined": { "S": "x" } }))),
            new(item("uppromote#coupon#1", "event#e", &json!({}))),
            new(item("uppromote#payout#1", "event#e", &json!({ "kept_with": { "S": "x" } }))),
        ]);
        tally.count_duplicate("affonso");
        tally.count_refused("affonso");
        let items =
            [record("1", "paid"), record("2", "paid"), record("3", "failed"), record("4", "paid")];
        assert_eq!(
            tally.lines(&items),
            [
                "affonso             3 events, 1 duplicate, 1 archived, 1 quarantined, 1 refused",
                "  payout            2 events     4 records  (3 paid, 1 failed)",
                "uppromote           1 event",
                "  coupon            1 event      0 records",
                "  payout            1 event      0 records",
            ]
        );
    }
}
