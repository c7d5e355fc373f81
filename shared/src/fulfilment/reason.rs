//! The reasons for which a promise waits for the operator.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A reason for parking a promise. RUNBOOK.md explains each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParkReason {
    /// The endpoint was called, nobody knows what came of it, and the call must not be
    /// repeated.
    UnknownOutcome,
    /// The promise was open for longer than is allowed.
    OverAge,
    /// The platform's API showed the reward otherwise than its events announced it
    /// until the promise was over age, or denied it while no event did.
    ContradictedAtProvider,
    /// The reward was announced under one `FulfilmentSource` and another.
    SourceChanged,
    /// The amount is more than `MaxAmount`.
    AmountOverLimit,
    /// The reward was announced by unsigned webhooks in a unit for which
    /// `MaxAmount` has no entry.
    AmountWithoutLimit,
    /// The reward is in a status that nobody knows.
    UnknownStatus,
    /// Equally late events contradict each other, and the platform cannot be asked.
    Contested,
    /// The platform itself suspects the reward.
    SuspectedAtProvider,
    /// The reward is to be approved, and older than `FulfilFrom`.
    OlderThanFulfilFrom,
    /// The reward is in a unit that nobody knows.
    UnknownUnit,
    /// The amount is nothing, or less.
    AmountNotPositive,
    /// The settings decide by campaign, and the payload names none.
    CampaignUnknown,
    /// The platform does not know what the payload lacks either.
    NotKnownAtProvider,
    /// The recipient, the unit or the amount was missing when the reward was to go
    /// out.
    IncompleteTerms,
    /// No recipient rule says who is rewarded.
    NoRecipientRule,
    /// Neither event nor platform states the recipient, or the amount.
    RecipientOrAmountUnknown,
    /// The platform's API does not show the reward as announced.
    NotFoundAtProvider,
    /// The platform shows the reward in a status that nobody knows.
    StatusUnknownAtProvider,
    /// The platform shows the reward as fulfilled before it was given.
    FulfilledAtProvider,
    /// The platform did not approve the reward that it was asked to approve.
    ApprovalRefused,
    /// The platform still shows a reward as fulfilled that was taken back.
    UnmarkingRefused,
    /// The terms changed when something had gone out.
    ChangedAfterDelivery,
    /// The reward was given, then withdrawn, and `Reversals` says `park`.
    WithdrawnAfterDelivery,
    /// The reward endpoint refused the reward: the status code and, where it gives
    /// one, the endpoint's own code.
    RefusedByEndpoint(String),
}

/// RUNBOOK.md's table of the reasons, a row for each, which a test holds to that page.
const EXPLAINED: &str = include_str!("../../reasons.txt");
/// The row of the endpoint's own codes, as the table names it.
const OF_ENDPOINT: &str = "4xx code";

/// The way in which the promises are resumed that wait for one reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resuming {
    /// Together: what is done before is done for all of them.
    Together,
    /// One by one: each is looked at, and what is right for it depends on that.
    #[default]
    OneByOne,
    /// Not as it is: something else settles it, such as an event of the platform.
    NotAsItIs,
}

impl Resuming {
    /// Every way.
    pub const ALL: [Resuming; 3] = [Resuming::Together, Resuming::OneByOne, Resuming::NotAsItIs];

    /// The words for it in RUNBOOK.md's table.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Resuming::Together => "together",
            Resuming::OneByOne => "one by one",
            Resuming::NotAsItIs => "not as it is",
        }
    }
}

/// The explanation of a reason, as RUNBOOK.md has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The meaning of the reason.
    pub meaning: &'static str,
    /// The thing to do before the promise is resumed.
    pub remedy: &'static str,
    /// The way in which those that wait for it are resumed.
    pub resuming: Resuming,
}

impl Explanation {
    fn of_row(row: &'static str) -> Option<(&'static str, Self)> {
        let mut cells = row.trim_matches('|').split(" | ").map(str::trim);
        let name = cells.next()?.split('`').nth(1)?;
        let (meaning, remedy, words) = (cells.next()?, cells.next()?, cells.next()?);
        let resuming = Resuming::ALL.into_iter().find(|way| way.words() == words)?;
        Some((name, Self { meaning, remedy, resuming }))
    }
}

