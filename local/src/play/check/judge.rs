//! What an endpoint did, held to what docs/rewards.md demands of it.

use std::fmt;
use std::time::Duration;

/// What is tried with an endpoint, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// A reward, signed as it should be.
    Right,
    /// The same `webhook-id` once more, signed anew.
    Again,
    /// The reversal of that reward.
    TakenBack,
    /// A reward that is signed with a key that is none of ours.
    WrongSignature,
    /// A reward that is signed as it should be, ten minutes ago.
    OldTime,
    /// One `webhook-id` twice at once, and again when both are answered.
    TwiceAtOnce,
    /// The reversal of a reward that comes after it.
    ReversalFirst,
    /// A reward with members that no schema has yet.
    UnknownField,
    /// How long the slowest of all answers took.
    Slow,
}

impl Case {
    /// The words for it in a report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Right => "right signature",
            Self::Again => "same id again",
            Self::TakenBack => "reversal",
            Self::WrongSignature => "wrong signature",
            Self::OldTime => "time of ten minutes ago",
            Self::TwiceAtOnce => "same id twice at once",
            Self::ReversalFirst => "reversal before its reward",
            Self::UnknownField => "unknown fields",
            Self::Slow => "slowest answer",
        }
    }
}

/// An endpoint's reply to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Its status code, and whether its body says that the reward was given by this
    /// call: `{"granted": true}`.
    Answer {
        /// Status code.
        status: u16,
        /// The body's `granted`, if it has one.
        granted: Option<bool>,
    },
    /// The connection ended without an answer.
    HungUp,
    /// There was no answer in the time that a call may take.
    TooLate,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { status, .. } => write!(f, "{status}"),
            Self::HungUp => f.write_str("no answer, connection closed"),
            Self::TooLate => f.write_str("no answer in time"),
        }
    }
}

/// What a reply means for the one who delivers, as the table of docs/rewards.md says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Given,
    TriedAgain,
    NotSetUp,
    Refused,
    Unknown,
}

impl Reply {
    fn meaning(self) -> Meaning {
        let Self::Answer { status, .. } = self else { return Meaning::Unknown };
        match status {
            200..=299 | 409 => Meaning::Given,
            408 | 421 | 423 | 425 | 429 => Meaning::TriedAgain,
            401 | 403 | 404 | 300..=399 => Meaning::NotSetUp,
            400..=499 => Meaning::Refused,
            _ => Meaning::Unknown,
        }
    }

    fn is_given(self) -> bool {
        self.meaning() == Meaning::Given
    }

    /// What such a reply leads to where the reward should have been taken.
    fn consequence(self) -> &'static str {
        match self.meaning() {
            Meaning::Given => "it counts as given",
            Meaning::TriedAgain => "it would be tried again",
            Meaning::NotSetUp => "it would be tried again every 15 minutes",
            Meaning::Refused => "the reward would be parked",
            Meaning::Unknown => "nobody would know whether it was given",
        }
    }
}

/// How often a reward was given, by what the answers to its calls say: 409 says that it
/// was given before, a 2xx without `granted` says nothing. `None` where they do not tell.
pub(crate) fn given(replies: &[Reply]) -> Option<u64> {
    let taken = replies.iter().filter_map(|reply| match reply {
        Reply::Answer { status: 200..=299, granted } => Some(*granted),
        _ => None,
    });
    let taken: Vec<Option<bool>> = taken.collect();
    // A call without answer may have given it.
    if replies.iter().any(|reply| reply.meaning() == Meaning::Unknown) {
        return None;
    }
    match taken.as_slice() {
        [None] => Some(1),
        all => all.iter().try_fold(0, |sum, granted| Some(sum + u64::from((*granted)?))),
    }
}

/// How often a reward was given that came after its reversal. A 2xx without `granted`
/// says as little as two of them.
pub(crate) fn given_late(reply: Reply) -> Option<u64> {
    match reply {
        Reply::Answer { status: 200..=299, granted } => granted.map(u64::from),
        reply => given(&[reply]),
    }
}

/// What was seen of one case.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The replies, in the order of the calls.
    pub(crate) replies: Vec<Reply>,
    /// How often the case's reward was given so far; `None` where nothing tells.
    pub(crate) given: Option<u64>,
    /// The time until the slowest answer.
    pub(crate) slowest: Duration,
    /// The time that a call may take.
    pub(crate) limit: Duration,
}

/// How an endpoint did in one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As it should be.
    Right(String),
    /// Not as it should be, and why.
    Wrong(String),
    /// Its answers are right, and do not tell whether what it did is.
    Unseen(String),
}

/// How to let it be seen how often a reward was given.
const HOW_TO_TELL: &str =
    "say {\"granted\": false} or 409 when it was given before, or use --count";

