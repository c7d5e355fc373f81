//! The envelope of Affonso's events, and the reading that its objects share.

use crate::ledger::{Change, Facts, Identity, Malformed, Subject};
use crate::provider::mapping::{as_id, first_time, required, state};
use crate::provider::object::{Object, Reading, Understood};
use crate::wire::parts::Parts;
use crate::wire::{Field, Id, Timestamp, Unread};

/// The part of an event that differs from object to object.
pub(super) struct Told<'a> {
    /// The path of the subject's id.
    pub id: &'static str,
    /// The status, in the vendor's words.
    pub status: Field<String>,
    /// The object.
    pub parts: &'a Parts,
    /// Its facts, but for the status.
    pub facts: Facts,
}

/// The event that is told of an object. Only `id`, `type` and `data` are common to
/// all of the vendor's descriptions of the envelope.
///
/// The clock is the object's own, where it has one: the vendor's samples share one
/// envelope time and differ in `updatedAt`.
pub(super) fn understood(
    reading: &Reading,
    object: &Object,
    told: Told,
    unread: &mut Unread,
) -> Result<Understood, Malformed> {
    let Told { id, status, parts, mut facts } = told;
    let envelope = |name, unread: &mut Unread| unread.member::<Timestamp>(reading.body, name);
    let identity = required(&unread.member::<Id>(reading.body, "id"), "id")?;
    let subject = required(&as_id(&parts.at(&[id])), &format!("data.{id}"))?;
    let created = envelope("createdAt", unread);
    let sent = envelope("timestamp", unread);
    let times = [
        (&parts.time("updatedAt"), "data.updatedAt"),
        (&created, "createdAt"),
        (&sent, "timestamp"),
        (&parts.time("createdAt"), "data.createdAt"),
    ];
    let time = first_time(times, unread);
    let implied = reading.row.status.map_or(Field::Absent, |word| Field::Value(word.to_owned()));
    let status = status.or(implied);
    let clock = object.clock(time, reading.row, &status);
    state(&mut facts, "status", status);
    let subject = Subject { kind: object.kind, id: subject };
    let change =
        Change { clock: Some(clock), facts, deletes: reading.row.deletes, ..Change::of(subject) };
    Ok(Understood { identity: Identity::Given(identity), changes: vec![change] })
}

/// Reads an event whose object states everything in the members of its table; the
/// first of them is the id.
pub(super) fn read(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let object = reading.row.object;
    let parts = object.in_member(reading.body, "data", unread)?;
    let (status, facts) = (object.status(&parts), object.facts(&parts, unread));
    let id = object.members.first().map_or("id", |member| member.wire);
    understood(reading, object, Told { id, status, parts: &parts, facts }, unread)
}
