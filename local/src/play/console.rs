//! The live report of a run: the records that requests leave, the states of
//! promises, the calls of external systems. The console also sends the
//! platform's own webhooks.

mod clock;
mod out;
mod recorded;
mod requests;
mod tally;
mod trace;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::error::{LocalError, SignError};
use crate::play::external_systems::ExternalSystems;
use crate::play::lines::Request;
use crate::play::secrets_file::SecretsFile;
use crate::play::sign::{sign, without_token};
use crate::stage::{Answer, Cursor, Exchange, Stack};
use clock::{milliseconds, milliseconds_of, now};
pub(crate) use out::Out;
use recorded::{attribute, describe};
pub(crate) use requests::provider;
use tally::Tally;
use trace::PromiseTrace;

/// The time between two looks at the table.
const PAUSE: Duration = Duration::from_millis(20);
/// The time after which one that waits is told for what.
const LONG: Duration = Duration::from_secs(3);

/// States in which a worker calls somebody.
const CLAIMED: [&str; 3] = ["delivering", "confirming", "reversing"];

/// A line, to be put in order of time.
struct Line {
    at: i64,
    /// The order within one millisecond: a worker's claim stands before its call,
    /// and the call before its outcome.
    rank: u8,
    text: String,
}

/// A request that the console sent, and its result.
pub(crate) struct Sent {
    /// The answer of the function.
    pub(crate) answer: Answer,
    /// What the function says of it.
    pub(crate) request: Request,
    /// The time until the answer, in milliseconds.
    pub(crate) ms: u64,
    /// The new items in a few words; `None` when there are none.
    pub(crate) recorded: Option<String>,
    /// True if it made a promise.
    pub(crate) promises: bool,
    at: i64,
    lines: Vec<Line>,
}

/// A reporter on one stack and the external systems that it calls.
pub(crate) struct Console<'a> {
    stack: &'a Stack,
    pub(crate) external: &'a mut ExternalSystems,
    pub(crate) secrets: &'a SecretsFile,
    out: Out,
    /// True if every sample gets its line.
    pub(crate) verbose: bool,
    began: i64,
    cursor: Cursor,
    /// Requests of other clients that have no line yet.
    others: Vec<Exchange>,
    /// Promises by key.
    traces: BTreeMap<String, PromiseTrace>,
    /// The number of the platform's webhooks that no function accepted.
    refused: usize,
    tally: Tally,
}

impl<'a> Console<'a> {
    /// Reports from now on; `secrets` sign the platform's webhooks.
    pub(crate) async fn start(
        stack: &'a Stack,
        external: &'a mut ExternalSystems,
        secrets: &'a SecretsFile,
        out: Out,
        verbose: bool,
    ) -> Result<Self, LocalError> {
        let mut console = Self {
            cursor: stack.cursor().await?,
            stack,
            external,
            secrets,
            out,
            verbose,
            began: now(),
            others: Vec::new(),
            traces: BTreeMap::new(),
            refused: 0,
            tally: Tally::default(),
        };
        // A kept table has promises already.
        for item in stack.items().await? {
            console.trace(&item);
        }
        console.traces.values_mut().for_each(|trace| trace.steps.clear());
        Ok(console)
    }

    /// True if the table had promises before the first request.
    pub(crate) fn has_promises(&self) -> bool {
        !self.traces.is_empty()
    }

    /// Writes a line as it is, without a time.
    pub(crate) fn write_line(&mut self, text: &str) {
        self.out.write(text);
    }

    /// Writes a verdict, if anybody wants them.
    pub(crate) fn write_verdict(&mut self, verdict: &Value) {
        self.out.write_verdict(verdict);
    }

    /// Writes the heading of the columns.
    pub(crate) fn heading(&mut self) {
        self.write_line(&format!(
            "\n{:>8}  {}",
            "seconds",
            self.out.columns("sample", "answer", "recorded")
        ));
    }

    /// Sends a request and finds out what it recorded, which is only certain while
    /// nobody else sends one.
    pub(crate) async fn send(&mut self, event: &Value) -> Result<Sent, LocalError> {
        let at = now();
        let answer = self.stack.deliver(event).await?;
        let id = answer.headers.iter().find(|(name, _)| name == "apigw-requestid");
        let (mut request, mut ms) = (Request::default(), 0);
        // The front tells of a request before its answer is out.
        while let Some(exchange) = self.external.next_exchange() {
            if id.is_some_and(|(_, id)| *id == exchange.id) {
                request = Request::among(&exchange.lines).unwrap_or_default();
                ms = u64::try_from(exchange.took.as_millis()).unwrap_or(u64::MAX);
            } else {
                self.others.push(exchange);
            }
        }
        let changes = self.changes().await?;
        let (recorded, promised) = (describe(&changes), self.traces.len());
        let lines = self.proceedings(&changes);
        if recorded.is_none() {
            self.count_unrecorded(event, answer.status);
        }
        let promises = self.traces.len() > promised;
        Ok(Sent { answer, request, ms, recorded, promises, at, lines })
    }

