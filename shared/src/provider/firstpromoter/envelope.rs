//! The envelope of webhooks v2, and the parts that its resources share.

use crate::ledger::{Clock, Malformed};
use crate::provider::mapping::{clock, first_time, required};
use crate::wire::json::Json;
use crate::wire::{Field, Id, NumberId, Personal, Read, Text, Timestamp, Unread, payload};

payload! {
    /// The envelope of an event.
    struct Envelope {
        event_id: Id,
        entity_id: Id,
        timestamp: Timestamp,
    }

    /// A promoter, as embedded.
    struct Promoter {
        id: NumberId,
        email: Personal,
        name: Personal,
    }

    /// A campaign, as embedded.
    struct Campaign {
        id: NumberId,
        name: Text,
    }
}

/// The resource of an event. An empty one cannot be read, except where the event
/// deletes it: then there may be nothing left to show.
pub(super) fn data<T: Read>(body: &Json, deletes: bool, unread: &mut Unread) -> Field<T> {
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
        (false, _) => unread.member(body, "data"),
    }
}

pub(super) fn found(text: Option<String>) -> Field<String> {
    text.map_or(Field::Absent, Field::Value)
}

pub(super) fn clock_of(
    event_type: &str,
    envelope: &Envelope,
    status: &Field<String>,
    unread: &mut Unread,
) -> Clock {
    let time = first_time([(&envelope.timestamp, "timestamp")], unread);
    clock(time, event_type, status)
}

/// The id of the resource, which must equal the envelope's where both name one.
pub(super) fn subject_id(id: Option<&Field<Id>>, envelope: &Envelope) -> Result<Id, Malformed> {
    let id = id.unwrap_or(&Field::Absent);
    match (id, &envelope.entity_id) {
        (Field::Value(id), Field::Value(entity)) if id != entity => {
            Err(Malformed::new("data.id", "differs from entity_id"))
        }
        (Field::Value(id), _) | (_, Field::Value(id)) => Ok(id.clone()),
        _ => required(id, "data.id"),
    }
}
