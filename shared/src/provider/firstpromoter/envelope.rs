//! The envelope of webhooks v2, and the reading that its objects share.

use serde_json::Value;

use crate::ledger::{Change, Facts, Identity, Malformed, Subject};
use crate::provider::firstpromoter::changes::Changes;
use crate::provider::mapping::{as_id, first_time, required, state};
use crate::provider::object::{EventType, Object, Reading, Understood};
use crate::wire::json::{Json, plain};
use crate::wire::parts::{Member, Parts, number_id, personal, text};
use crate::wire::{Field, Id, Timestamp, Unread};

/// A promoter, as embedded.
pub(super) const PROMOTER: &[Member] = &[number_id("id"), personal("email"), personal("name")];

/// A campaign, as embedded.
pub(super) const CAMPAIGN: &[Member] = &[number_id("id"), text("name")];

/// The envelope of an event.
pub(super) struct Envelope {
    identity: Id,
    entity_id: Field<Id>,
    time: Field<Timestamp>,
}

impl Envelope {
    pub(super) fn read(body: &Json, unread: &mut Unread) -> Result<Self, Malformed> {
        Ok(Self {
            identity: required(&unread.member(body, "event_id"), "event_id")?,
            entity_id: unread.member(body, "entity_id"),
            time: unread.member(body, "timestamp"),
        })
    }

    /// The id of the entity, where the envelope says that the entity is one of these.
    /// The vendor's texts write it in either case, and as the name of a class.
    pub(super) fn id_of(&self, body: &Json, entity: &str) -> Field<Id> {
        let named = body.get("entity_type").and_then(Json::as_str).map(plain);
        if named.as_deref() == Some(entity) { self.entity_id.clone() } else { Field::Absent }
    }
}

/// The id of an object that an event names in these places of its data, and perhaps as
/// its entity. Where two of them differ, nobody can tell which is meant.
pub(super) fn named(parts: &Parts, at: &[&[&str]], entity: Field<Id>) -> Field<Id> {
    Field::agreed(at.iter().map(|path| as_id(&parts.at(path))).chain([entity]))
}

/// The resource of an event. An empty one cannot be read, except where the event
/// deletes it: then there may be nothing left to show.
pub(super) fn data(
    object: &Object,
    body: &Json,
    deletes: bool,
    unread: &mut Unread,
) -> Field<Parts> {
    let shows_nothing = match body.get("data") {
        None | Some(Json::Null) => true,
        Some(Json::Array(items)) => items.is_empty(),
        Some(Json::Object(members)) => members.is_empty(),
        _ => false,
    };
    match (shows_nothing, deletes) {
        (true, true) => Field::Absent,
        (true, false) => {
            unread.note("data");
            Field::Unread
        }
        (false, _) => unread.member_by(body, "data", |json, unread| object.parts(json, unread)),
    }
}

/// Reads an event that shows the resource in `data`.
pub(super) fn read(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let (object, row) = (reading.row.object, reading.row);
    let envelope = Envelope::read(reading.body, unread)?;
    let parts = data(object, reading.body, row.deletes, unread);
    let id = parts.value().map(|parts| parts.at(&["id"]));
    let Some(id) = subject_id(id.as_ref(), &envelope)? else {
        unread.note("entity_id");
        return Ok(Told::nothing(envelope));
    };
    let changes = Changes::read(reading.body, object, unread);
    let facts = match &parts {
        Field::Value(parts) => object.facts(parts, unread),
        // The data would have stated the reward, and cannot be read: every deciding
        // fact is unknown.
        Field::Null | Field::Unread if object.decides => object.unknown(),
        _ => Facts::new(),
    };
    let found =
        |text: Option<&str>| text.map_or(Field::Absent, |text| Field::Value(text.to_owned()));
    let told = parts.value().map_or(Field::Absent, |parts| object.status(parts));
    let status = told.or(found(changes.became.as_deref())).or(found(row.status));
    // A status that cannot be read may be a denial, and so may an approval of which the
    // event's type says otherwise: an earlier approval is not known to hold.
    let status =
        if object.decides && is_contradicted(row, &status) { Field::Unread } else { status };
    let status = object.weighed(status);
    let announces = object.decides && announces(row, &status, &changes);
    let told = Told { id, facts, status, announces, changes };
    Ok(told.understood(reading, envelope, unread))
}

/// True when a body says approved of what the event's type says something else of.
fn is_contradicted(row: &EventType, status: &Field<String>) -> bool {
    let approved = status.value().is_some_and(|status| status == APPROVED);
    approved && row.status.is_some_and(|named| named != APPROVED)
}

/// True when an event announces an approved reward. An update lists its changes, and
/// only a change to approved announces.
fn announces(row: &EventType, status: &Field<String>, changes: &Changes) -> bool {
    match row.name.rsplit('.').next() {
        Some("created") => status.value().is_some_and(|status| status == APPROVED),
        Some(APPROVED) => true,
        Some("pending" | "denied" | "deleted") => false,
        _ => changes.became.as_deref() == Some(APPROVED),
    }
}

const APPROVED: &str = "approved";

/// The meaning of an event for one object.
pub(super) struct Told {
    pub id: Id,
    pub facts: Facts,
    pub status: Field<String>,
    pub announces: bool,
    pub changes: Changes,
}

impl Told {
    /// What an event says of an object, and nothing of its status.
    pub(super) fn of(id: Id, facts: Facts) -> Self {
        Self { id, facts, status: Field::Absent, announces: false, changes: Changes::default() }
    }

    pub(super) fn understood(
        self,
        reading: &Reading,
        envelope: Envelope,
        unread: &mut Unread,
    ) -> Understood {
        let object = reading.row.object;
        let Self { id, mut facts, status, announces, changes } = self;
        let time = first_time([(&envelope.time, "timestamp")], unread);
        let clock = object.clock(time, reading.row, &status);
        state(&mut facts, "status", status.map(|status| Value::from(status.as_str())));
        let change = Change {
            clock: Some(clock),
            facts,
            deletes: reading.row.deletes,
            announces,
            changes_unread: changes.unread,
            was: changes.was,
            ..Change::of(Subject { kind: object.kind, id })
        };
        Understood { identity: Identity::Given(envelope.identity), changes: vec![change] }
    }

    /// The event kept in the inbox: nobody can tell which object it is about.
    pub(super) fn nothing(envelope: Envelope) -> Understood {
        Understood { identity: Identity::Given(envelope.identity), changes: Vec::new() }
    }
}

/// The id of the resource; `None` where data and envelope name different ones, so
/// that nobody can tell which is meant.
fn subject_id(id: Option<&Field<&str>>, envelope: &Envelope) -> Result<Option<Id>, Malformed> {
    let id = id.map_or(Field::Absent, as_id);
    match (&id, &envelope.entity_id) {
        (Field::Value(id), Field::Value(entity)) if id != entity => Ok(None),
        (Field::Value(id), _) | (_, Field::Value(id)) => Ok(Some(id.clone())),
        _ => required(&id, "data.id").map(Some),
    }
}
