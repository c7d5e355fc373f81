//! The reader of items, which says of an unreadable one which attribute it is.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_dynamo::{AttributeValue, Deserializer};
use serde_path_to_error::Segment;

use crate::aws::store::{Item, StoreError};

/// An item as its reader takes it.
type Stored = HashMap<String, AttributeValue>;

/// Reads an item. The reader's own words are not passed on: they quote what they
/// did not expect, and items hold personal data.
pub(super) fn read_item<T: DeserializeOwned>(
    item: Item,
    what: &'static str,
) -> Result<T, StoreError> {
    // Kept for the search after a failure; most items are small.
    let stored = serde_dynamo::Item::from(item);
    serde_dynamo::from_item(stored.clone()).map_err(|_| {
        let field = unreadable_in::<T>(&stored.into());
        corrupt(what, field.as_deref().unwrap_or("(unknown)"))
    })
}

/// The attribute that makes the item unreadable.
fn unreadable_in<T: DeserializeOwned>(stored: &Stored) -> Option<String> {
    let reader = Deserializer::from_attribute_value(AttributeValue::M(stored.clone()));
    let error = serde_path_to_error::deserialize::<_, T>(reader).err()?;
    attribute_in(error.path())
        .or_else(|| missing_in(&error.inner().to_string()))
        .or_else(|| attribute_in_the_way::<T>(stored))
}

/// An item whose attribute of that name is not as expected.
pub(super) fn corrupt(item: &'static str, field: &str) -> StoreError {
    StoreError::Corrupt { item, field: field.to_owned() }
}

/// The attribute at the beginning of the path. What is further in is left out: a
/// map's keys may be ids.
fn attribute_in(path: &serde_path_to_error::Path) -> Option<String> {
    match path.iter().next()? {
        Segment::Map { key } => Some(key.clone()),
        _ => None,
    }
}

/// The attribute that serde misses: a name of this program's own.
fn missing_in(words: &str) -> Option<String> {
    let (name, rest) = words.strip_prefix("missing field `")?.split_once('`')?;
    rest.is_empty().then(|| name.to_owned())
}

/// The attribute without which the item could be read. A path does not lead into
/// structs that share their attributes with another one.
fn attribute_in_the_way<T: DeserializeOwned>(stored: &Stored) -> Option<String> {
    let without = |name: &str| {
        let mut stored = stored.clone();
        stored.remove(name);
        serde_dynamo::from_item::<_, T>(stored)
    };
    let mut names = stored.keys();
    names.find(|name| without(name).is_ok()).cloned()
}
