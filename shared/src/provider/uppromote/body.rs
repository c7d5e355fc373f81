//! The reading that UpPromote's objects share: a bare object, whose event the route
//! names.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ledger::{Change, Identity, Malformed, Subject, Undated};
use crate::provider::mapping::{as_id, required, state};
use crate::provider::object::{Reading, Understood};
use crate::wire::parts::Parts;
use crate::wire::{Field, Id, Unread};

/// The body as the object of its event.
pub(super) fn body(reading: &Reading, unread: &mut Unread) -> Result<Parts, Malformed> {
    let parts = reading.row.object.parts(reading.body, unread);
    parts.ok_or_else(|| Malformed::new("body", "is not an object"))
}

/// True when the body names all of these members, even as `null`.
pub(super) fn has(reading: &Reading, names: &[&str]) -> bool {
    names.iter().all(|name| reading.body.get(name).is_some())
}

/// The part of an event that shows its object whole in the life of that object: the
/// event named `creation` begins it, with one of the statuses `initial` if no change has
/// followed yet. Where another event names a status, the body has to say the same.
pub(super) fn undated(
    reading: &Reading,
    creation: &str,
    initial: &[&str],
    parts: &Parts,
) -> Undated {
    let status = parts.at(&["status"]);
    let is = |words: &[&str]| status.value().is_some_and(|status| words.contains(status));
    let creates = reading.row.name == creation;
    let named = reading.row.status;
    Undated {
        creates,
        is_initial: creates && is(initial),
        contradicts_itself: named.is_some_and(|named| status.value().is_some() && !is(&[named])),
    }
}

/// The meaning of an event for its object.
pub(super) struct Told<'a> {
    pub id: Id,
    pub parts: &'a Parts,
    pub status: Field<String>,
    /// The status before, where the event names it.
    pub was: Option<String>,
    pub undated: Undated,
}

impl<'a> Told<'a> {
    /// The event of the object whose id is this member.
    ///
    /// # Errors
    /// [`Malformed`] when there is no id.
    pub(super) fn of(parts: &'a Parts, name: &str) -> Result<Self, Malformed> {
        let id = required(&as_id(&parts.at(&[name])), name)?;
        Ok(Self { id, parts, status: Field::Absent, was: None, undated: Undated::default() })
    }

    /// The change that the event makes. The vendor gives it no identity: its
    /// transition is told by the event, the object and the exact bytes.
    pub(super) fn understood(self, reading: &Reading, unread: &mut Unread) -> Understood {
        let object = reading.row.object;
        let Self { id, parts, status, was, undated } = self;
        let mut facts = object.facts(parts, unread);
        let implied = reading.row.status.map_or(Field::Absent, |word| Field::Value(word.into()));
        let status = status.or(object.status(parts)).or(implied);
        state(&mut facts, "status", status);
        let transition = format!("{}#{}#{}", reading.row.name, id.as_str(), reading.sha256);
        let was = was.map(|was| ("status".to_owned(), Value::from(was)));
        let change = Change {
            facts,
            was: was.into_iter().collect::<BTreeMap<_, _>>(),
            undated,
            ..Change::of(Subject { kind: object.kind, id })
        };
        Understood { identity: Identity::Transition(transition), changes: vec![change] }
    }
}

/// Reads a change of status: `previous_status`, `current_status` and the id.
pub(super) fn changed(
    reading: &Reading,
    id: &str,
    unread: &mut Unread,
) -> Result<Understood, Malformed> {
    let parts = body(reading, unread)?;
    for name in ["previous_status", "current_status"] {
        if reading.body.get(name).is_none() {
            return Err(Malformed::new(name, "is missing"));
        }
    }
    let word = |name: &str| parts.first(&[name]);
    let told = Told::of(&parts, id)?;
    let was = word("previous_status").value().cloned();
    Ok(Told { was, status: word("current_status"), ..told }.understood(reading, unread))
}
