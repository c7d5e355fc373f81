//! A server whose every answer a test writes itself: for what a platform (or a
//! reward endpoint) may say and the fakes of `local` never would.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::fakes::server::{Received, Server, json};
use serde_json::Value;
use tokio::sync::watch;

use crate::patience::eventually;

/// The answer to a request, as a test writes it.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    held: Option<watch::Receiver<bool>>,
    dropped: bool,
}

impl Answer {
    /// A JSON body.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, body.to_string()).header("content-type", "application/json")
    }

    /// A body as it is: no JSON, half of one, or too much of it.
    #[must_use]
    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let (headers, delay) = (Vec::new(), Duration::ZERO);
        Self { status, headers, body: body.into(), delay, held: None, dropped: false }
    }

    /// No answer: the request is taken and the connection closed.
    #[must_use]
    pub fn dropped() -> Self {
        Self { dropped: true, ..Self::text(200, "") }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Delays the answer.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Holds the answer until the [`Held`] that is given with it lets it go.
    #[must_use]
    pub fn held(self) -> (Self, Held) {
        let (release, released) = watch::channel(false);
        (Self { held: Some(released), ..self }, Held(release))
    }
}

/// Lets a held answer go. Dropping it lets it go as well.
#[derive(Debug)]
pub struct Held(watch::Sender<bool>);

impl Held {
    /// Lets the answer go.
    pub fn release(self) {
        self.0.send_replace(true);
    }
}

#[derive(Default)]
struct Script {
    /// The next answers, and the one after them, by method and path.
    queues: BTreeMap<String, (VecDeque<Answer>, Option<Answer>)>,
    requests: Vec<Received>,
}

/// A platform that answers by script.
///
/// ```no_run
/// # use serde_json::json;
/// # use tests::script::{Answer, ScriptedPlatform};
/// # async fn example() {
/// let platform = ScriptedPlatform::start().await;
/// platform.then("POST", "/api/commissions/mark_fulfilled", Answer::dropped());
/// platform.always("GET", "/api/commissions", Answer::json(200, &json!([])));
/// // … `FirstpromoterApiUrl` is `platform.url("/api")`; a conversation …
/// platform.asked("GET", "/api/commissions", 2).await;
/// assert_eq!(platform.unscripted(), [""; 0]);
/// # }
/// ```
pub struct ScriptedPlatform {
    script: Arc<Mutex<Script>>,
    server: Server,
}

impl ScriptedPlatform {
    /// Listens on a free port. What nothing was written for is answered 500.
    pub async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let ours = Arc::clone(&script);
        let answer = move |request: Received| {
            let answer = ours.lock().unwrap().next(request);
            async move { play(answer).await }
        };
        Self { script, server: Server::start(0, answer).await.unwrap() }
    }

    /// The server's address with a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// The next answer to that method and path, after those that are waiting.
    pub fn then(&self, method: &str, path: &str, answer: Answer) {
        let mut script = self.script.lock().unwrap();
        script.queues.entry(format!("{method} {path}")).or_default().0.push_back(answer);
    }

    /// The answer to that method and path when no other is waiting.
    pub fn always(&self, method: &str, path: &str, answer: Answer) {
        let mut script = self.script.lock().unwrap();
        script.queues.entry(format!("{method} {path}")).or_default().1 = Some(answer);
    }

    /// Every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.script.lock().unwrap().requests.clone()
    }

    /// Waits until a method and path were asked for that often, and gives those
    /// requests.
    pub async fn asked(&self, method: &str, path: &str, times: usize) -> Vec<Received> {
        eventually(&format!("{method} {path}: fewer than {times}"), async || {
            let asked = self.requests().into_iter();
            let asked = asked.filter(|asked| asked.method == method && asked.path == path);
            let asked: Vec<_> = asked.collect();
            (asked.len() >= times).then_some(asked)
        })
        .await
    }

    /// The methods and paths that came and that nothing was written for.
    #[must_use]
    pub fn unscripted(&self) -> Vec<String> {
        let script = self.script.lock().unwrap();
        let asked = script.requests.iter().map(|asked| format!("{} {}", asked.method, asked.path));
        asked.filter(|asked| !script.queues.contains_key(asked)).collect()
    }
}

impl Script {
    fn next(&mut self, request: Received) -> Answer {
        let place = format!("{} {}", request.method, request.path);
        self.requests.push(request);
        let queue = self.queues.get_mut(&place);
        let answer = queue.and_then(|(next, always)| next.pop_front().or_else(|| always.clone()));
        answer.unwrap_or_else(|| Answer::text(500, "nothing was written for this"))
    }
}

async fn play(answer: Answer) -> Option<axum::response::Response> {
    tokio::time::sleep(answer.delay).await;
    if let Some(mut held) = answer.held {
        // The test lets the answer go, or drops what would.
        drop(held.wait_for(|released| *released).await);
    }
    if answer.dropped {
        return None;
    }
    let mut response = json(answer.status, &Value::Null);
    response.headers_mut().clear();
    for (name, value) in &answer.headers {
        let name = axum::http::HeaderName::try_from(name.as_str()).unwrap();
        response.headers_mut().append(name, value.parse().unwrap());
    }
    *response.body_mut() = answer.body.into();
    Some(response)
}
