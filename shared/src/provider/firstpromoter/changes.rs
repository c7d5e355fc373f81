//! The changes that an event of v2 lists: `"changes": {"status": [old, new]}`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::provider::firstpromoter::unit::unit_of;
use crate::wire::json::Json;
use crate::wire::{Decimal, Read, Unread, Word};

/// The changes that matter to the ledger.
#[derive(Default)]
pub(super) struct Changes {
    /// The new status, in small letters.
    pub became: Option<String>,
    /// True when there may be a new status that cannot be read.
    pub unread: bool,
    /// The old values, in the form of facts.
    pub was: BTreeMap<String, Value>,
}

impl Changes {
    pub fn read(body: &Json, unread: &mut Unread) -> Self {
        let mut changes = Self::default();
        match body.get("changes") {
            None | Some(Json::Null) => {}
            Some(Json::Object(members)) => {
                for (name, change) in members {
                    changes.take(name, change, unread);
                }
            }
            Some(_) => {
                unread.note("changes");
                changes.unread = true;
            }
        }
        changes
    }

    fn take(&mut self, name: &str, change: &Json, unread: &mut Unread) {
        let (path, read): (_, fn(&Json, &mut Unread) -> Option<String>) = match name {
            "status" => ("changes.status", |json, unread| Some(Word::read(json, unread)?.lower())),
            "unit" => ("changes.unit", |json, unread| Some(unit_of(&Word::read(json, unread)?))),
            "amount" => ("changes.amount", |json, unread| {
                Some(Decimal::read(json, unread)?.as_str().to_owned())
            }),
            _ => return,
        };
        let mut value = |json: &Json| match json {
            Json::Null => Some(Value::Null),
            json => read(json, unread).map(Value::String),
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
            unread.note(path);
        }
        if name == "status" {
            self.unread = new.is_none();
            self.became = new.as_ref().and_then(Value::as_str).map(str::to_owned);
        }
        if let Some(old) = old {
            self.was.insert(name.to_owned(), old);
        }
    }
}
