//! The requests that brought one event, from the log: its line has the event's identity
//! and the object that it is about.

use std::path::PathBuf;

use clap::Args;
use shared::ledger::shared_identity;
use shared::wire::Timestamp;

use crate::requests::args::{Since, since};
use crate::requests::line::RequestSeen;
use crate::requests::{Gap, logs};
use crate::target::TargetArgs;

/// Seconds that are looked back: the default of the template's `LogRetentionDays`.
const BACK_SECONDS: i64 = 30 * 86_400;
/// The most bytes of an id that stand in a filter pattern, which may have 1,024
/// characters (`FilterLogEvents` of the CloudWatch Logs API).
const PATTERN_BYTES: usize = 400;
/// The length of a SHA-256 in hexadecimal.
const SHA256: usize = 64;

/// The log to look for an event in.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LogArgs {
    /// Looks for an event of that id in the log of requests too, from then on: 2h, 90d, or
    /// a time [default: 30d, where the table has nothing under the id]
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// With --local: the functions' log [default: that of the running `cargo local`]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// What the log tells of an event.
#[derive(Debug)]
pub(crate) struct Told {
    /// The requests that brought it, earliest first.
    pub(crate) requests: Vec<RequestSeen>,
    /// The time from which on the log was read; `None` where nothing of it was.
    pub(crate) since: Option<Timestamp>,
    /// What could not be read of it.
    pub(crate) gaps: Vec<String>,
}

/// Reads the requests that brought an event.
pub(crate) async fn of_event(target: &TargetArgs, id: &str, log: &LogArgs) -> Told {
    let since = log.since.unwrap_or(Since::Ago(BACK_SECONDS)).before(Timestamp::now());
    let read = if let Some(stack) = target.stack_name() {
        logs::deployed(&logs::of_functions(stack, &pattern(id)), since).await
    } else {
        let log = log.log.clone().map_or_else(|| logs::local_log(target), Ok);
        log.and_then(|log| logs::local(&log))
    };
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            let gaps = vec![format!("the log of requests: {error}")];
            return Told { requests: Vec::new(), since: None, gaps };
        }
    };
    let since_read = read.is_read().then_some(since);
    let gaps = read.gaps.iter().map(Gap::words).collect();
    let mut requests = read.requests;
    requests.retain(|request| {
        let identity = request.identity.as_deref();
        request.at >= since
            && identity.is_some_and(|one| is_of(one, id, request.event_type.as_deref()))
    });
    requests.sort_by_key(|request| request.at);
    Told { requests, since: since_read, gaps }
}

/// True for the identity of the event that has this id, or is made of it: with the type
/// behind it where another event of the object took the id, with the record's version
/// where its provider gives events no id.
pub(crate) fn is_of(identity: &str, id: &str, event_type: Option<&str>) -> bool {
    let version = || {
        let rest = identity.strip_prefix(id)?.strip_prefix('#')?;
        object_of(id).filter(|_| is_number(rest) && !has_version(id))
    };
    identity == id
        || event_type.is_some_and(|of| identity == shared_identity(id, of))
        || version().is_some()
}

/// The provider's id of the object in an identity that was made for an event without an
/// id: of its name, the object, the SHA-256 of its body and, once it is recorded, the
/// record's version.
pub(crate) fn object_of(identity: &str) -> Option<&str> {
    let made = if has_version(identity) { identity.rsplit_once('#')?.0 } else { identity };
    let (object, sha256) = made.split_once('#')?.1.rsplit_once('#')?;
    Some(object).filter(|object| !object.is_empty() && is_sha256(sha256))
}

