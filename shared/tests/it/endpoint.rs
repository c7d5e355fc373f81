//! What the endpoint's answer to a delivery means for its promise.

use crate::machine::at;
use http::HeaderMap;
use shared::fulfilment::Input;
use shared::platform::http::Reply;
use shared::work::deliver::Judged;

fn answer(status: u16, body: &str) -> Reply {
    Reply::Answer { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec() }
}

fn judged(reply: &Reply, idempotent: bool) -> Input {
    Judged { retry_at: at(10), retry_slowly_at: at(1000), idempotent }.of(reply)
}

fn again(ms: i64, last: &str) -> Input {
    Input::RetryLater { not_before: at(ms), last: last.into(), batch: None }
}

fn unknown(last: &str, repeatable: bool) -> Input {
    Input::Unknown { not_before: at(10), last: last.into(), repeatable }
}

fn refused(reason: &str) -> Input {
    Input::Refused(reason.into())
}

/// By an endpoint that knows a key again, and by one that does not: the latter
/// is never sent anything twice.
#[test]
fn each_status_is_granted_refused_not_yet_or_unknown() {
    for status in [200, 201, 204, 299, 409] {
        for idempotent in [true, false] {
            assert_eq!(judged(&answer(status, ""), idempotent), Input::Done, "{status}");
        }
    }
    for status in [408, 421, 423, 425, 429] {
        let word = status.to_string();
        assert_eq!(judged(&answer(status, ""), true), again(10, &word));
        assert_eq!(judged(&answer(status, ""), false), refused(&word));
    }
    // A person has to mend what stands in the way.
    for status in [300, 301, 308, 399, 401, 403, 404] {
        let word = status.to_string();
        assert_eq!(judged(&answer(status, ""), true), again(1000, &word));
        assert_eq!(judged(&answer(status, ""), false), refused(&word));
    }
    for status in [400, 402, 405, 410, 422, 426, 451, 499] {
        for idempotent in [true, false] {
            assert_eq!(judged(&answer(status, ""), idempotent), refused(&status.to_string()));
        }
    }
    for status in [100, 199, 500, 502, 503, 599] {
        for idempotent in [true, false] {
            let nobody_knows = unknown(&status.to_string(), idempotent);
            assert_eq!(judged(&answer(status, ""), idempotent), nobody_knows);
        }
    }
    for idempotent in [true, false] {
        assert_eq!(judged(&Reply::NotSent, idempotent), again(10, "no connection"));
        assert_eq!(judged(&Reply::Lost, idempotent), unknown("no answer", idempotent));
    }
}

#[test]
fn a_refusals_reason_is_kept_if_it_is_a_code_and_cannot_name_anybody() {
    let long = "x".repeat(101);
    let longest = "x".repeat(100);
    for (body, reason) in [
        (r#"{"reason":"unknown_customer"}"#.to_owned(), "422 unknown_customer".to_owned()),
        (r#"{"code":"over-quota-2"}"#.into(), "422 over-quota-2".into()),
        (r#"{"error":"a"}"#.into(), "422 a".into()),
        (r#"{"error":"c","code":"b","reason":"a"}"#.into(), "422 a".into()),
        (format!(r#"{{"reason":"{longest}"}}"#), format!("422 {longest}")),
        (format!(r#"{{"reason":"{long}"}}"#), "422".into()),
        (r#"{"reason":"Ann Smith"}"#.into(), "422".into()),
        (r#"{"reason":"ann@example.com"}"#.into(), "422".into()),
        (r#"{"reason":7}"#.into(), "422".into()),
        (r#"{"message":"unknown_customer"}"#.into(), "422".into()),
        ("unknown_customer".into(), "422".into()),
        (String::new(), "422".into()),
    ] {
        assert_eq!(judged(&answer(422, &body), true), refused(&reason), "{body}");
    }
}
