//! What the clients make of the platforms' answers.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::machine::terms;
use crate::promises::policy;
use shared::fulfilment::PlatformStatus;
use shared::platform::credentials::{FirstPromoter, FirstPromoterV1};
use shared::platform::http::{Http, HttpOptions};
use shared::platform::{Connection, NoAnswer, Pacer, WriteResult, firstpromoter, firstpromoter_v1};
use shared::wire::secret::Secret;

type SeenEvent = Arc<Mutex<Vec<String>>>;

fn server(answer: fn(&str) -> &'static str) -> (String, SeenEvent) {
    serving(200, answer)
}

/// A platform that answers every request with that status, and by its first line.
fn serving<B: AsRef<str>>(
    status: u16,
    answer: impl Fn(&str) -> B + Send + 'static,
) -> (String, SeenEvent) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let seen = SeenEvent::default();
    let lines = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut first, mut length) = (String::new(), 0);
            reader.read_line(&mut first).unwrap();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
                    length = n.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            lines.lock().unwrap().push(first.trim().to_owned());
            let answer = answer(&first);
            let body = answer.as_ref();
            write!(
                stream,
                "HTTP/1.1 {status} X\r\nretry-after: 7\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        }
    });
    (base, seen)
}
fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
fn http() -> Http {
    Http::new(&HttpOptions { timeout: Duration::from_mins(1), plain: true, reuse: false }).unwrap()
}
fn key() -> Secret {
    Secret::new("k").unwrap()
}

/// Asks v2's API something.
fn v2<T>(base: &str, ask: impl AsyncFnOnce(&firstpromoter::Api) -> T) -> T {
    let keys = FirstPromoter { api_key: key(), account_id: key() };
    let (http, pacer) = (http(), Pacer::new(Duration::ZERO));
    let connection = Connection { http: &http, base, pacer: &pacer, credentials: "API key" };
    run(ask(&firstpromoter::Api { connection, credentials: Some(&keys) }))
}

/// Asks v1's API something.
fn v1<T>(base: &str, ask: impl AsyncFnOnce(&firstpromoter_v1::Api) -> T) -> T {
    let (http, pacer, key) =
        (http(), Pacer::new(Duration::ZERO), FirstPromoterV1 { api_key: key() });
    run(ask(&firstpromoter_v1::Api {
        connection: Connection { http: &http, base, pacer: &pacer, credentials: "API key" },
        credentials: Some(&key),
        patience: Duration::from_secs(30),
    }))
}

/// A platform that knows no pages answers each with the same payouts.
#[test]
fn the_same_page_again_is_the_end() {
    let (base, seen) =
        server(|_| r#"[{"id":1},{"id":2},{"id":3},{"id":4},{"id":5},{"id":6},{"id":7},{"id":8}]"#);
    let view = v1(&base, async |api| api.view("88", &terms("500")).await);
    assert_eq!(view.map(|view| view.standing), Ok(PlatformStatus::NotFound));
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2, "{seen:#?}");
}

/// Each page brings something new, and what is looked for is on none of them.
#[test]
fn a_look_up_ends_in_time_and_does_not_say_that_it_is_not_there() {
    let (base, seen) =
        server(|line| if line.contains("page=") { "[{\"id\":2}]" } else { "[{\"id\":1}]" });
    let (http, pacer, key) =
        (http(), Pacer::new(Duration::from_millis(40)), FirstPromoterV1 { api_key: key() });
    let patience = Duration::from_millis(20);
    let credentials = Some(&key);
    let connection = Connection { http: &http, base: &base, pacer: &pacer, credentials: "API key" };
    let api = firstpromoter_v1::Api { connection, credentials, patience };
    let answer = run(api.view("88", &terms("500"))).unwrap_err();
    assert_eq!((answer.refused, answer.cause.as_str()), (false, "the list took too long"));
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen[0], "GET /payouts/list?promoter_id=31 HTTP/1.1");
    assert!((1..=2).contains(&seen.len()), "{seen:#?}");
}

/// Five were marked in one call, answered 202; the batch took four of them.
#[test]
fn a_polled_batch_that_left_one_out_confirms_none_unseen() {
    let (base, _) = server(
        |_| r#"{"id":7,"status":"completed","total":5,"selected_total":4,"processed_count":4,"failed_count":0,"processing_errors":[]}"#,
    );
    let told = v2(&base, async |api| api.mark_fulfilled(&["1", "2", "3", "4", "5"]).await);
    assert_eq!(told, WriteResult::CheckEach);
    // What each of the five promises asks of the batch that it shares.
    let polled = v2(&base, async |api| api.batch("7").await);
    assert_eq!(polled, WriteResult::CheckEach);
}

