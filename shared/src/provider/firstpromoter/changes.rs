//! The changes that an event of v2 lists: `"changes": {"status": [old, new]}`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ledger::unit_name;
use crate::provider::object::{Object, Unit};
use crate::wire::Unread;
use crate::wire::json::Json;
use crate::wire::parts::Member;

/// The changes that matter to the ledger.
#[derive(Default)]
pub(super) struct Changes {
    /// The new status, in small letters.
    pub became: Option<String>,
    /// True when there may be a new status that cannot be read.
    pub unread: bool,
    /// The old values, by the names of their facts and in their form.
    pub was: BTreeMap<String, Value>,
}

/// The name of a fact in [`Changes::was`]: `status`, or as the object names it.
type FactName = &'static str;

impl Changes {
    pub fn read(body: &Json, object: &Object, unread: &mut Unread) -> Self {
        let mut changes = Self::default();
        match body.get("changes") {
            None | Some(Json::Null) => {}
            Some(Json::Object(members)) => {
                for (name, change) in members {
                    if let Some((member, fact)) = known(object, name) {
                        changes.take(member, fact, change, unread);
                    }
                }
            }
            Some(_) => {
                unread.note("changes");
                changes.unread = true;
            }
        }
        changes
    }

    fn take(&mut self, member: &Member, fact: FactName, change: &Json, unread: &mut Unread) {
        let mut value = |json: &Json| match json {
            Json::Null => Some(Value::Null),
            json => {
                let text = member.text_of(json, unread)?;
                Some(Value::from(if fact == "unit" { unit_name(&text) } else { text }))
            }
        };
        let (old, new) = match change {
            Json::Null => return,
            Json::Array(pair) => match pair.as_slice() {
                [old, new] => (value(old), value(new)),
                _ => (None, None),
            },
            _ => (None, None),
        };
        if old.is_none() || new.is_none() {
            unread.note(&format!("changes.{}", member.wire));
        }
        if fact == "status" {
            self.unread = new.is_none();
            self.became = new.as_ref().and_then(Value::as_str).map(str::to_owned);
        }
        if let Some(old) = old {
            self.was.insert(fact.to_owned(), old);
        }
    }
}

/// The member that a change is about, and the name of its fact. What is no single
/// text has no value before that could be compared.
fn known(object: &Object, name: &str) -> Option<(&'static Member, FactName)> {
    let member = object.members.iter().find(|member| member.wire == name)?;
    if !member.form.is_text() {
        return None;
    }
    let of_amount = object.amount.as_ref().is_some_and(|amount| {
        amount.value == name || matches!(amount.unit, Unit::Member(unit, _) if unit == name)
    });
    if object.status.contains(&name) {
        return Some((member, "status"));
    }
    (member.stated || of_amount).then_some((member, member.fact))
}
