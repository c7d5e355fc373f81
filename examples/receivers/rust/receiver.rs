//! A reward endpoint. See ../README.md for its variables, docs/rewards.md for what it
//! has to do.
//!
//! ```toml
//! axum = "0.8"
//! base64 = "0.23"
//! hmac = "0.13"
//! rusqlite = { version = "0.36", features = ["bundled"] }
//! serde_json = "1"
//! sha2 = "0.11"
//! tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
//! ```

use std::env;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use serde_json::{Value, json};
use sha2::Sha256;

/// The largest difference between clocks. Standard Webhooks leaves it to the receiver;
/// this is the value of its libraries.
const TOLERANCE_SECONDS: u64 = 300;
/// The largest body, far more than any reward has.
const MAX_BODY: usize = 1_000_000;

type Failure = Box<dyn Error + Send + Sync>;
type Answer = (StatusCode, [(header::HeaderName, &'static str); 1], String);

struct Receiver {
    keys: Vec<Vec<u8>>,
    books: Mutex<Connection>,
}

/// The keys of secrets that are separated by spaces.
fn keys(signing: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let secrets = signing.split_whitespace();
    let key = |secret: &str| Ok(STANDARD.decode(secret.trim_start_matches("whsec_"))?);
    let keys = secrets.map(key).collect::<Result<Vec<Vec<u8>>, Failure>>()?;
    if keys.is_empty() || keys.iter().any(Vec::is_empty) {
        return Err("SIGNING has to be secrets, each whsec_ and base64".into());
    }
    Ok(keys)
}

fn open_books(path: &str) -> rusqlite::Result<Connection> {
    let books = Connection::open(path)?;
    // With an answer, what was given outlasts a power failure.
    books.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS calls (id TEXT PRIMARY KEY);
         CREATE TABLE IF NOT EXISTS rewards (key TEXT PRIMARY KEY, recipient TEXT, amount TEXT,
             unit TEXT, state TEXT NOT NULL);",
    )?;
    Ok(books)
}

/// Whether one of the signatures is by one of the keys, and its time is about now.
fn is_signed(keys: &[Vec<u8>], headers: &HeaderMap, body: &[u8]) -> Option<()> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let (id, sent) = (header("webhook-id")?, header("webhook-timestamp")?);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    if now.abs_diff(sent.parse().ok()?) > TOLERANCE_SECONDS {
        return None;
    }
    let signatures = header("webhook-signature")?.split(' ');
    let signatures = signatures.filter_map(|part| part.strip_prefix("v1,"));
    let signatures: Vec<_> = signatures.filter_map(|part| STANDARD.decode(part).ok()).collect();
    let mut signed = false;
    for key in keys {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        mac.update(format!("{id}.{sent}.").as_bytes());
        mac.update(body);
        for signature in &signatures {
            // It takes no short cut: how long it takes must not tell how much was right.
            signed |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    signed.then_some(())
}

/// Your own work, in the transaction of the books: credit the recipient.
#[expect(clippy::unnecessary_wraps, reason = "what you do here may fail")]
fn give(_books: &Transaction<'_>, _reward: &Value) -> rusqlite::Result<()> {
    Ok(())
}

/// Your own work, in the transaction of the books: take back what [`give`] gave.
#[expect(clippy::unnecessary_wraps, reason = "what you do here may fail")]
fn take_back(_books: &Transaction<'_>, _reward: &Value) -> rusqlite::Result<()> {
    Ok(())
}

/// Does what an event says, once for each `webhook-id`; gives the body of the answer.
fn record(books: &mut Connection, id: &str, event: &Event) -> rusqlite::Result<Value> {
    let books = books.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Event { reversed, key, reward } = event;
    let said = if books.execute("INSERT OR IGNORE INTO calls VALUES (?)", [id])? == 0 {
        json!({ "granted": false })
    } else if *reversed {
        let update = "UPDATE rewards SET state = 'taken back' WHERE key = ? AND state = 'given'";
        let given = books.execute(update, [key])? > 0;
        if given {
            take_back(&books, reward)?;
        } else {
            // It came before its reward, which then finds this row.
            let early = "INSERT OR IGNORE INTO rewards VALUES (?, NULL, NULL, NULL, 'taken back')";
            books.execute(early, [key])?;
        }
        json!({ "reversed": given })
    } else {
        let text = |pointer: &str| reward.pointer(pointer).and_then(Value::as_str);
        // The amount is kept as the exact decimal that it is.
        let row = params![key, text("/recipient/id"), text("/amount"), text("/unit")];
        let insert = "INSERT OR IGNORE INTO rewards VALUES (?, ?, ?, ?, 'given')";
        let new = books.execute(insert, row)? > 0;
        if new {
            give(&books, reward)?;
        }
        json!({ "granted": new })
    };
    books.commit()?;
    Ok(said)
}

struct Event {
    reversed: bool,
    key: String,
    reward: Value,
}

impl Event {
    fn read(body: &[u8]) -> Option<Self> {
        let mut body: Value = serde_json::from_slice(body).ok()?;
        let reversed = match body.get("type")?.as_str()? {
            "reward.granted" => false,
            "reward.reversed" => true,
            _ => return None,
        };
        let reward = body.get_mut("data")?.take();
        Some(Self { reversed, key: reward.get("key")?.as_str()?.to_owned(), reward })
    }
}

async fn receive(State(own): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> Answer {
    let answer = |status, body: &Value| {
        (status, [(header::CONTENT_TYPE, "application/json")], body.to_string())
    };
    let refuse = |status, why: &str| answer(status, &json!({ "error": why }));
    if is_signed(&own.keys, &headers, &body).is_none() {
        return refuse(StatusCode::UNAUTHORIZED, "unauthorized");
    }
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let Some(event) = Event::read(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "not_a_reward");
    };
    // Of two calls with one id, the second waits here. A transaction that was not
    // committed is gone, so books of a call that panicked are good.
    let mut books = own.books.lock().unwrap_or_else(PoisonError::into_inner);
    record(&mut books, id, &event).map_or_else(
        // The books cannot be written: the same call comes again.
        |_| refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        |said| answer(StatusCode::OK, &said),
    )
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let variable = |name: &str, otherwise: &str| env::var(name).unwrap_or(otherwise.to_owned());
    let own = Receiver {
        keys: keys(&env::var("SIGNING")?)?,
        books: Mutex::new(open_books(&variable("STORE", "rewards.db"))?),
    };
    let app = Router::new()
        .fallback(axum::routing::post(receive))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(Arc::new(own));
    let port: u16 = variable("PORT", "8080").parse()?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    #[expect(clippy::print_stdout, reason = "whoever starts it reads where it listens")]
    {
        println!("listening on http://{}", listener.local_addr()?);
    }
    axum::serve(listener, app).await?;
    Ok(())
}
