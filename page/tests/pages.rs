//! The screens as they are, in golden files, and what each of them must say.

#![cfg(test)]

use std::collections::BTreeMap;
use std::path::Path;

use answers::{
    Alarms, Looked, Now, Oldest, On, Person, Reward, Role, Seen, Settings, Stage, Story, Sweep,
    Wiring,
};
use page::{
    Act, Cause, Fates, Finding, FoundEvent, Frame, InboxRow, KeptEvent, Leaf, PreviewRow,
    RequestRow, Requests, WaitingRow,
};
use serde_json::json;
use shared::aws::store::StoredEvent;
use shared::fulfilment::{
    Actor, LogEntry, ParkReason, Parked, Promise, Recipient, Resuming, State, Terms,
};
use shared::ledger::Partition;
use shared::wire::Timestamp;

const ONE: Leaf = Leaf { page: 1, of: 1 };
const HOSTILE: &str = "<script>alert(1)</script>&\"'";

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000).plus_seconds(second)
}

fn frame(served: bool) -> Frame {
    Frame { nonce: "nonce".into(), at: at(3_600), served, place: "a table of samples".into() }
}

fn partition(id: &str) -> Partition {
    Partition::new("firstpromoter", "commission", id).unwrap()
}

fn promise(id: &str, state: State) -> Promise {
    let terms = Terms {
        amount: Some("500".into()),
        unit: Some("points".into()),
        recipient: Some(Recipient {
            role: "promoter".into(),
            id: Some("31".into()),
            reference: Some("crm-4711".into()),
            email: Some("mira@example.org".into()),
        }),
        affiliate_id: Some("31".into()),
        ..Terms::default()
    };
    Promise::new(format!("firstpromoter:{id}:1"), 1, state, terms, at(0))
}

fn parked(id: &str, reason: ParkReason, from: State, unknown: bool) -> Promise {
    let mut promise = promise(id, State::Parked);
    promise.parked = Some(Parked { from, reason, unknown, at: at(12) });
    promise.changed_at = at(12);
    let entry = |second, from, to, outcome: &str| LogEntry {
        at: at(second),
        from,
        to,
        by: Actor::Deliver,
        outcome: outcome.into(),
        reason: None,
        ms: Some(2_004),
    };
    promise.log.entries = vec![
        entry(10, State::Requested, State::Delivering, "leased"),
        entry(12, State::Delivering, State::Parked, "no answer"),
    ];
    promise
}

fn cause() -> Cause {
    Cause {
        reason: "unknown_outcome".into(),
        from: State::Requested,
        count: 2,
        unknown: 1,
        oldest: at(12),
        meaning: "your endpoint was called, and no answer came".into(),
        remedy: "Look whether the key was given; say which".into(),
        resuming: Resuming::OneByOne,
        commands: vec!["cargo ops --local parked --rows".into()],
    }
}

/// What becomes of rewards, of which these go on.
fn fates(go_on: &[bool]) -> Fates {
    let row = |goes_on: &bool| PreviewRow {
        key: "firstpromoter:301881:1".into(),
        since: at(12),
        version: 3,
        amount: "500 points".into(),
        fate: "it is delivered next".into(),
        goes_on: *goes_on,
    };
    Fates {
        reason: "unknown_outcome".into(),
        from: State::Requested,
        rows: go_on.iter().map(row).collect(),
        others: 30,
        most: Some(200),
        not_read: Vec::new(),
    }
}

