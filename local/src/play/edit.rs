//! Changes to a sample, so that it says what its sender wants it to say.

use std::str::FromStr;

use serde_json::Value;

use crate::play::sign::body;

/// Where providers put the id of an event, in their bodies.
const IDS: [&str; 3] = ["/event_id", "/event/id", "/id"];
/// What the body's `/id` looks like where it is an event's, and not an object's.
const EVENT: &str = "evt_";

/// A member of a body and its new value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edit {
    /// Names of members and places in lists, from the outside to the inside.
    path: Vec<String>,
    value: Value,
}

/// The reason why a sample cannot be changed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    /// The body is no JSON.
    #[error("its body is not JSON, so nothing in it can be set")]
    NotJson,
    /// There is nothing to set it in.
    #[error("there is no {0} to set anything in")]
    Nowhere(String),
    /// The provider numbers no events.
    #[error("its events have no id: a body that says something else (--set) is another event")]
    WithoutId,
}

impl FromStr for Edit {
    type Err = String;

    /// Reads `data.amount=5`. A value that is JSON is taken as such, anything else as
    /// text.
    fn from_str(text: &str) -> Result<Self, String> {
        let (path, value) = text.split_once('=').unwrap_or_default();
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            return Err("must be PATH=VALUE, such as data.amount=5".to_owned());
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok(Self { path, value })
    }
}

impl Edit {
    /// Sets the member; what it stands in has to be there.
    pub(crate) fn apply(&self, body: &mut Value) -> Result<(), EditError> {
        let (mut place, mut walked) = (body, Vec::new());
        let Some((last, outer)) = self.path.split_last() else { return Ok(()) };
        for name in outer {
            walked.push(name.as_str());
            place = member(place, name).ok_or_else(|| EditError::Nowhere(walked.join(".")))?;
        }
        match place {
            Value::Object(members) => {
                members.insert(last.clone(), self.value.clone());
                Ok(())
            }
            list => {
                *member(list, last).ok_or_else(|| EditError::Nowhere(self.path.join(".")))? =
                    self.value.clone();
                Ok(())
            }
        }
    }
}

fn member<'v>(value: &'v mut Value, name: &str) -> Option<&'v mut Value> {
    match value {
        Value::Object(members) => members.get_mut(name),
        Value::Array(list) => list.get_mut(name.parse::<usize>().ok()?),
        _ => None,
    }
}

/// Changes the body of a payload 2.0 event, and gives the event another id if one is
/// given. Its signature is that of the old body then.
pub(crate) fn edit(
    event: &mut Value,
    edits: &[Edit],
    new_id: Option<u64>,
) -> Result<(), EditError> {
    if edits.is_empty() && new_id.is_none() {
        // The exact bytes, which may be none that could be written again.
        return Ok(());
    }
    let bytes = body(event).map_err(|_| EditError::NotJson)?;
    let mut body: Value = serde_json::from_slice(&bytes).map_err(|_| EditError::NotJson)?;
    if let Some(seed) = new_id {
        let (old, new) = renumber(&mut body, seed).ok_or(EditError::WithoutId)?;
        for value in event.get_mut("headers").and_then(Value::as_object_mut).into_iter().flatten() {
            if value.1.as_str() == Some(&old) {
                *value.1 = Value::from(new.clone());
            }
        }
    }
    edits.iter().try_for_each(|edit| edit.apply(&mut body))?;
    if let Some(event) = event.as_object_mut() {
        event.insert("body".to_owned(), body.to_string().into());
        event.insert("isBase64Encoded".to_owned(), false.into());
    }
    Ok(())
}

/// Gives an event a new id of the form of the old one; gives both.
fn renumber(body: &mut Value, seed: u64) -> Option<(String, String)> {
    let is_id = |pointer: &&&str| match body.pointer(pointer) {
        Some(Value::String(id)) => **pointer != "/id" || id.starts_with(EVENT),
        Some(Value::Number(_)) => **pointer == "/event/id",
        _ => false,
    };
    let pointer = *IDS.iter().find(is_id)?;
    let id = body.pointer_mut(pointer)?;
    let old = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let new = if id.is_number() {
        *id = Value::from(seed);
        seed.to_string()
    } else if old.starts_with(EVENT) {
        format!("{EVENT}local{seed}")
    } else {
        // A UUID of version 8, whose bits are its maker's own.
        format!("{:08x}-{:04x}-8000-8000-{seed:012x}", seed >> 32, (seed >> 16) & 0xffff)
    };
    if id.is_string() {
        *id = Value::from(new.clone());
    }
    Some((old, new))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(body: &Value) -> Value {
        json!({ "headers": { "x-event-id": "one", "other": "two" }, "body": body.to_string() })
    }

    fn edited(body: &Value, edits: &[&str], new_id: Option<u64>) -> Result<Value, EditError> {
        let edits: Vec<Edit> = edits.iter().map(|edit| edit.parse().unwrap()).collect();
        let mut event = event(body);
        edit(&mut event, &edits, new_id)?;
        event["body"] = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        Ok(event)
    }

    #[test]
    fn values_are_json_or_text_and_stand_in_what_is_there() {
        let body = json!({ "data": { "amount": 1, "list": [{ "a": 1 }] } });
        let edits =
            ["data.amount=5", "data.unit=points", "data.list.0.a=[true]", "data.note=a=\"b\""];
        let expected = json!({ "data": {
            "amount": 5, "unit": "points", "list": [{ "a": [true] }], "note": "a=\"b\"",
        } });
        assert_eq!(edited(&body, &edits, None).unwrap()["body"], expected);
        for (wrong, place) in [
            ("nowhere.x=1", "nowhere"),
            ("data.amount.x=1", "data.amount.x"),
            ("data.list.7=1", "data.list.7"),
        ] {
            let refused = edited(&body, &[wrong], None).unwrap_err();
            assert_eq!(refused, EditError::Nowhere(place.to_owned()), "{wrong}");
        }
        for wrong in ["", "amount", "=5", "a..b=5"] {
            assert!(wrong.parse::<Edit>().unwrap_err().contains("PATH=VALUE"), "{wrong}");
        }
    }

    #[test]
    fn a_new_id_has_the_form_of_the_old_one_and_stands_in_the_header_too() {
        let seed = 0x0001_2345_6789;
        for (body, pointer, expected) in [
            (
                json!({ "event_id": "one" }),
                "/event_id",
                json!("00000001-2345-8000-8000-000123456789"),
            ),
            (json!({ "event": { "id": 7 } }), "/event/id", json!(seed)),
            (json!({ "id": "evt_1", "type": "x" }), "/id", json!(format!("evt_local{seed}"))),
        ] {
            assert_eq!(
                *edited(&body, &[], Some(seed)).unwrap()["body"].pointer(pointer).unwrap(),
                expected
            );
        }
        let event = edited(&json!({ "event_id": "one" }), &[], Some(seed)).unwrap();
        assert_eq!(event["headers"]["x-event-id"], event["body"]["event_id"]);
        assert_eq!(event["headers"]["other"], "two");
        for without in [json!({ "payment_id": 1 }), json!({ "id": 26154 }), json!([])] {
            assert_eq!(edited(&without, &[], Some(seed)), Err(EditError::WithoutId));
        }
    }

    #[test]
    fn the_bytes_stay_where_nothing_is_set() {
        let mut event = json!({ "headers": {}, "body": "{\"a\" : 1.10 " });
        let before = event.clone();
        edit(&mut event, &[], None).unwrap();
        assert_eq!(event, before);
        assert_eq!(edit(&mut event, &["a=1".parse().unwrap()], None), Err(EditError::NotJson));
    }
}
