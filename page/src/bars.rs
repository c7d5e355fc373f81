//! The life of a promise as a bar, a piece for each state.

use answers::{StoryPromise, span};
use maud::{Markup, html};
use shared::fulfilment::{Promise, State};
use shared::wire::Timestamp;

use crate::frame::Frame;
use crate::parts::{state, tone};

/// The width of the whole bar, in its own unit.
const WIDTH: f64 = 1000.0;
/// The height of the bar.
const HEIGHT: u32 = 28;
/// The gap between two pieces.
const GAP: f64 = 3.0;

/// A time in one state.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    state: State,
    ms: i64,
    /// True while it lasts.
    lasts: bool,
}

/// The bar, with a list of what its pieces are.
pub(crate) fn bar(frame: &Frame, of: &StoryPromise) -> Markup {
    let pieces = pieces(&of.promise, frame.at);
    let widths = widths(&pieces);
    let mut from = 0.0;
    let mut rects = Vec::new();
    for (piece, width) in pieces.iter().zip(&widths) {
        rects.push((tone(piece.state), from, (width - GAP).max(1.0), words(piece)));
        from += width;
    }
    let all: Vec<String> = pieces.iter().map(words).collect();
    html! {
        svg class="bars" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none"
            role="img" aria-label=(all.join(", ")) {
            @for (tone, x, width, words) in &rects {
                rect class=(tone) x=(format!("{x:.1}")) y="0" width=(format!("{width:.1}"))
                    height=(HEIGHT) { title { (words) } }
            }
        }
        ol class="states" {
            @for piece in &pieces { li { span class=(tone(piece.state)) { (state(piece.state)) } " " (lasting(piece)) } }
        }
    }
}

fn words(piece: &Piece) -> String {
    format!("{} {}", state(piece.state), lasting(piece))
}

fn lasting(piece: &Piece) -> String {
    let length = match piece.ms {
        // A settled promise stays as it is.
        _ if piece.lasts && piece.state.is_settled() => return "since then".to_owned(),
        ms @ ..=1999 => format!("{ms} ms"),
        ms => span(ms / 1000),
    };
    if piece.lasts { format!("for {length} so far") } else { length }
}

/// The state in which a promise waits for the call that this state is.
fn before(calling: State) -> Option<State> {
    match calling {
        State::Delivering => Some(State::Requested),
        State::Confirming => Some(State::Delivered),
        State::Reversing => Some(State::ReversalDue),
        State::LookupDue
        | State::ApprovalDue
        | State::AwaitingApproval
        | State::Requested
        | State::Delivered
        | State::Confirmed
        | State::Denied
        | State::ReversalDue
        | State::Reversed
        | State::Parked => None,
    }
}

/// The states that the log tells of, from the promise's beginning, or from the first
/// entry where earlier ones are left out. A call is no entry before its outcome, which
/// says how long it took; before it the promise waited.
fn pieces(promise: &Promise, now: Timestamp) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let entries = promise.log.entries.iter().filter(|entry| entry.from != entry.to);
    let mut since = promise.created_at;
    let mut started = promise.log.left_out == 0;
    let between = |from: Timestamp, to: Timestamp| to.ms().saturating_sub(from.ms()).max(0);
    let mut last = None;
    for entry in entries {
        if started {
            let whole = between(since, entry.at);
            let call = entry.ms.and_then(|ms| i64::try_from(ms).ok());
            let waited = before(entry.from).zip(call).map(|(state, ms)| (state, whole - ms));
            let waited = waited.filter(|(_, ms)| *ms > 0);
            if let Some((state, ms)) = waited {
                pieces.push(Piece { state, ms, lasts: false });
            }
            let ms = whole - waited.map_or(0, |(_, ms)| ms);
            pieces.push(Piece { state: entry.from, ms, lasts: false });
        }
        (since, started, last) = (entry.at, true, Some(entry.to));
    }
    // A promise from before there was a log says when it came into its state.
    if last != Some(promise.state) {
        since = promise.changed_at;
    }
    pieces.push(Piece { state: promise.state, ms: between(since, now), lasts: true });
    pieces
}

/// The widths of the pieces. An hour of waiting is not drawn a thousand times as long
/// as a call: lengths count by their number of digits.
fn widths(pieces: &[Piece]) -> Vec<f64> {
    let weight = |piece: &Piece| {
        if piece.lasts && piece.state.is_settled() {
            return 1.5;
        }
        let seconds = std::time::Duration::from_millis(u64::try_from(piece.ms).unwrap_or(0));
        1.0 + (1.0 + seconds.as_secs_f64() * 10.0).log10()
    };
    let weights: Vec<f64> = pieces.iter().map(weight).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum * WIDTH).collect()
}

#[cfg(test)]
mod tests {
    use shared::fulfilment::{Actor, LogEntry, Terms};

    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_790_000_000_000 + ms)
    }

    fn entry(ms: i64, from: State, to: State) -> LogEntry {
        let by = Actor::Deliver;
        LogEntry { at: at(ms), from, to, by, outcome: "done".into(), reason: None, ms: None }
    }

    fn call(ms: i64, from: State, to: State, took: u64) -> LogEntry {
        LogEntry { ms: Some(took), ..entry(ms, from, to) }
    }

    fn promise(state: State) -> Promise {
        Promise::new("somebody:1:1".into(), 1, state, Terms::default(), at(0))
    }

    #[test]
    fn each_state_lasts_until_the_next() {
        let mut promise = promise(State::Parked);
        promise.log.entries = vec![
            entry(200, State::Requested, State::Delivering),
            entry(1_200, State::Delivering, State::Delivering),
            entry(5_200, State::Delivering, State::Parked),
        ];
        let told: Vec<String> = pieces(&promise, at(65_200)).iter().map(words).collect();
        assert_eq!(
            told,
            ["to be given 200 ms", "being given 5 s", "waits for a person for 60 s so far"]
        );
        promise.log.left_out = 2;
        assert_eq!(pieces(&promise, at(65_200)).len(), 2);
    }

    #[test]
    fn between_two_calls_it_waits() {
        let mut promise = promise(State::Confirmed);
        promise.log.entries = vec![
            call(300, State::Delivering, State::Delivered, 100),
            call(61_000, State::Confirming, State::Delivered, 900),
            call(62_000, State::Confirming, State::Confirmed, 5_000),
        ];
        let told: Vec<String> = pieces(&promise, at(70_000)).iter().map(words).collect();
        assert_eq!(
            told,
            [
                "to be given 200 ms",
                "being given 100 ms",
                "given, platform to be told 59 s",
                "platform being told 900 ms",
                "platform being told 1000 ms",
                "given, platform told since then",
            ]
        );
    }

    #[test]
    fn without_a_log_there_is_the_present_state() {
        let mut promise = promise(State::Confirmed);
        promise.changed_at = at(500);
        let told: Vec<String> = pieces(&promise, at(9_000)).iter().map(words).collect();
        assert_eq!(told, ["given, platform told since then"]);
    }

    #[test]
    fn idle_time_is_compressed_and_the_whole_width_is_used() {
        let piece = |ms| Piece { state: State::Requested, ms, lasts: false };
        let widths = widths(&[piece(100), piece(100_000_000), piece(0)]);
        assert!((widths.iter().sum::<f64>() - WIDTH).abs() < 0.001, "{widths:?}");
        assert!(widths.iter().all(|width| *width > 90.0 && *width < 800.0), "{widths:?}");
    }
}
