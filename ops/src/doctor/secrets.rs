//! The webhook secrets as they stand in their document: the keys themselves, to try
//! what comes near. Nothing of this file is ever shown.

use std::fmt;

use serde_json::Value;
use shared::provider::secrets::Method;
use shared::provider::{ALL, Definition};

/// A secret of the document, and what may be said of it.
pub(super) struct RawSecret {
    /// The provider whose section it stands in.
    pub(super) definition: &'static Definition,
    /// The configured name, or the place in the section.
    pub(super) name: String,
    /// The method that it is for.
    pub(super) method: Method,
    /// The key, token or value, without white space around it.
    pub(super) text: String,
    /// The events that it is bound to, as they are written; empty for all.
    pub(super) events: Vec<String>,
}

impl fmt::Debug for RawSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The part of a document with the webhook secrets: all of it, or its member
/// `webhooks`, as `cargo local --secrets` wants it.
pub(super) fn webhooks(document: &str) -> Option<Value> {
    let text = document.strip_prefix('\u{feff}').unwrap_or(document);
    let document: Value = serde_json::from_str(text).ok()?;
    let webhooks = document.get("webhooks").filter(|part| part.is_object());
    Some(webhooks.unwrap_or(&document).clone()).filter(Value::is_object)
}

/// Every secret of the document whose shape can be read.
pub(super) fn raw(webhooks: &Value) -> Vec<RawSecret> {
    let mut secrets = Vec::new();
    for definition in ALL {
        let Some(section) = webhooks.get(definition.authentication.section) else { continue };
        for method in Method::ALL {
            let entries = section.get(method.name()).and_then(Value::as_array);
            for (index, entry) in entries.into_iter().flatten().enumerate() {
                let place = format!("{}[{index}]", method.name());
                secrets.extend(RawSecret::of(definition, method, place, entry));
            }
        }
    }
    secrets
}

impl RawSecret {
    fn of(
        definition: &'static Definition,
        method: Method,
        place: String,
        entry: &Value,
    ) -> Option<Self> {
        let member = |name: &str| entry.get(name).and_then(Value::as_str);
        let text = match method {
            Method::Hmac | Method::PathToken => entry.as_str().or_else(|| member("key")),
            Method::Header => member("value"),
            Method::Basic => member("password"),
        };
        let name = match method {
            // The name of such an entry is that of the header.
            Method::Header => place,
            _ => member("name").map_or(place, str::to_owned),
        };
        let events = entry.get("events").and_then(Value::as_array);
        let events = events.into_iter().flatten().filter_map(Value::as_str);
        Some(Self {
            definition,
            name,
            method,
            text: text?.trim().to_owned(),
            events: events.map(str::to_owned).collect(),
        })
    }

    /// The secret in words: its section and name.
    pub(super) fn place(&self) -> String {
        format!("{} of {}", self.name, self.definition.authentication.section)
    }
}