fn has_version(identity: &str) -> bool {
    let parts = identity.rsplit_once('#').filter(|(_, version)| is_number(version));
    let body = parts.and_then(|(made, _)| made.rsplit_once('#'));
    body.is_some_and(|(_, sha256)| is_sha256(sha256))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() < SHA256 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_sha256(text: &str) -> bool {
    text.len() == SHA256 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The filter pattern for the lines that may be of an event. No way is documented to write
/// a quotation mark, an asterisk or a character beyond ASCII in one: the longest part
/// without them stands for such an id, and each line is compared again.
fn pattern(id: &str) -> String {
    let is_plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !"\"\\*%".contains(c);
    let parts = id.split(|c| !is_plain(c)).map(str::trim);
    let part = parts.max_by_key(|part| part.len()).unwrap_or_default();
    let part = part.get(..PATTERN_BYTES).unwrap_or(part);
    let identity = match part {
        "" => return "{ $.message = \"webhook\" }".to_owned(),
        part if part == id => format!("$.identity = \"{part}\" || $.identity = \"{part}#*\""),
        part => format!("$.identity = \"*{part}*\""),
    };
    format!("{{ $.message = \"webhook\" && ({identity}) }}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: &str =
        "payment_paid#8#b#0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn an_id_stands_in_a_pattern_as_far_as_it_can_be_quoted() {
        let long = "x".repeat(512);
        let cut = "x".repeat(PATTERN_BYTES);
        for (id, expected) in [
            ("evt_1", "$.identity = \"evt_1\" || $.identity = \"evt_1#*\"".to_owned()),
            ("a#b c", "$.identity = \"a#b c\" || $.identity = \"a#b c#*\"".to_owned()),
            ("it's \"so\", he said", "$.identity = \"*, he said*\"".to_owned()),
            (" evt_1", "$.identity = \"*evt_1*\"".to_owned()),
            ("a\\b*cd%e", "$.identity = \"*cd*\"".to_owned()),
            ("\u{1f381}evt\u{e9}", "$.identity = \"*evt*\"".to_owned()),
            (&long, format!("$.identity = \"*{cut}*\"")),
        ] {
            let whole = pattern(id);
            assert_eq!(whole, format!("{{ $.message = \"webhook\" && ({expected}) }}"), "{id}");
            assert!(whole.len() <= 1_024, "{id}");
        }
        let all = "{ $.message = \"webhook\" }";
        assert_eq!((pattern("\u{1f381}\u{1f389}").as_str(), pattern("\"").as_str()), (all, all));
    }

    #[test]
    fn the_log_is_read_as_far_back_as_the_template_keeps_it() {
        let template = include_str!("../../../template.yaml");
        let parameter = template.split("\n  LogRetentionDays:\n").nth(1).unwrap();
        let default = parameter.split("Default: ").nth(1).unwrap().lines().next().unwrap();
        assert_eq!(default.parse::<i64>().unwrap() * 86_400, BACK_SECONDS);
    }

    #[test]
    fn an_identity_is_of_an_id_or_made_of_it() {
        let version = format!("{MADE}#12");
        let twice = format!("{MADE}#12#3");
        for (identity, id, event_type, is) in [
            ("evt_1", "evt_1", None, true),
            ("evt_1#payout.paid", "evt_1", Some("payout.paid"), true),
            ("evt_1#payout.paid", "evt_1", Some("payout.created"), false),
            ("evt_1#5", "evt_1", Some("payout.paid"), false),
            ("evt_12", "evt_1", None, false),
            (&version, MADE, None, true),
            (&twice, &version, None, false),
            (MADE, &version, None, false),
        ] {
            assert_eq!(is_of(identity, id, event_type), is, "{identity} of {id}");
        }
    }

    #[test]
    fn an_identity_that_was_made_names_its_object() {
        let version = format!("{MADE}#12");
        for (identity, object) in [
            (MADE, Some("8#b")),
            (&version, Some("8#b")),
            ("evt_1", None),
            ("a#b#c", None),
            ("a#b#12", None),
            ("payment_paid##0123456789abcdef", None),
        ] {
            assert_eq!(object_of(identity), object, "{identity}");
        }
    }
}