/// Judges what an endpoint did.
pub(crate) fn judge(case: Case, seen: &Seen) -> Verdict {
    let replies: Vec<String> = seen.replies.iter().map(ToString::to_string).collect();
    let said = replies.join(", ");
    let wrong = |why: &str| Verdict::Wrong(format!("{said}: {why}"));
    // What is refused where it should have been taken.
    let refused = seen.replies.iter().find(|reply| !reply.is_given());
    match case {
        Case::WrongSignature | Case::OldTime => refusal(&said, seen),
        Case::Slow if seen.slowest >= seen.limit => {
            Verdict::Wrong(format!("longer than {:?}, which is all that it may take", seen.limit))
        }
        Case::Slow => {
            let (ms, limit) = (seen.slowest.as_millis(), seen.limit);
            Verdict::Right(format!("{ms} ms; it may take {limit:?}"))
        }
        Case::TwiceAtOnce => twice(&said, seen),
        _ => match (refused, case) {
            (Some(reply), _) => wrong(reply.consequence()),
            (None, Case::TakenBack) => Verdict::Right(said),
            (None, Case::ReversalFirst) => match seen.given {
                Some(0) => Verdict::Right(format!("{said}, not given")),
                Some(_) => wrong("it was given after it had been taken back"),
                None => unseen(&said, "whether it was given after it had been taken back"),
            },
            (None, _) => once(&said, seen.given),
        },
    }
}

/// Judges what should have been refused.
fn refusal(said: &str, seen: &Seen) -> Verdict {
    let wrong = |why: &str| Verdict::Wrong(format!("{said}: {why}"));
    let Some(reply) = seen.replies.first() else { return wrong("no call was made") };
    match (reply, seen.given) {
        (_, Some(1..)) => wrong("it was given"),
        (reply, _) if reply.is_given() => wrong("it was taken"),
        (Reply::Answer { status: 401 | 403, .. }, _) => Verdict::Right(said.to_owned()),
        (reply, _) if reply.meaning() == Meaning::Refused => {
            // The key may be one that the endpoint does not have yet.
            wrong("refused for good, so that a reward would be parked while a key is changed; 401")
        }
        _ => wrong("not refused; answer 401"),
    }
}

/// Judges two calls at once and a third after them.
fn twice(said: &str, seen: &Seen) -> Verdict {
    let wrong = |why: &str| Verdict::Wrong(format!("{said}: {why}"));
    let (last, at_once) =
        seen.replies.split_last().map_or((None, [].as_slice()), |(last, rest)| (Some(*last), rest));
    // One of the two may be asked to come again while the other is at work.
    let fits = |reply: &&Reply| matches!(reply.meaning(), Meaning::Given | Meaning::TriedAgain);
    match (at_once.iter().find(|reply| !fits(reply)), last) {
        (Some(reply), _) => wrong(reply.consequence()),
        (None, Some(last)) if last.is_given() => once(said, seen.given),
        (None, last) => wrong(last.map_or("no call was made", Reply::consequence)),
    }
}

/// Judges whether a reward was given once.
fn once(said: &str, given: Option<u64>) -> Verdict {
    match given {
        Some(1) => Verdict::Right(format!("{said}, given once")),
        Some(0) => Verdict::Wrong(format!("{said}: it was not given")),
        Some(times) => Verdict::Wrong(format!("{said}: it was given {times} times")),
        None => unseen(said, "whether it was given once"),
    }
}