/// A status that nobody knows takes nothing away (announce.rs says so of events).
#[test]
fn a_status_that_nobody_knows_is_no_denial() {
    let (base, _) = server(|line| {
        if line.contains("fulfilled%5D=no") {
            r#"{"data":[{"id":88,"status":"processing","amount":500,"unit":"points"}]}"#
        } else {
            "[]"
        }
    });
    let views = v2(&base, async |api| api.views(&["88"], &policy()).await);
    let standings: Vec<_> = views.unwrap().iter().map(|view| view.standing).collect();
    assert_eq!(standings, [PlatformStatus::Unclear]);
}

fn not_yet(cause: &str, refused: bool) -> WriteResult {
    WriteResult::NotYet(NoAnswer { retry_after: Some(7), refused, cause: cause.into() })
}

fn accepted(id: &str) -> WriteResult {
    WriteResult::Accepted(id.into())
}

/// Of two ids that were asked for. A 200 can carry failures inside.
#[test]
fn a_change_is_done_only_if_all_of_it_is_said_to_be() {
    let unknown = |cause: &str| WriteResult::Unknown(cause.into());
    for (status, body, change) in [
        (200, r#"{"status":"completed","processed_count":2,"failed_count":0}"#, WriteResult::Done),
        (
            202,
            r#"{"status":"completed","failed_count":0,"processing_errors":[]}"#,
            WriteResult::Done,
        ),
        (
            200,
            r#"{"status":"completed","processed_count":2,"failed_count":1}"#,
            WriteResult::CheckEach,
        ),
        (
            200,
            r#"{"status":"completed","processed_count":1,"failed_count":0}"#,
            WriteResult::CheckEach,
        ),
        (200, r#"{"status":"completed","processed_count":2}"#, WriteResult::CheckEach),
        (
            200,
            r#"{"status":"completed","failed_count":0,"processing_errors":["88"]}"#,
            WriteResult::CheckEach,
        ),
        (200, r#"{"status":"pending","id":7}"#, accepted("7")),
        (200, r#"{"status":"in_progress","id":"b7"}"#, accepted("b7")),
        (202, r#"{"id":7}"#, accepted("7")),
        (202, r#"{"status":"pending"}"#, WriteResult::CheckEach),
        (202, "{}", WriteResult::CheckEach),
        (200, "{}", WriteResult::CheckEach),
        (200, r#"{"status":"something_new","failed_count":0}"#, WriteResult::CheckEach),
        (201, r#"{"status":"completed","failed_count":0}"#, WriteResult::CheckEach),
        (404, "", WriteResult::CheckEach),
        (409, "", WriteResult::CheckEach),
        (422, r#"{"status":"completed","failed_count":0}"#, WriteResult::CheckEach),
        // It may have had its effect.
        (200, "<html>", unknown("200")),
        (204, "", unknown("204")),
        (299, "", unknown("299")),
        (500, "", unknown("500")),
        (599, "", unknown("599")),
        // Nothing of it happened.
        (300, "", not_yet("300", false)),
        (400, "", not_yet("400", false)),
        (429, "", not_yet("429", false)),
        (401, "", not_yet("401", true)),
        (403, "", not_yet("403", true)),
    ] {
        let (base, seen) = serving(status, move |_| body);
        let told = v2(&base, async |api| api.mark_fulfilled(&["1", "2"]).await);
        assert_eq!(told, change, "{status} {body}");
        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen, ["POST /commissions/mark_fulfilled HTTP/1.1"]);
    }
}

#[test]
fn each_change_goes_to_its_own_address() {
    let (base, seen) = server(|_| r#"{"status":"completed","failed_count":0}"#);
    v2(&base, async |api| {
        assert_eq!(api.approve(&["1"]).await, WriteResult::Done);
        assert_eq!(api.mark_unfulfilled(&["1"]).await, WriteResult::Done);
        assert_eq!(api.batch("b 7/8").await, WriteResult::CheckEach);
    });
    let lines = [
        "POST /commissions/approve HTTP/1.1",
        "POST /commissions/mark_unfulfilled HTTP/1.1",
        "GET /batch_processes/b%207%2F8 HTTP/1.1",
    ];
    assert_eq!(*seen.lock().unwrap(), lines);
}

#[test]
fn a_batch_that_is_over_or_gone_is_looked_at_reward_by_reward() {
    for (status, body, change) in [
        (
            200,
            r#"{"status":"completed","processed_count":1,"failed_count":0}"#,
            WriteResult::CheckEach,
        ),
        (
            200,
            r#"{"status":"completed","processed_count":0,"failed_count":1}"#,
            WriteResult::CheckEach,
        ),
        (200, r#"{"status":"in_progress","id":7}"#, accepted("7")),
        (202, r#"{"status":"pending","id":7}"#, accepted("7")),
        (404, "", WriteResult::CheckEach),
        (422, "", WriteResult::CheckEach),
        (401, "", not_yet("401", true)),
        (503, "", not_yet("503", false)),
    ] {
        let (base, _) = serving(status, move |_| body);
        let polled = v2(&base, async |api| api.batch("7").await);
        assert_eq!(polled, change, "{status} {body}");
    }
}

/// Each is looked for among the open, the fulfilled and then all.
#[test]
fn what_is_asked_about_is_shown_in_its_order_and_by_its_own_row() {
    let (base, seen) = server(|line| match line {
        line if line.contains("fulfilled%5D=no") => {
            r#"[{"id":"1","status":"Approved","status_updated_at":"2026-10-01T10:00:00Z","created_at":"2026-09-01T00:00:00Z"},
                {"id":2,"status":"pending","fraud_check":"same_ip_suspicion"},{"status":"denied"}]"#
        }
        line if line.contains("fulfilled%5D=yes") => r#"{"data":[{"id":3,"status":"approved"}]}"#,
        _ => r#"{"data":[{"id":4,"status":"denied","is_self_referral":true},{"id":5}]}"#,
    });
    let ids = ["6", "5", "4", "3", "2", "1"];
    let views = v2(&base, async |api| api.views(&ids, &policy()).await).unwrap();
    let shown: Vec<_> = views.iter().map(|view| (view.standing, view.suspected)).collect();
    let expected = [
        (PlatformStatus::NotFound, false),
        (PlatformStatus::NotFound, false),
        (PlatformStatus::Denied, true),
        (PlatformStatus::Fulfilled, false),
        (PlatformStatus::Pending, true),
        (PlatformStatus::Approved, false),
    ];
    assert_eq!(shown, expected);
    let first = views.last().unwrap();
    let time = shared::wire::Timestamp::parse;
    assert_eq!(first.since, time("2026-10-01T10:00:00Z"));
    assert_eq!(first.created_at, time("2026-09-01T00:00:00Z"));
    let asked = seen.lock().unwrap().clone();
    let of =
        |line: &str| ids.iter().filter(|id| line.contains(&format!("ids%5B%5D={id}&"))).count();
    assert_eq!(asked.iter().map(|line| of(line)).collect::<Vec<_>>(), [6, 4, 3], "{asked:#?}");
}

#[test]
fn a_list_that_cannot_be_had_is_no_answer_and_shows_nothing() {
    for (status, body, refused, cause) in [
        (200, "{}", None, "an answer that is no list"),
        (200, r#"{"data":{"id":1}}"#, None, "an answer that is no list"),
        (200, "7", None, "an answer that is no list"),
        (200, "<html>", None, "an answer that is no list"),
        (401, "[]", Some(true), "401"),
        (403, "[]", Some(true), "403"),
        (404, "[]", Some(false), "404"),
        (500, "[]", Some(false), "500"),
    ] {
        let no_answer = NoAnswer {
            retry_after: refused.and(Some(7)),
            refused: refused.unwrap_or_default(),
            cause: cause.into(),
        };
        let (base, _) = serving(status, move |_| body);
        let views = v2(&base, async |api| api.views(&["1"], &policy()).await);
        assert_eq!(views, Err(no_answer.clone()), "{status} {body}");
        let view = v1(&base, async |api| api.view("1", &terms("500")).await);
        assert_eq!(view, Err(no_answer), "{status} {body}");
    }
}

/// As in a webhook: what decorates a row costs no row, and what is said twice is
/// not said.
#[test]
fn a_flaw_in_a_list_costs_its_own_place() {
    let odd = r#""name":"P \ud83d","note":1,"note":2"#;
    for (status, v2_stands, v1_stands) in [
        (r#""status":"approved""#, PlatformStatus::Approved, PlatformStatus::Unclear),
        (r#""status":"pending""#, PlatformStatus::Pending, PlatformStatus::Approved),
        (
            r#""status":"pending","status":"approved""#,
            PlatformStatus::NotFound,
            PlatformStatus::Unclear,
        ),
    ] {
        let body = format!(
            "\u{feff}[{{{odd}}},{{\"id\":88,{odd},\"amount\":500,\"unit\":\"points\",\"promoter_id\":31,{status}}}]"
        );
        let (base, _) = serving(200, move |_| body.clone());
        let views = v2(&base, async |api| api.views(&["88"], &policy()).await).unwrap();
        assert_eq!(views.first().map(|view| view.standing), Some(v2_stands), "{status}");
        let view = v1(&base, async |api| api.view("88", &terms("500")).await);
        assert_eq!(view.map(|view| view.standing), Ok(v1_stands), "{status}");
    }
}

/// v1 is unsigned: a made-up fulfilment may have the id of a real payout.
#[test]
fn a_payout_of_another_amount_unit_or_promoter_is_another_fulfilment() {
    let payout = |amount: &str, unit: &str, promoter: &str, status: &str| {
        format!(r#"[{{"id":88,"amount":{amount},"unit":"{unit}","status":"{status}",{promoter}}}]"#)
    };
    let ours = r#""promoter_id":31"#;
    for (body, standing) in [
        (payout("500", "points", ours, "pending"), PlatformStatus::Approved),
        (payout("\"500.0\"", "points", ours, "processing"), PlatformStatus::Approved),
        (
            payout("500", "points", r#""promoter":{"id":"31"}"#, "completed"),
            PlatformStatus::Fulfilled,
        ),
        (payout("500", "points", ours, "cancelled"), PlatformStatus::Denied),
        (payout("500", "points", ours, "something_new"), PlatformStatus::Unclear),
        (payout("501", "points", ours, "pending"), PlatformStatus::NotFound),
        (payout("null", "points", ours, "pending"), PlatformStatus::NotFound),
        (payout("500", "credits", ours, "pending"), PlatformStatus::NotFound),
        (payout("500", "points", r#""promoter_id":32"#, "pending"), PlatformStatus::NotFound),
        (payout("500", "points", r#""promoter_id":null"#, "completed"), PlatformStatus::NotFound),
    ] {
        let (base, seen) = serving(200, {
            let body = body.clone();
            move |_| body.clone()
        });
        let view = v1(&base, async |api| api.view("88", &terms("500")).await);
        assert_eq!(view.map(|view| view.standing), Ok(standing), "{body}");
        let asked = seen.lock().unwrap().clone();
        assert_eq!(asked, ["GET /payouts/list?promoter_id=31 HTTP/1.1"]);
    }
}

#[test]
fn v1_is_told_by_the_status_of_its_answer() {
    for (status, change) in [
        (200, WriteResult::Done),
        (299, WriteResult::Done),
        (300, not_yet("300", false)),
        (400, not_yet("400", false)),
        (401, not_yet("401", true)),
        (403, not_yet("403", true)),
        (404, WriteResult::CheckEach),
        (409, WriteResult::CheckEach),
        (422, WriteResult::CheckEach),
        (429, not_yet("429", false)),
        (500, WriteResult::Unknown("500".into())),
        (599, WriteResult::Unknown("599".into())),
    ] {
        let (base, seen) = serving(status, |_| "");
        assert_eq!(v1(&base, async |api| api.complete("8 8").await), change, "{status}");
        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen, ["PUT /payouts/update?id=8%208&status=completed HTTP/1.1"]);
    }
}

/// A call that never left did not happen; one that left and was not answered may have.
#[test]
fn a_call_that_was_not_answered_is_unknown_only_if_it_left() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    let not_sent = NoAnswer { retry_after: None, refused: false, cause: "no connection".into() };
    let told = v2(&closed, async |api| api.mark_fulfilled(&["1"]).await);
    assert_eq!(told, WriteResult::NotYet(not_sent.clone()));
    assert_eq!(v1(&closed, async |api| api.complete("1").await), WriteResult::NotYet(not_sent));

    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", deaf.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in deaf.incoming() {
            // Read, so that it is known to have left.
            let _ = stream.unwrap().read(&mut [0; 4096]);
        }
    });
    let lost = || WriteResult::Unknown("no answer".into());
    assert_eq!(v2(&base, async |api| api.mark_fulfilled(&["1"]).await), lost());
    assert_eq!(v1(&base, async |api| api.complete("1").await), lost());
}

/// Longer ones are cut off unread.
#[test]
fn a_list_of_up_to_four_mebibytes_is_read() {
    for (mebibytes, read) in [(3, true), (5, false)] {
        let (base, _) = serving(200, move |_| format!("[]{}", " ".repeat(mebibytes << 20)));
        let views = v2(&base, async |api| api.views(&["1"], &policy()).await);
        assert_eq!(views.is_ok(), read, "{mebibytes} MiB");
    }
}
