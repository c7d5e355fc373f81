//! The fields of payloads. Each is read by itself, so that one that cannot be read
//! costs no other (invariant `DecorationNeverRefuses`).

use crate::wire::json::Json;

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
    pub fn then<'a, U>(&'a self, inner: impl FnOnce(&'a T) -> Field<U>) -> Field<U> {
        match self.map(inner) {
            Field::Absent => Field::Absent,
            Field::Null | Field::Value(Field::Absent) => Field::Null,
            Field::Unread => Field::Unread,
            Field::Value(field) => field,
        }
    }

    /// The one field for a fact that the payload states in several places.
    /// [`Field::Unread`] where any two contradict each other, because nothing tells
    /// which is meant.
    #[must_use]
    pub fn agreed(places: impl IntoIterator<Item = Self>) -> Self
    where
        T: PartialEq,
    {
        let places: Vec<_> = places.into_iter().collect();
        let mut values = places.iter().filter_map(Field::value);
        let first = values.next();
        if values.any(|other| Some(other) != first) {
            return Field::Unread;
        }
        places.into_iter().fold(Field::Absent, Field::or)
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
    over: Vec<&'static str>,
}

impl Unread {
    /// Reads the member `name` of the value that is being read.
    pub fn member<T: Read>(&mut self, json: &Json, name: &'static str) -> Field<T> {
        self.member_by(json, name, T::read)
    }

    /// Reads the member `name` of the value that is being read, by `read`.
    pub fn member_by<T>(
        &mut self,
        json: &Json,
        name: &'static str,
        read: impl FnOnce(&Json, &mut Self) -> Option<T>,
    ) -> Field<T> {
        let value = match json.get(name) {
            None => return Field::Absent,
            Some(Json::Null) => return Field::Null,
            Some(value) => value,
        };
        let value = self.within(name, |unread| read(value, unread));
        if value.is_none() {
            self.note(name);
        }
        value.map_or(Field::Unread, Field::Value)
    }

    /// Reads inside the member `name` of the value that is being read.
    pub fn within<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(name);
        let read = read(self);
        self.at.pop();
        read
    }

    /// Notes that the member `name` of the value that is being read could not be
    /// read.
    pub fn note(&mut self, name: &str) {
        let path = self.at.iter().copied().chain([name]).collect::<Vec<_>>().join(".");
        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
    }

    /// Notes that a fact, or a part of it, is too large for a record.
    pub fn note_over(&mut self, fact: &'static str) {
        if !self.over.contains(&fact) {
            self.over.push(fact);
        }
    }

    /// The names of the facts that are too large for a record, whole or in part, each
    /// once.
    #[must_use]
    pub fn over(&self) -> &[&'static str] {
        &self.over
    }

    /// The paths, each once.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(Field::agreed([place.clone(), Field::Value(1)]), Field::Value(1));
            assert_eq!(Field::agreed([Field::Value(1), place.clone()]), Field::Value(1));
        }
        let contradicting = [1, 2, 1].map(Field::Value);
        assert_eq!(Field::agreed(contradicting), Field::Unread);
        assert_eq!(Field::<u8>::agreed([]), Field::Absent);
        assert_eq!(Field::<()>::Absent.then(|()| Field::Value(1)), Field::Absent);
        assert_eq!(Field::<()>::Null.then(|()| Field::Value(1)), Field::Null);
        assert_eq!(Field::<()>::Unread.then(|()| Field::Value(1)).deciding(), Field::Null);
    }
}