fn unseen(said: &str, what: &str) -> Verdict {
    Verdict::Unseen(format!("{said}: {what}, the answers do not tell; {HOW_TO_TELL}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAKEN: Reply = Reply::Answer { status: 200, granted: None };
    const NEW: Reply = Reply::Answer { status: 201, granted: Some(true) };
    const KNOWN: Reply = Reply::Answer { status: 200, granted: Some(false) };

    fn code(status: u16) -> Reply {
        Reply::Answer { status, granted: None }
    }

    #[test]
    fn the_answers_tell_how_often_it_was_given_or_that_they_do_not() {
        for (replies, expected) in [
            ([].as_slice(), Some(0)),
            (&[TAKEN], Some(1)),
            (&[TAKEN, code(409)], Some(1)),
            (&[TAKEN, TAKEN], None),
            (&[NEW, KNOWN], Some(1)),
            (&[NEW, NEW], Some(2)),
            (&[NEW, TAKEN], None),
            (&[KNOWN, code(429)], Some(0)),
            (&[code(401)], Some(0)),
            (&[NEW, Reply::HungUp], None),
            (&[code(500)], None),
        ] {
            assert_eq!(given(replies), expected, "{replies:?}");
        }
    }

    #[test]
    fn each_case_is_judged_by_its_replies() {
        use Case as C;
        for (case, replies, verdict, why) in [
            (C::Right, [TAKEN].as_slice(), "right", "200, given once"),
            (C::Right, &[code(409)], "wrong", "it was not given"),
            (C::Right, &[KNOWN], "wrong", "it was not given"),
            (C::Right, &[code(401)], "wrong", "every 15 minutes"),
            (C::Right, &[code(302)], "wrong", "every 15 minutes"),
            (C::Right, &[code(400)], "wrong", "parked"),
            (C::Right, &[code(503)], "wrong", "nobody would know"),
            (C::Right, &[Reply::TooLate], "wrong", "nobody would know"),
            (C::Again, &[TAKEN, code(409)], "right", "given once"),
            (C::Again, &[NEW, KNOWN], "right", "given once"),
            (C::Again, &[NEW, NEW], "wrong", "given 2 times"),
            (C::Again, &[TAKEN, TAKEN], "unseen", "--count"),
            (C::Again, &[TAKEN, code(400)], "wrong", "parked"),
            (C::TakenBack, &[TAKEN], "right", "200"),
            (C::TakenBack, &[code(422)], "wrong", "parked"),
            (C::WrongSignature, &[code(401)], "right", "401"),
            (C::WrongSignature, &[code(403)], "right", "403"),
            (C::WrongSignature, &[code(400)], "wrong", "while a key is changed; 401"),
            (C::WrongSignature, &[NEW], "wrong", "it was given"),
            (C::WrongSignature, &[KNOWN], "wrong", "it was taken"),
            (C::WrongSignature, &[code(409)], "wrong", "it was taken"),
            (C::WrongSignature, &[code(500)], "wrong", "not refused"),
            (C::WrongSignature, &[Reply::HungUp], "wrong", "not refused"),
            (C::OldTime, &[code(401)], "right", "401"),
            (C::OldTime, &[TAKEN], "wrong", "it was given"),
            (C::OldTime, &[code(429)], "wrong", "not refused"),
            (C::TwiceAtOnce, &[NEW, KNOWN, KNOWN], "right", "given once"),
            (C::TwiceAtOnce, &[KNOWN, NEW, KNOWN], "right", "given once"),
            (C::TwiceAtOnce, &[code(423), TAKEN, code(409)], "right", "given once"),
            (C::TwiceAtOnce, &[NEW, NEW, KNOWN], "wrong", "given 2 times"),
            (C::TwiceAtOnce, &[TAKEN, TAKEN, TAKEN], "unseen", "--count"),
            (C::TwiceAtOnce, &[NEW, code(500), KNOWN], "wrong", "nobody would know"),
            (C::TwiceAtOnce, &[NEW, KNOWN, code(429)], "wrong", "tried again"),
            (C::ReversalFirst, &[TAKEN, KNOWN], "right", "not given"),
            (C::ReversalFirst, &[TAKEN, code(409)], "right", "not given"),
            (C::ReversalFirst, &[TAKEN, TAKEN], "unseen", "--count"),
            (C::ReversalFirst, &[TAKEN, NEW], "wrong", "after it had been taken back"),
            (C::ReversalFirst, &[code(404), KNOWN], "wrong", "every 15 minutes"),
            (C::UnknownField, &[NEW], "right", "given once"),
            (C::UnknownField, &[code(422)], "wrong", "parked"),
        ] {
            let late = replies.last().filter(|_| case == C::ReversalFirst);
            let given = late.map_or_else(|| given(replies), |late| given_late(*late));
            let (slowest, limit) = (Duration::from_millis(7), Duration::from_secs(10));
            let seen = Seen { replies: replies.to_vec(), given, slowest, limit };
            let (name, said) = match judge(case, &seen) {
                Verdict::Right(said) => ("right", said),
                Verdict::Wrong(said) => ("wrong", said),
                Verdict::Unseen(said) => ("unseen", said),
            };
            assert_eq!(name, verdict, "{case:?} {replies:?}: {said}");
            assert!(said.contains(why), "{case:?} {replies:?}: {said}");
        }
    }

    #[test]
    fn what_the_books_say_counts_more_than_the_answers() {
        let seen = |given| Seen {
            replies: vec![code(401)],
            given,
            slowest: Duration::ZERO,
            limit: Duration::from_secs(10),
        };
        assert!(matches!(judge(Case::WrongSignature, &seen(Some(1))), Verdict::Wrong(_)));
        assert!(matches!(judge(Case::WrongSignature, &seen(Some(0))), Verdict::Right(_)));
    }

    #[test]
    fn an_answer_may_take_as_long_as_a_call() {
        let seen = |slowest| Seen {
            replies: Vec::new(),
            given: None,
            slowest,
            limit: Duration::from_secs(10),
        };
        let quick = judge(Case::Slow, &seen(Duration::from_millis(9_999)));
        assert_eq!(quick, Verdict::Right("9999 ms; it may take 10s".to_owned()));
        assert!(matches!(judge(Case::Slow, &seen(Duration::from_secs(10))), Verdict::Wrong(_)));
    }
}