impl ParkReason {
    /// Every reason except the endpoint's own.
    pub const ALL: [ParkReason; 24] = [
        ParkReason::UnknownOutcome,
        ParkReason::OverAge,
        ParkReason::ContradictedAtProvider,
        ParkReason::SourceChanged,
        ParkReason::AmountOverLimit,
        ParkReason::AmountWithoutLimit,
        ParkReason::UnknownStatus,
        ParkReason::Contested,
        ParkReason::SuspectedAtProvider,
        ParkReason::OlderThanFulfilFrom,
        ParkReason::UnknownUnit,
        ParkReason::AmountNotPositive,
        ParkReason::CampaignUnknown,
        ParkReason::NotKnownAtProvider,
        ParkReason::IncompleteTerms,
        ParkReason::NoRecipientRule,
        ParkReason::RecipientOrAmountUnknown,
        ParkReason::NotFoundAtProvider,
        ParkReason::StatusUnknownAtProvider,
        ParkReason::FulfilledAtProvider,
        ParkReason::ApprovalRefused,
        ParkReason::UnmarkingRefused,
        ParkReason::ChangedAfterDelivery,
        ParkReason::WithdrawnAfterDelivery,
    ];

    /// The name of the reason in the table, in logs and in RUNBOOK.md.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            ParkReason::UnknownOutcome => "unknown_outcome",
            ParkReason::OverAge => "over_age",
            ParkReason::ContradictedAtProvider => "contradicted_at_provider",
            ParkReason::SourceChanged => "source_changed",
            ParkReason::AmountOverLimit => "amount_over_limit",
            ParkReason::AmountWithoutLimit => "amount_without_limit",
            ParkReason::UnknownStatus => "unknown_status",
            ParkReason::Contested => "contested",
            ParkReason::SuspectedAtProvider => "suspected_at_provider",
            ParkReason::OlderThanFulfilFrom => "older_than_fulfil_from",
            ParkReason::UnknownUnit => "unknown_unit",
            ParkReason::AmountNotPositive => "amount_not_positive",
            ParkReason::CampaignUnknown => "campaign_unknown",
            ParkReason::NotKnownAtProvider => "not_known_at_provider",
            ParkReason::IncompleteTerms => "incomplete_terms",
            ParkReason::NoRecipientRule => "no_recipient_rule",
            ParkReason::RecipientOrAmountUnknown => "recipient_or_amount_unknown",
            ParkReason::NotFoundAtProvider => "not_found_at_provider",
            ParkReason::StatusUnknownAtProvider => "status_unknown_at_provider",
            ParkReason::FulfilledAtProvider => "fulfilled_at_provider",
            ParkReason::ApprovalRefused => "approval_refused",
            ParkReason::UnmarkingRefused => "unmarking_refused",
            ParkReason::ChangedAfterDelivery => "changed_after_delivery",
            ParkReason::WithdrawnAfterDelivery => "withdrawn_after_delivery",
            ParkReason::RefusedByEndpoint(answer) => answer,
        }
    }
}

impl ParkReason {
    /// The table of RUNBOOK.md, without its head: a row of Markdown for each reason.
    #[must_use]
    pub fn explained() -> &'static str {
        EXPLAINED
    }

    /// The meaning of the reason and what to do about it.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        let name = match self {
            ParkReason::RefusedByEndpoint(_) => OF_ENDPOINT,
            ours => ours.name(),
        };
        let mut rows = EXPLAINED.lines().filter_map(Explanation::of_row);
        rows.find(|(of, _)| *of == name).map(|(_, explanation)| explanation).unwrap_or_default()
    }
}

impl From<String> for ParkReason {
    /// A name that is none of ours is an endpoint's own code.
    fn from(name: String) -> Self {
        let known = Self::ALL.into_iter().find(|reason| reason.name() == name);
        known.unwrap_or(Self::RefusedByEndpoint(name))
    }
}

impl From<&str> for ParkReason {
    fn from(name: &str) -> Self {
        Self::from(name.to_owned())
    }
}

impl fmt::Display for ParkReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for ParkReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ParkReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