    /// Counts a request that recorded nothing. One without a body is no event.
    fn count_unrecorded(&mut self, event: &Value, status: u16) {
        let provider = provider(event);
        if !(200..300).contains(&status) {
            self.tally.count_refused(provider);
        } else if event.get("body").and_then(Value::as_str).is_some_and(|body| !body.is_empty()) {
            self.tally.count_duplicate(provider);
        }
    }

    /// What changed in the table since the last look.
    async fn changes(&mut self) -> Result<Vec<Value>, LocalError> {
        let changes = self.stack.changes_since(&mut self.cursor).await?;
        self.tally.count(&changes);
        Ok(changes)
    }

    /// Writes the line of a request, among those of the workers at that time.
    pub(crate) fn report(&mut self, sent: Sent, what: &str, verdict: &str, recorded: &str) {
        let answer = format!("{} {verdict}", sent.answer.status);
        let mut lines =
            vec![Line { at: sent.at, rank: 0, text: self.out.columns(what, &answer, recorded) }];
        lines.extend(sent.lines);
        self.print(lines);
    }

    /// Writes what the workers did at the time of a request that needs no line.
    pub(crate) fn pass_over(&mut self, sent: Sent) {
        self.print(sent.lines);
    }

    /// Writes how far the play has come.
    pub(crate) fn report_progress(&mut self, provider: &str, done: &str) {
        let (at, text) = (now(), self.out.columns(provider, "", done));
        self.print(vec![Line { at, rank: 0, text }]);
    }

    /// Writes the line of a request that is not sent, as no secret signs it.
    pub(crate) fn report_skipped(&mut self, what: &str, provider: &str) {
        let why = format!("{provider}: no secret for it in {}", self.secrets.name);
        let (at, text) = (now(), self.out.columns(what, "skipped", &why));
        self.print(vec![Line { at, rank: 0, text }]);
    }

    /// Writes the lines of all that happened since the last look, and sends the
    /// webhooks that the platform has ready.
    pub(crate) async fn catch_up(&mut self) -> Result<(), LocalError> {
        let changes = self.changes().await?;
        let mut lines = self.proceedings(&changes);
        while let Some(exchange) = self.external.next_exchange() {
            self.others.push(exchange);
        }
        for exchange in std::mem::take(&mut self.others) {
            lines.push(self.line_of(&exchange));
        }
        self.print(lines);
        while let Some(event) = self.external.next_webhook() {
            self.send_webhook(event).await?;
        }
        Ok(())
    }

    /// The line of another client's request.
    fn line_of(&mut self, exchange: &Exchange) -> Line {
        let request = Request::among(&exchange.lines);
        let outcome = request.as_ref().map(|request| request.outcome.as_str());
        if let Some(provider) = request.as_ref().and_then(|request| request.provider.as_deref()) {
            match outcome {
                Some("duplicate") => self.tally.count_duplicate(provider),
                // What is quarantined is counted as what it left in the table.
                Some("quarantined") => {}
                _ if exchange.status >= 300 => self.tally.count_refused(provider),
                _ => {}
            }
        }
        let what = format!("{} {}", exchange.method, without_token(&exchange.path));
        let told = requests::told(exchange, request.as_ref());
        let detail = format!("{told} · {} ms", exchange.took.as_millis());
        Line {
            at: milliseconds_of(exchange.at),
            rank: 0,
            text: self.out.columns(&what, &exchange.status.to_string(), &detail),
        }
    }

    /// Signs and sends a webhook of the platform.
    async fn send_webhook(&mut self, mut event: Value) -> Result<(), LocalError> {
        let seconds = u64::try_from(now() / 1_000).unwrap_or_default();
        let kind = event.pointer("/headers/x-event-type").and_then(Value::as_str);
        let what = format!("  FirstPromoter sends {}", kind.unwrap_or_default());
        match sign(&mut event, self.secrets.webhooks(), seconds) {
            Err(SignError::NoSecret(provider)) => {
                self.report_skipped(&what, &provider);
                return Ok(());
            }
            signed => signed?,
        }
        let sent = self.send(&event).await?;
        let taken = (200..300).contains(&sent.answer.status);
        self.refused += usize::from(!taken);
        let recorded = sent.recorded.clone().unwrap_or_else(|| "nothing new".to_owned());
        self.report(sent, &what, if taken { "ok" } else { "NOT 200" }, &recorded);
        Ok(())
    }

