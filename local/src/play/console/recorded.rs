//! The items that a request recorded, in a few words.

use serde_json::Value;

/// The value of an attribute that is a text or a number.
pub(super) fn attribute<'i>(item: &'i Value, name: &str) -> Option<&'i str> {
    let value = item.get(name)?;
    value.get("S").or_else(|| value.get("N"))?.as_str()
}

/// The items that a request left in the table; `None` when there are none. Of
/// promises only the new ones count, as workers change the others at any time.
pub(super) fn describe(changes: &[Value]) -> Option<String> {
    let mut parts: Vec<(u8, String)> = changes.iter().filter_map(part).collect();
    parts.sort();
    let parts: Vec<String> = parts.into_iter().map(|(_, text)| text).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// One item in a few words, with a rank that sorts records before promises
/// before events.
fn part(change: &Value) -> Option<(u8, String)> {
    let image = change.pointer("/dynamodb/NewImage")?;
    let mut key = attribute(image, "pk")?.splitn(3, '#').skip(1);
    let (kind, id) = (key.next()?, key.next()?);
    let sort = attribute(image, "sk")?;
    Some(if sort == "record" {
        let status = attribute(image, "status").unwrap_or("without status");
        let amount = image.pointer("/amount/M");
        let amount = |part: &str| attribute(amount?, part);
        let amount = match (amount("value"), amount("unit")) {
            (Some(value), Some(unit)) => format!(" {value} {unit}"),
            _ => String::new(),
        };
        (0, format!("{kind} {id} {status}{amount}"))
    } else if sort.starts_with("fulfilment#") {
        if change.pointer("/dynamodb/OldImage").is_some_and(|old| !old.is_null()) {
            return None;
        }
        let state = attribute(image, "state").unwrap_or_default();
        (1, format!("promise {state}"))
    } else if image.get("quarantined").is_some() {
        (2, "quarantined".to_owned())
    } else if kind == "inbox" {
        let name = attribute(image, "type").unwrap_or_default();
        (2, format!("archived {name}"))
    } else {
        (3, "event".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(pk: &str, sk: &str, more: &Value) -> Value {
        let mut image = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        image.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "dynamodb": { "NewImage": image } })
    }

    #[test]
    fn changes_are_told_in_a_few_words() {
        let mut proceeding = change(
            "affonso#payout#pay_1",
            "fulfilment#1",
            &json!({ "state": { "S": "delivering" } }),
        );
        proceeding["dynamodb"]["OldImage"] = json!({ "state": { "S": "requested" } });
        let changes = [
            change("affonso#payout#pay_1", "event#evt_1", &json!({})),
            change(
                "affonso#payout#pay_1",
                "record",
                &json!({ "status": { "S": "PAID" }, "amount": { "M": { "value": { "S": "4.10" }, "unit": { "S": "cash_major" } } } }),
            ),
            change(
                "affonso#payout#pay_1",
                "fulfilment#1",
                &json!({ "state": { "S": "requested" } }),
            ),
            proceeding,
        ];
        assert_eq!(
            describe(&changes).unwrap(),
            "payout pay_1 PAID 4.10 cash_major, promise requested, event"
        );
        let inbox =
            [change("affonso#inbox#evt_2", "event#evt_2", &json!({ "type": { "S": "x.y" } }))];
        assert_eq!(describe(&inbox).unwrap(), "archived x.y");
        assert_eq!(describe(&[]), None);
    }
}
