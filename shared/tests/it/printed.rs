//! The metrics that the functions print. A conversation holds them to what real
//! functions print, `alarms` to what the template looks at.

/// Names of metrics, and the sets of dimensions that each of them is printed with.
pub const PRINTED: [(&[&str], &[&[&str]]); 8] = [
    (
        &[
            "ClockAhead",
            "DuplicateDiffers",
            "DurationMs",
            "Events",
            "Gaps",
            "Misrouted",
            "OtherFormat",
            "Unlisted",
            "Unread",
        ],
        &[&["outcome"], &["provider", "outcome"], &["provider", "secret"]],
    ),
    (&["RewardEvents"], &[&["promise_state"]]),
    (&["Refusals"], &[&["provider", "reason"]]),
    (&["FromSenders"], &[&["outcome"]]),
    (&["SenderRefusals"], &[&["provider"]]),
    (&["Steps"], &[&["to"], &["from", "to"]]),
    (&["OldestSeconds", "Open"], &[&["state"]]),
    (&["EndpointRefused", "PlatformRefused", "Sweeps"], &[&["outcome"]]),
];
