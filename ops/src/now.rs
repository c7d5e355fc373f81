//! How everything stands now.

use std::path::PathBuf;

use ::page::Frame;
use answers::{Alarm, Now, Stage};
use clap::Args;
use futures_util::future::join;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use shared::aws::store::Store;
use shared::fulfilment::State;
use shared::wire::Timestamp;

use crate::OpsError;
use crate::alarms::alarms;
use crate::layout::lines;
use crate::paragraph::age;
use crate::parked::causes::{self, Cause};
use crate::parked::{Filter, parked};
use crate::requests::args::RequestsArgs;
use crate::requests::{Requests, last_sweep};
use crate::table::plain;
use crate::target::TargetArgs;

/// The answer, with the causes of what waits for a person.
#[derive(Debug, Serialize)]
pub(crate) struct Overview {
    sentence: String,
    #[serde(flatten)]
    now: Now,
    causes: Vec<Cause>,
}

#[derive(Debug, Args)]
pub(crate) struct NowArgs {
    /// Writes a page to look at into a file, instead of text
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// The time for which the page tells of requests, in seconds.
const REQUESTS_SECONDS: i64 = 1800;
/// The most requests on the page.
const REQUESTS: u32 = 25;

/// Reads a page of each open state, and what waits for a person.
///
/// # Errors
/// [`OpsError::Failed`] when nothing at all can be read.
pub(crate) async fn overview(args: &TargetArgs, store: &Store) -> Result<Overview, OpsError> {
    let at = Timestamp::now();
    let (mut gaps, mut unread) = (Vec::new(), Vec::new());
    // Nothing is owed of what is confirmed.
    let open = State::ALL.into_iter().filter(|state| *state != State::Confirmed);
    let calls = open.map(|state| async move { (state, store.open(state, None).await) });
    let mut calls = stream::iter(calls.collect::<Vec<_>>()).buffered(State::ALL.len());
    let mut pipeline = Vec::new();
    let mut failed = None;
    while let Some((state, page)) = calls.next().await {
        match page {
            Ok((rows, next)) => {
                let since: Vec<Option<Timestamp>> = rows.iter().map(|row| row.open_since).collect();
                pipeline.push(Stage::of(state, &since, next.is_some(), at));
            }
            Err(error) => {
                gaps.push(format!("{}: {error}", state.name()));
                unread.push(state);
                failed = Some(error);
            }
        }
    }
    if let (true, Some(error)) = (pipeline.is_empty(), failed) {
        return Err(error.into());
    }
    pipeline.retain(|stage| stage.count > 0);
    let waiting = match parked(store).await {
        Ok(parked) => {
            gaps.extend(parked.gaps.lines().iter().cloned());
            parked.shown()
        }
        Err(error) => {
            gaps.push(format!("why they wait: {error}"));
            Vec::new()
        }
    };
    let (sweep, alarms) = join(Box::pin(last_sweep(args, at)), Box::pin(alarms(args))).await;
    let sweep = match sweep {
        Ok(sweep) => Some(sweep),
        Err(problem) => {
            gaps.push(format!("the last sweep: {problem}"));
            None
        }
    };
    let alarms = alarms.unwrap_or_else(|problem| {
        gaps.push(format!("the alarms: {problem}"));
        None
    });
    let now = Now { at, pipeline, unread, sweep, alarms, gaps };
    Ok(Overview { sentence: now.sentence(), now, causes: causes::of(&waiting) })
}

impl Overview {
    /// The answer as a page, with the last requests, or the gap where no log is at hand.
    pub(crate) async fn page(mut self, target: &TargetArgs, frame: &Frame) -> String {
        let asked = RequestsArgs::of_last(REQUESTS_SECONDS, REQUESTS);
        let requests = match Requests::as_far_as_read(target, &asked).await {
            Ok(requests) => Some(requests),
            Err(error) => {
                self.now.gaps.push(format!("the requests: {error}"));
                None
            }
        };
        let requests = requests.and_then(|requests| {
            self.now.gaps.extend(requests.gaps());
            requests.view()
        });
        let causes: Vec<::page::Cause> = self.causes.iter().map(|of| of.view(target)).collect();
        ::page::now(frame, &self.now, &causes, requests.as_ref())
    }

    /// The answer for people.
    pub(crate) fn text(&self, target: &TargetArgs) -> String {
        let mut text = lines(&self.sentence, 0);
        let on = self.now.alarms.iter().flat_map(|alarms| &alarms.on);
        text.extend(on.map(|alarm| told(alarm, self.now.at)));
        if !self.now.pipeline.is_empty() {
            text.push_str("\nOpen rewards, by state\n");
        }
        for stage in &self.now.pipeline {
            let oldest = stage.oldest.map(|oldest| format!("oldest {}", age(oldest, self.now.at)));
            let late = (stage.late > 0).then(|| format!("{} late", stage.late));
            let notes: Vec<String> = [oldest, late].into_iter().flatten().collect();
            let (state, count) = (stage.state.name(), stage.counted());
            text.extend([format!("  {state:<18}{count:>6}  {}\n", notes.join(", "))]);
        }
        if !self.causes.is_empty() {
            text.push_str("\nWhy rewards wait for a person\n");
            text.push_str(&causes::text(&self.causes, target, &Filter::default(), self.now.at));
        }
        for gap in &self.now.gaps {
            text.push_str(&lines(&format!("Not read: {gap}. The rest stands."), 0));
        }
        text
    }
}

/// An alarm that is on: since when, what it means, what to do.
fn told(alarm: &Alarm, now: Timestamp) -> String {
    let since = alarm.since.map(|since| format!(" for {}", age(since, now)));
    let mut text = format!("\n{}, on{}\n", alarm.name, since.unwrap_or_default());
    text.push_str(&lines(&alarm.meaning, 2));
    text.extend(alarm.check.iter().map(|check| lines(&format!("Look: {check}"), 2)));
    text.extend(alarm.remedy.iter().map(|remedy| lines(&format!("Do: {remedy}"), 2)));
    // In one piece, to be copied.
    text.extend(alarm.command.iter().map(|line| format!("  {}\n", plain(line))));
    text.extend(alarm.section.iter().map(|section| lines(section, 2)));
    text
}
