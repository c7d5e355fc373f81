//! The fields of payloads. Each is read by itself, so that one that cannot be read
//! costs no other (invariant `DecorationNeverRefuses`).

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::wire::json::Json;
use crate::wire::sensitive::class_of;

/// The name that stands in a path for the key of a map, because keys are data.
const ANY_KEY: &str = "*";

/// Longest key of a map that is kept, in bytes. Empty keys are not kept either: the
/// table takes none. Nor are those that name credentials or payment data.
const MAX_KEY_BYTES: usize = 128;

/// A field of a payload. A later `null` takes an earlier value away, a missing
/// field does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The payload does not name the field.
    #[default]
    Absent,
    /// The payload says `null`.
    Null,
    /// The payload says something that is blank, of another type or not to be read.
    /// The field then counts as not stated, except where it decides a reward: there
    /// it counts as [`Field::Null`], because an amount that is not known is not the
    /// amount before.
    Unread,
    /// The payload says this value.
    Value(T),
}

impl<T> Field<T> {
    /// The value, if one was sent.
    pub fn value(&self) -> Option<&T> {
        match self {
            Field::Value(value) => Some(value),
            _ => None,
        }
    }

    /// True when the field states nothing, not even `null`.
    pub fn is_unstated(&self) -> bool {
        matches!(self, Field::Absent | Field::Unread)
    }

    /// The field with its value turned into another type.
    pub fn map<'a, U>(&'a self, turn: impl FnOnce(&'a T) -> U) -> Field<U> {
        match self {
            Field::Absent => Field::Absent,
            Field::Null => Field::Null,
            Field::Unread => Field::Unread,
            Field::Value(value) => Field::Value(turn(value)),
        }
    }

    /// The field as one that decides a reward: [`Field::Unread`] becomes
    /// [`Field::Null`].
    #[must_use]
    pub fn deciding(self) -> Self {
        match self {
            Field::Unread => Field::Null,
            other => other,
        }
    }

    /// The field `inner` of the object that this field holds. It is `null` where
    /// the object was sent without it: the party named before is not named any
    /// more.
    #[must_use]
    pub fn then<U>(&self, inner: impl FnOnce(&T) -> Field<U>) -> Field<U> {
        match self.map(inner) {
            Field::Absent => Field::Absent,
            Field::Null | Field::Value(Field::Absent) => Field::Null,
            Field::Unread => Field::Unread,
            Field::Value(field) => field,
        }
    }

    /// The one field for a fact that the payload states in two places.
    /// [`Field::Unread`] where the two contradict each other, because nothing tells
    /// which is meant.
    #[must_use]
    pub fn agreed(self, other: Self) -> Self
    where
        T: PartialEq,
    {
        match (self, other) {
            (Field::Value(one), Field::Value(other)) if one != other => Field::Unread,
            (one, other) => one.or(other),
        }
    }

    /// The one of two fields that states more: a value outweighs `null`, and `null`
    /// outweighs a field that cannot be read.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Field::Value(value), _) | (_, Field::Value(value)) => Field::Value(value),
            (Field::Null, _) | (_, Field::Null) => Field::Null,
            (Field::Unread, _) | (_, Field::Unread) => Field::Unread,
            (Field::Absent, Field::Absent) => Field::Absent,
        }
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Field::Value(value) => value.serialize(serializer),
            _ => serializer.serialize_none(),
        }
    }
}

/// A type that a field of a payload can have.
pub trait Read: Sized {
    /// Reads a value that is not `null`; `None` when it is not of this type. Parts
    /// of a larger value that cannot be read are noted in `unread` and left out.
    fn read(json: &Json, unread: &mut Unread) -> Option<Self>;
}

/// The paths of the fields that could not be read. They are made of the names that
/// the payload types declare, never of what was sent.
#[derive(Debug, Default)]
pub struct Unread {
    at: Vec<&'static str>,
    paths: Vec<String>,
}

impl Unread {
    /// Reads the member `name` of the value that is being read.
    pub fn member<T: Read>(&mut self, json: &Json, name: &'static str) -> Field<T> {
        match json.get(name) {
            None => Field::Absent,
            Some(Json::Null) => Field::Null,
            Some(value) => self.value(value, name).map_or(Field::Unread, Field::Value),
        }
    }

    fn value<T: Read>(&mut self, json: &Json, name: &'static str) -> Option<T> {
        self.at.push(name);
        let value = T::read(json, self);
        self.at.pop();
        if value.is_none() {
            self.note(name);
        }
        value
    }

    /// Notes that the member `name` of the value that is being read could not be
    /// read.
    pub fn note(&mut self, name: &str) {
        let path = self.at.iter().copied().chain([name]).collect::<Vec<_>>().join(".");
        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
    }

    /// The paths, each once.
    #[must_use]
    pub fn into_paths(self) -> Vec<String> {
        self.paths
    }
}