fn event(sk: &str, more: &serde_json::Value) -> StoredEvent {
    let mut event = json!({
        "sk": sk, "secret": "hmac[0]", "received_at": at(0).to_rfc3339(), "version": 1,
        "identity": "301881", "type": "commission.updated", "changed": ["status", "email"],
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(event).unwrap()
}

/// Two alarms, of which one is on.
fn alarms() -> Alarms {
    let mut alarms = Alarms::default();
    let says = "A promise waits for a person.\nRun: aws logs <tail> x\nRUNBOOK.md#parked";
    alarms.add("mine", "mine-parked", says, On::Since(Some(at(3_000))));
    alarms.add("mine", "mine-unavailable", "", On::Not);
    alarms
}

/// A stack that one provider was wired to, and one tried.
fn wired() -> Wiring {
    let seen = |second, provider: &str, status, outcome: &str| Seen {
        at: at(second),
        provider: Some(provider.into()),
        status,
        outcome: outcome.into(),
        event_type: Some("payout.paid".into()).filter(|_| status < 400),
        reason: Some("no_secret_matches".into()).filter(|_| status == 401),
        problem: None,
        secret: Some("<hmac>[0]".into()).filter(|_| status < 400),
    };
    let all = [
        seen(3_000, "affonso", 200, "recorded"),
        seen(2_000, "affonso", 401, "unauthorized"),
        seen(3_500, "firstpromoter", 401, "unauthorized"),
    ];
    let values = [
        ("FulfilmentSource", "v2"),
        ("RewardEndpointUrl", ""),
        ("MaxAmount", HOSTILE),
        ("MaxAgeSeconds", "86400"),
        ("Watch", "yes"),
    ];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings::deployed(BTreeMap::from(values));
    let looked = Looked { period: "in the last 7 days".into(), complete: true };
    let place = ("https://in.example", "secret mine/webhooks");
    let mut wiring = Wiring::of(at(3_600), place, Some(&settings), &all, &looked);
    wiring.gaps.push("/aws/lambda/mine-payouts: not allowed: logs:FilterLogEvents".into());
    wiring
}

fn all_stands() -> Now {
    let stages = vec![
        Stage::of(State::Requested, &[Some(at(0)), Some(at(3_500))], true, at(3_700)),
        Stage::of(State::Parked, &[Some(at(12)), Some(at(20))], false, at(3_600)),
    ];
    Now {
        at: at(3_600),
        pipeline: stages,
        unread: Vec::new(),
        sweep: Some(Sweep {
            last: Some(at(3_420)),
            oldest: Some(Oldest { state: State::Requested, seconds: 3_600 }),
            since: at(1_500),
        }),
        alarms: Some(alarms()),
        gaps: vec!["the log of requests: not allowed: logs:FilterLogEvents".into()],
    }
}

fn screens() -> BTreeMap<&'static str, String> {
    let request = |status, outcome: &str, detail: &str| RequestRow {
        at: at(3_540),
        status,
        outcome: outcome.into(),
        provider: Some("firstpromoter".into()),
        event_type: None,
        detail: detail.into(),
    };
    let requests = Requests {
        sentence: "3 requests in the last 30 min.".into(),
        rows: vec![
            request(200, "recorded", "firstpromoter:301881:1 requested"),
            request(401, "unauthorized", HOSTILE),
            request(503, "unavailable", "no secret"),
        ],
    };
    let nobody_knows = parked("301881", ParkReason::UnknownOutcome, State::Requested, true);
    let mut given = promise("301880", State::Confirmed);
    (given.delivered_at, given.confirmed_at) = (Some(at(5)), Some(at(6)));
    let promises = vec![
        (partition("301881"), nobody_knows.clone()),
        (partition("301880"), given),
        (partition("a/b c#d"), promise("a/b c#d", State::Denied)),
    ];
    let person =
        Person::of("firstpromoter", "31", Role::Affiliate, &[], &promises, Vec::new(), false);
    let events = vec![event("event#301881", &json!({ "no_promise": HOSTILE }))];
    let story = |events| {
        let pk = partition("301881");
        let promises = vec![nobody_knows.clone()];
        Story::of(&pk, events, &BTreeMap::new(), None, promises, None, false)
    };
    let reward = Reward::of(&partition("301881"), &nobody_knows, false);
    let row = |unknown| WaitingRow { reward: reward.clone(), since: at(12), version: 3, unknown };
    let act = Act { token: "token".into(), by: "jane".into(), most: 200 };
    let two = [row(false), row(true)];
    let finding = Finding {
        partition: partition("301881"),
        says: "approved".into(),
        rewards: vec![reward.clone()],
    };
    let inbox = InboxRow {
        partition: Partition::new("affonso", "inbox", "evt_1").unwrap(),
        identity: Some("evt_1".into()),
        received: at(60),
        why: "unknown type".into(),
        what: HOSTILE.into(),
        route: None,
    };
    let found_event = |kept| FoundEvent {
        partition: partition("a/b c#d"),
        identity: "evt_1#a&b".into(),
        says: HOSTILE.into(),
        kept,
    };
    let found = (&[finding][..], &[found_event(true), found_event(false)][..]);
    let kept = KeptEvent {
        partition: partition("301881"),
        event_type: Some("commission.updated".into()),
        received: at(60),
        about: vec![("Identity".into(), "evt_1".into()), ("user-agent".into(), HOSTILE.into())],
        notes: vec!["1 value is hidden; --personal shows them.".into()],
        body: Some(format!("{{\n  \"status\": \"{HOSTILE}\"\n}}")),
    };
    let served = frame(true);
    let more = "cargo ops --local affiliate firstpromoter 31 --all";
    let advice = [("unknown type".to_owned(), "Look what it is.".to_owned())];
    BTreeMap::from([
        ("now", page::now(&served, &all_stands(), &[cause()], Some(&requests))),
        ("now-file", page::now(&frame(false), &all_stands(), &[cause()], None)),
        ("person", page::person(&served, &person, "affiliate", more)),
        ("story", page::story(&served, &story(events), &["kept bodies: throttled".into()])),
        ("story-file", page::story(&frame(false), &story(Vec::new()), &[])),
        ("find", page::findings(&served, HOSTILE, found, std::slice::from_ref(&reward), &[])),
        ("show", page::show(&served, &kept)),
        ("inbox", page::inbox(&served, "1 item in the inbox.", &[inbox], &advice, &[])),
        (
            "waiting",
            page::waiting(&served, &cause(), &two, Leaf { page: 2, of: 3 }, Some(&act), &[]),
        ),
        ("waiting-read-only", page::waiting(&served, &cause(), &two[..1], ONE, None, &[])),
        ("preview", page::preview(&served, &fates(&[true, false]), HOSTILE, &act)),
        ("done", page::done(&served, &Fates { most: None, others: 1, ..fates(&[true]) })),
        ("causes", page::causes(&served, &[cause()], Some("from=requested"), &[])),
        ("wiring", page::wiring(&served, &wired())),
        ("told", page::told(&served, "Not found", HOSTILE)),
    ])
}

/// Without the style sheet, which is read by itself.
fn without_style(page: &str) -> String {
    let (head, rest) = page.split_once("<style").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    // A line for each element, so that a difference is one of lines.
    format!("{head}{body}\n").replace("><", ">\n<")
}

#[test]
fn the_screens_are_as_their_golden_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (name, page) in screens() {
        let path = folder.join(format!("{name}.html"));
        let page = without_style(&page);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(page, golden, "{name}: UPDATE_DOCS=1 writes it anew");
    }
}

