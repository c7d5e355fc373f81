//! What the clients make of the platforms' answers.
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shared::credentials::{FirstPromoter, FirstPromoterV1};
use shared::fulfilment::Standing;
use shared::http::Http;
use shared::platform::{Change, Pacer, firstpromoter, firstpromoter_v1};
use shared::secrets::Secret;

use crate::machine::terms;
use crate::promises::policy;

type Seen = Arc<Mutex<Vec<String>>>;

fn server(answer: fn(&str) -> &'static str) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let seen = Seen::default();
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
            let body = answer(&first);
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
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
    Http::new(Duration::from_mins(1), true, false).unwrap()
}
fn key() -> Secret {
    Secret::new("k").unwrap()
}

/// Asks v2's API something.
fn v2<T>(base: &str, ask: impl AsyncFnOnce(&firstpromoter::Api) -> T) -> T {
    let keys = FirstPromoter { api_key: key(), account_id: key() };
    let (http, pacer) = (http(), Pacer::new(Duration::ZERO));
    run(ask(&firstpromoter::Api { http: &http, base, pacer: &pacer, credentials: Some(&keys) }))
}

/// A platform that knows no pages answers each with the same payouts.
#[test]
fn the_same_page_again_is_the_end() {
    let (base, seen) =
        server(|_| r#"[{"id":1},{"id":2},{"id":3},{"id":4},{"id":5},{"id":6},{"id":7},{"id":8}]"#);
    let (http, pacer, key) =
        (http(), Pacer::new(Duration::ZERO), FirstPromoterV1 { api_key: key() });
    let api = firstpromoter_v1::Api {
        http: &http,
        base: &base,
        pacer: &pacer,
        credentials: Some(&key),
        patience: Duration::from_secs(30),
    };
    assert_eq!(
        run(api.view("88", &terms("500"))).map(|view| view.standing),
        Ok(Standing::NotFound)
    );
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
    let api =
        firstpromoter_v1::Api { http: &http, base: &base, pacer: &pacer, credentials, patience };
    let answer = run(api.view("88", &terms("500"))).unwrap_err();
    assert_eq!((answer.refused, answer.word.as_str()), (false, "the list took too long"));
    assert!(seen.lock().unwrap().len() <= 2);
}

/// Five were marked in one call, answered 202; the batch took four of them.
#[test]
fn a_polled_batch_that_left_one_out_confirms_none_unseen() {
    let (base, _) = server(
        |_| r#"{"id":7,"status":"completed","total":5,"selected_total":4,"processed_count":4,"failed_count":0,"processing_errors":[]}"#,
    );
    let told = v2(&base, async |api| api.mark_fulfilled(&["1", "2", "3", "4", "5"]).await);
    assert_eq!(told, Change::LookEach);
    // What each of the five promises asks of the batch that it shares.
    let polled = v2(&base, async |api| api.batch("7").await);
    assert_eq!(polled, Change::LookEach);
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
    assert_eq!(standings, [Standing::Unclear]);
}