impl<T: Read> Read for BTreeMap<String, Option<T>> {
    fn read(json: &Json, unread: &mut Unread) -> Option<Self> {
        let Json::Object(members) = json else {
            return None;
        };
        let members = members.iter().filter_map(|(key, value)| match value {
            Json::Null => Some((key.clone(), None)),
            value => unread.value(value, ANY_KEY).map(|value| (key.clone(), Some(value))),
        });
        let (kept, odd): (Vec<_>, Vec<_>) = members.partition(|(key, _)| {
            (1..=MAX_KEY_BYTES).contains(&key.len()) && class_of(key).is_none()
        });
        if !odd.is_empty() {
            unread.note(ANY_KEY);
        }
        let members = kept.into_iter();
        Some(members.collect())
    }
}

/// Declares payload structs. Every field is optional, as a [`Field`], so that no
/// member ever refuses an event by itself. `name as "wireName"` where the provider
/// spells the field differently.
macro_rules! payload {
    ($($(#[$outer:meta])* struct $name:ident {
        $($(#[$inner:meta])* $field:ident $(as $wire:literal)? : $type:ty,)*
    })*) => {$(
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        $(#[$outer])*
        pub(crate) struct $name {
            $(
                $(#[$inner])*
                #[serde(skip_serializing_if = "crate::wire::Field::is_unstated")]
                pub(crate) $field: crate::wire::Field<$type>,
            )*
        }

        impl crate::wire::Read for $name {
            fn read(
                json: &crate::wire::json::Json,
                unread: &mut crate::wire::Unread,
            ) -> Option<Self> {
                matches!(json, crate::wire::json::Json::Object(_)).then(|| Self {
                    $($field: unread.member(
                        json,
                        crate::wire::wire_name!($field $($wire)?),
                    ),)*
                })
            }
        }
    )*};
}
pub(crate) use payload;

/// The name of a payload's field as it is sent.
macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}
pub(crate) use wire_name;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::parse;
    use crate::wire::{Decimal, Id, Text};

    payload! {
        struct Outer {
            id: Id,
            total as "grandTotal": Decimal,
            inner: Inner,
            by_unit: BTreeMap<String, Option<Decimal>>,
        }

        struct Inner {
            id: Id,
            name: Text,
        }
    }

    fn read(text: &str) -> (Option<Outer>, Vec<String>) {
        let mut unread = Unread::default();
        let outer = parse(text.as_bytes()).ok().and_then(|json| Outer::read(&json, &mut unread));
        (outer, unread.into_paths())
    }

    #[test]
    fn what_cannot_be_read_is_named_and_costs_nothing_else() {
        for (text, stated, paths) in [
            (
                r#"{"id":7,"grandTotal":"N/A","inner":{"id":"","name":"n"}}"#,
                r#"{"id":"7","inner":{"name":"n"}}"#,
                vec!["grandTotal", "inner.id"],
            ),
            (r#"{"id":null,"inner":"Gold","x":1}"#, r#"{"id":null}"#, vec!["inner"]),
            (
                r#"{"by_unit":{"a@b":"x","c":{},"d":null,"cash":1}}"#,
                r#"{"by_unit":{"cash":"1","d":null}}"#,
                vec!["by_unit.*"],
            ),
            (r#"{"by_unit":[],"inner":[]}"#, "{}", vec!["inner", "by_unit"]),
            (
                r#"{"by_unit":{"iban":"1","cash":2}}"#,
                r#"{"by_unit":{"cash":"2"}}"#,
                vec!["by_unit.*"],
            ),
            (r#"{"by_unit":{"":1,"cash":2}}"#, r#"{"by_unit":{"cash":"2"}}"#, vec!["by_unit.*"]),
        ] {
            let (outer, unread) = read(text);
            assert_eq!(serde_json::to_string(&outer).ok().as_deref(), Some(stated), "{text}");
            assert_eq!(unread, paths, "{text}");
        }
        assert_eq!(read("[]").0, None);
    }

    #[test]
    fn places_of_one_fact_are_joined() {
        let places = [Field::Absent, Field::Unread, Field::Null, Field::Value(1)];
        for (i, one) in places.iter().enumerate() {
            for (j, other) in places.iter().enumerate() {
                let strongest = places.get(i.max(j));
                assert_eq!(Some(&one.clone().or(other.clone())), strongest);
            }
        }
        for place in &places {
            assert_eq!(
                Field::Value(()).then(|()| place.clone()).is_unstated(),
                *place == Field::Unread
            );
        }
        for place in &places {
            assert_eq!(place.clone().agreed(Field::Value(1)), Field::Value(1));
            assert_eq!(Field::Value(1).agreed(place.clone()), Field::Value(1));
        }
        assert_eq!(Field::Value(1).agreed(Field::Value(2)), Field::Unread);
        assert_eq!(Field::<()>::Absent.then(|()| Field::Value(1)), Field::Absent);
        assert_eq!(Field::<()>::Null.then(|()| Field::Value(1)), Field::Null);
        assert_eq!(Field::<()>::Unread.then(|()| Field::Value(1)).deciding(), Field::Null);
    }
}