#[test]
fn no_screen_has_a_script_a_foreign_address_or_a_style_outside_its_sheet() {
    for (name, page) in screens() {
        // An address to copy is text, and leads nowhere.
        for part in ["<script", "javascript:", "=\"http", "url(", " style=", "<img", " onload"] {
            assert!(!page.contains(part), "{name} has {part}");
        }
        assert_eq!(page.matches("<style nonce=\"nonce\">").count(), 1, "{name}");
        assert!(page.contains("<h1>"), "{name}");
    }
}

#[test]
fn who_somebody_is_stands_nowhere() {
    for (name, page) in screens() {
        for personal in ["mira@example.org", "crm-4711"] {
            assert!(!page.contains(personal), "{name} has {personal}");
        }
    }
}

#[test]
fn a_file_leads_nowhere_and_an_id_is_one_segment() {
    let screens = screens();
    for file in ["now-file", "story-file"] {
        assert!(!screens[file].contains("href="), "{file}");
    }
    assert!(screens["person"].contains("/story/firstpromoter/commission/a%2Fb%20c%23d\""));
    let shown = "/show/firstpromoter/commission/a%2Fb%20c%23d?event=evt_1%23a%26b\"";
    assert_eq!(screens["find"].matches(shown).count(), 1);
    assert!(screens["inbox"].contains("\"/show/affonso/inbox/evt_1?event=evt_1\""));
    assert!(screens["story"].contains("\"/show/firstpromoter/commission/301881?event=301881\""));
}

#[test]
fn nothing_is_ticked_beforehand_and_all_only_where_they_go_on_together() {
    let reward = Reward::of(
        &partition("1"),
        &parked("1", ParkReason::OverAge, State::Requested, false),
        false,
    );
    let rows = [1, 2].map(|second| WaitingRow {
        reward: reward.clone(),
        since: at(second),
        version: 3,
        unknown: false,
    });
    let act = Act { token: "token".into(), by: "jane".into(), most: 200 };
    let most = "; at one time the 200 that wait longest";
    for (resuming, count, offers_all, says_most) in [
        (Resuming::Together, 2, true, false),
        (Resuming::Together, 200, true, false),
        (Resuming::Together, 201, true, true),
        (Resuming::Together, 1, false, false),
        (Resuming::OneByOne, 201, false, false),
        (Resuming::NotAsItIs, 9, false, false),
    ] {
        let cause = Cause { resuming, count, unknown: 0, ..cause() };
        let page = page::waiting(&frame(true), &cause, &rows, ONE, Some(&act), &[]);
        assert_eq!(page.matches("name=\"ticked\"").count(), 2, "{resuming:?}");
        assert!(!page.contains(" checked"), "{resuming:?}");
        assert_eq!(page.contains("name=\"all\""), offers_all, "{resuming:?} {count}");
        assert_eq!(page.contains(most), says_most, "{resuming:?} {count}");
    }
}