    /// Reports until every promise is settled or parked, or until no promise has
    /// come to a new state for the time `quiet`.
    pub(crate) async fn settle(&mut self, quiet: Duration) -> Result<(), LocalError> {
        let (mut reached, mut since, mut said) = (0, Instant::now(), Instant::now());
        loop {
            self.catch_up().await?;
            let over =
                self.traces.values().all(PromiseTrace::is_over) && !self.external.has_webhooks();
            let so_far = self.traces.values().map(PromiseTrace::reached).sum();
            if reached != so_far {
                (reached, since) = (so_far, Instant::now());
            }
            if over || since.elapsed() > quiet {
                return Ok(());
            }
            if said.elapsed() > LONG {
                said = Instant::now();
                self.report_waiting();
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Writes which promises are waited for.
    fn report_waiting(&mut self) {
        let open = self.traces.iter().filter(|(_, trace)| !trace.is_over());
        let open: Vec<String> = open.map(|(key, trace)| format!("{key} {}", trace.state)).collect();
        let what =
            if open.is_empty() { "FirstPromoter's webhooks".to_owned() } else { open.join(", ") };
        let (at, text) = (now(), self.out.columns("waiting", "", &what));
        self.print(vec![Line { at, rank: 0, text }]);
    }

    /// Reports until dropped.
    pub(crate) async fn follow(&mut self) -> Result<(), LocalError> {
        loop {
            self.catch_up().await?;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Writes what the requests so far came to, by provider and kind.
    pub(crate) async fn tell_records(&mut self) -> Result<(), LocalError> {
        let items = self.stack.items().await?;
        let lines = self.tally.lines(&items);
        let heading = "events of this run and records of the table, by provider and kind";
        self.write_line(&format!("\n{heading}\n{}", lines.join("\n")));
        Ok(())
    }

    /// Writes the summary of the rewards; `false` unless every promise about a reward that the
    /// account holds is confirmed and the functions took every webhook of the
    /// platform.
    pub(crate) fn sum_up(&mut self) -> bool {
        let traces = self.traces.iter().filter(|(key, _)| self.external.account_has(key));
        let traces: Vec<_> = traces.collect();
        let confirmed = traces.iter().filter(|(_, trace)| trace.state == "confirmed").count();
        let promises = match traces.len() {
            1 => "1 promise".to_owned(),
            count => format!("{count} promises"),
        };
        let mut text = vec![format!("\n{promises}, {confirmed} confirmed")];
        for (key, trace) in &traces {
            text.push(format!("  {key}  {}", trace.summary()));
        }
        let right = confirmed == traces.len() && self.refused == 0;
        let verdict = |(key, trace): &(&String, &PromiseTrace)| {
            let (state, reason) = (&trace.state, &trace.reason);
            json!({ "promise": key, "right": state == "confirmed", "state": state, "reason": reason })
        };
        let verdicts: Vec<Value> = traces.iter().map(verdict).collect();
        let (rate, rewards) = (self.external.call_rate(), self.external.rewards());
        text.extend([rate, rewards]);
        self.write_line(&text.join("\n"));
        for verdict in &verdicts {
            self.write_verdict(verdict);
        }
        right
    }

    /// The lines of the workers: one for each new state of a promise in these
    /// changes, and one for each call.
    fn proceedings(&mut self, changes: &[Value]) -> Vec<Line> {
        let images = changes.iter().filter_map(|change| change.pointer("/dynamodb/NewImage"));
        let mut lines: Vec<Line> = images.filter_map(|image| self.trace(image)).collect();
        lines.extend(self.external.new_calls().into_iter().map(|call| Line {
            at: call.at,
            rank: 1,
            text: self.out.columns(&format!("  {}", call.what), &call.answer, &call.detail),
        }));
        lines
    }

    /// Notes the state of a promise; gives a line if it is new.
    fn trace(&mut self, item: &Value) -> Option<Line> {
        attribute(item, "sk")?.strip_prefix("fulfilment#")?;
        let (key, state) = (attribute(item, "key")?, attribute(item, "state")?);
        let changed = milliseconds(attribute(item, "changed_at")?)?;
        let created = milliseconds(attribute(item, "created_at")?)?;
        let trace = self
            .traces
            .entry(key.to_owned())
            .or_insert_with(|| PromiseTrace { created, ..PromiseTrace::default() });
        trace.due = attribute(item, "due").is_some();
        if trace.state == state {
            return None;
        }
        state.clone_into(&mut trace.state);
        let after = changed - trace.created;
        let back = trace.steps.iter().any(|(earlier, _)| earlier == state);
        let claimed = CLAIMED.contains(&state);
        trace.steps.push((state.to_owned(), after));
        let reason = item.pointer("/parked/M/reason/S").and_then(Value::as_str);
        trace.reason = reason.map(str::to_owned);
        // A promise that is back in an earlier state shows the outcome that led there.
        let last = attribute(item, "last").filter(|_| back && !claimed);
        let said = reason.or(last);
        let said = said.map_or_else(String::new, |said| format!("  ({said})"));
        Some(Line {
            at: changed,
            rank: if claimed { 0 } else { 2 },
            text: self.out.columns(&format!("  {key}"), "", &format!("{state} {after} ms{said}")),
        })
    }

    fn print(&mut self, mut lines: Vec<Line>) {
        lines.sort_by_key(|line| (line.at, line.rank));
        for line in lines {
            let after = (line.at - self.began).max(0);
            let (seconds, rest) = (after / 1_000, after % 1_000);
            self.write_line(&format!("{seconds:>4}.{rest:03}  {}", line.text));
        }
    }
}
