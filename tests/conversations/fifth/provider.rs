//! Made Up: an object signed as a whole, the way it would stand in a folder of
//! `shared/src/provider`.

use shared::ledger::{Change, Family, Identity, Kind, Malformed, Provider, StatusWords, Subject};
use shared::provider::definition::{Authentication, Definition, Routes, Signing};
use shared::provider::mapping::{archive_identity, as_id, required, state, type_at};
use shared::provider::object::{
    Amount, EventType, Joined, MAJOR_UNITS, Object, Reading, Understood,
};
use shared::provider::secrets::{Method, ProviderSecrets};
use shared::provider::signature::{Incoming, MethodMatches, Refusal, hmac_matches, matching};
use shared::wire::parts::{decimal, id};
use shared::wire::{Field, Timestamp, Unread};

/// HMAC-SHA256 of the body, in hex.
pub const SIGNATURE_HEADER: &str = "x-made-up-signature";

/// Made Up.
pub static DEFINITION: Definition = Definition {
    provider: Provider::named("made-up"),
    vendor: "Made Up",
    routes: Routes::Families(&[("payouts", Family::Payouts)]),
    catalogue: &[EventType::saying("payout.settled", &PAYOUT, "settled")],
    unlisted: &[],
    authentication: Authentication {
        section: "made_up",
        methods: &[Method::Hmac],
        matches,
        tolerance: None,
        signing: Signing::Body { header: SIGNATURE_HEADER },
    },
    event_type: |body| type_at(body, &["event"]),
    has_format: |_| true,
    is_test: |_| false,
    is_payment_data: |_| false,
    archived: |delivered| Ok(archive_identity(delivered.body.get("number"), delivered.sha256)),
    rewards: None,
    is_ping: None,
    answers: None,
};

#[expect(clippy::unnecessary_wraps, reason = "as every provider's")]
fn matches<'a>(
    secrets: &'a ProviderSecrets,
    incoming: &Incoming,
    _: i64,
    _: Timestamp,
) -> Result<Vec<MethodMatches<'a>>, Refusal> {
    let mac = incoming.mac(SIGNATURE_HEADER);
    Ok(vec![matching(&secrets.hmac, mac, |named, mac| hmac_matches(named, &[incoming.body], mac))])
}

/// A payout.
static PAYOUT: Object = Object {
    members: &[id("id").unstated(), id("affiliate").unstated(), decimal("amount").unstated()],
    joined: &[Joined { fact: "affiliate_id", at: &[&["affiliate"]] }],
    amount: Some(Amount { value: "amount", unit: MAJOR_UNITS }),
    words: &StatusWords::of(&[("settled", "completed")]),
    ..Object::of(Kind::Payout, Family::Payouts, read)
};

fn read(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let object = reading.row.object;
    let identity = required(&unread.member(reading.body, "number"), "number")?;
    let payout = object.in_member(reading.body, "payout", unread)?;
    let subject = required(&as_id(&payout.at(&["id"])), "payout.id")?;
    let status = reading.row.status.map_or(Field::Absent, |word| Field::Value(word.to_owned()));
    let time = unread.member::<Timestamp>(reading.body, "at").value().copied();
    let clock = object.clock(time, reading.row, &status);
    let mut facts = object.facts(&payout, unread);
    state(&mut facts, "status", status);
    let subject = Subject { kind: object.kind, id: subject };
    let change = Change { clock: Some(clock), facts, ..Change::of(subject) };
    Ok(Understood { identity: Identity::Given(identity), changes: vec![change] })
}