/// Every reason; the match does not compile once there is another.
fn reasons() -> Vec<ParkReason> {
    use ParkReason as R;
    let all = [
        R::UnknownOutcome,
        R::OverAge,
        R::ContradictedAtProvider,
        R::SourceChanged,
        R::AmountOverLimit,
        R::AmountWithoutLimit,
        R::UnknownStatus,
        R::Contested,
        R::SuspectedAtProvider,
        R::OlderThanFulfilFrom,
        R::UnknownUnit,
        R::AmountNotPositive,
        R::CampaignUnknown,
        R::NotKnownAtProvider,
        R::IncompleteTerms,
        R::NoRecipientRule,
        R::RecipientOrAmountUnknown,
        R::NotFoundAtProvider,
        R::StatusUnknownAtProvider,
        R::FulfilledAtProvider,
        R::ApprovalRefused,
        R::UnmarkingRefused,
        R::ChangedAfterDelivery,
        R::WithdrawnAfterDelivery,
        R::RefusedByEndpoint("422 no_account".into()),
    ];
    for reason in &all {
        match reason {
            R::UnknownOutcome | R::OverAge | R::ContradictedAtProvider | R::SourceChanged => {}
            R::AmountOverLimit | R::AmountWithoutLimit | R::UnknownStatus | R::Contested => {}
            R::SuspectedAtProvider | R::OlderThanFulfilFrom | R::UnknownUnit => {}
            R::AmountNotPositive | R::CampaignUnknown | R::NotKnownAtProvider => {}
            R::IncompleteTerms | R::NoRecipientRule | R::RecipientOrAmountUnknown => {}
            R::NotFoundAtProvider | R::StatusUnknownAtProvider | R::FulfilledAtProvider => {}
            R::ApprovalRefused | R::UnmarkingRefused | R::ChangedAfterDelivery => {}
            R::WithdrawnAfterDelivery | R::RefusedByEndpoint(_) => {}
        }
    }
    all.to_vec()
}

#[test]
fn each_state_and_each_reason_has_its_sentence_on_the_screen() {
    let frame = frame(true);
    let shown = |promise: Promise| {
        let reward = Reward::of(&partition("1"), &promise, false);
        let story = Story::of(
            &partition("1"),
            Vec::new(),
            &BTreeMap::new(),
            None,
            vec![promise],
            None,
            false,
        );
        (page::story(&frame, &story, &[]), reward)
    };
    let mut sentences = std::collections::BTreeSet::new();
    for state in State::ALL.into_iter().filter(|state| *state != State::Parked) {
        let (page, reward) = shown(promise("1", state));
        assert!(page.contains(&reward.sentence()), "{state:?}");
        assert!(page.contains(reward.given.words()), "{state:?}");
        sentences.insert(reward.sentence());
        for reason in reasons() {
            for unknown in [false, true] {
                let (page, reward) = shown(parked("1", reason.clone(), state, unknown));
                assert!(page.contains(&reward.sentence()), "{reason:?} from {state:?}");
                assert!(page.contains("waits for a person"), "{reason:?} from {state:?}");
                sentences.insert(reward.sentence());
            }
        }
    }
    assert!(sentences.len() > State::ALL.len() + reasons().len(), "{sentences:#?}");
}

/// What somebody was promised is on another screen, and what cannot be read may be a reward.
#[test]
fn that_no_reward_was_promised_is_only_said_where_that_is_known() {
    let gap = ["promise of firstpromoter commission 9: corrupt".to_owned()];
    for (kind, not_read, says) in [
        ("commission", &[][..], "No reward was promised for it."),
        ("commission", &gap[..], "No reward that can be read was promised for it."),
        ("customer", &[], "No status is known of it."),
    ] {
        let pk = Partition::new("firstpromoter", kind, "9").unwrap();
        let story = Story::of(&pk, Vec::new(), &BTreeMap::new(), None, Vec::new(), None, false);
        let page = page::story(&frame(true), &story, not_read);
        assert!(page.contains(&format!("<p class=\"answer\">{says}</p>")), "{page}");
    }
}
