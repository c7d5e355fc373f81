//! Made Up: an object signed as a whole, the way it would stand in a folder of
//! `shared/src/provider`.

use shared::ledger::{Change, Family, Identity, Kind, Malformed, Provider, Subject};
use shared::provider::definition::{
    Authentication, Definition, Delivered, EventType, Routes, Signing,
};
use shared::provider::mapping::{amount_fact, archive_identity, clock, type_at};
use shared::provider::secrets::{Method, ProviderSecrets};
use shared::provider::signature::{
    Incoming, MethodMatches, Refusal, hmac_matches, mac_from_hex, matching,
};
use shared::wire::{Decimal, Field, Id, Timestamp, Unread};

/// HMAC-SHA256 of the body, in hex.
pub const SIGNATURE_HEADER: &str = "x-made-up-signature";

/// Made Up.
pub static DEFINITION: Definition = Definition {
    provider: Provider::named("made-up"),
    vendor: "Made Up",
    routes: Routes::Families(&[("payouts", Family::Payouts)]),
    catalogue: &[EventType::read("payout.settled", Family::Payouts, Kind::Payout, settled)],
    family: |_| None,
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
    let mac = incoming.header(SIGNATURE_HEADER).and_then(mac_from_hex);
    Ok(vec![matching(&secrets.hmac, |named| {
        mac.is_some_and(|mac| hmac_matches(named, &[incoming.body], &mac))
    })])
}

fn settled(delivered: &Delivered, unread: &mut Unread) -> Result<(Identity, Change), Malformed> {
    let payout =
        delivered.body.get("payout").ok_or_else(|| Malformed::new("payout", "is missing"))?;
    let id = |of, name| match id_of(of, name) {
        Some(id) => Ok(id),
        None => Err(Malformed::new(name, "is missing")),
    };
    let (event, subject) = (id(delivered.body, "number")?, id(payout, "id")?);
    let status = Field::Value("settled".to_owned());
    let time = unread.member::<Timestamp>(delivered.body, "at").value().copied();
    let mut facts = shared::ledger::Facts::new();
    facts.insert("status".into(), "settled".into());
    if let Some(affiliate) = id_of(payout, "affiliate") {
        facts.insert("affiliate_id".into(), affiliate.as_str().into());
    }
    let amount = unread.member::<Decimal>(payout, "amount");
    amount_fact(&mut facts, &amount, &Field::Value("cash_major".into()));
    let change = Change {
        subject: Subject { kind: Kind::Payout, id: subject },
        clock: Some(clock(time, delivered.event_type, &status)),
        facts,
        deletes: false,
        announces: false,
        changes_unread: false,
        was: std::collections::BTreeMap::new(),
    };
    Ok((Identity::Given(event), change))
}

fn id_of(of: &shared::wire::json::Json, name: &str) -> Option<Id> {
    of.get(name)?.as_str().and_then(Id::new)
}
