//! The reasons for which a promise waits for a person, as clauses.

use shared::fulfilment::ParkReason;

/// The reason as a clause that stands after "because"; `vendor` is the platform's name.
#[must_use]
pub fn because(reason: &ParkReason, vendor: &str) -> String {
    match reason {
        ParkReason::UnknownOutcome => {
            "your endpoint was called without an answer that says what came of it, and it may \
             not be called again"
                .into()
        }
        ParkReason::OverAge => "it was open for longer than is allowed".into(),
        ParkReason::ContradictedAtProvider => {
            format!("{vendor} shows it otherwise than its webhooks announced it")
        }
        ParkReason::SourceChanged => {
            "it was announced under one source of rewards and now falls under another".into()
        }
        ParkReason::AmountOverLimit => "the amount is over its limit".into(),
        ParkReason::AmountWithoutLimit => "no limit is set for its unit".into(),
        ParkReason::UnknownStatus => "its webhooks state a status that is not known here".into(),
        ParkReason::Contested => "two events of the same second contradict each other".into(),
        ParkReason::SuspectedAtProvider => format!("{vendor} suspects it"),
        ParkReason::OlderThanFulfilFrom => {
            "it is from before the time from which rewards are given".into()
        }
        ParkReason::UnknownUnit => "its unit is not known here".into(),
        ParkReason::AmountNotPositive => "there is nothing to give, or less than nothing".into(),
        ParkReason::CampaignUnknown => "its campaign is not known".into(),
        ParkReason::NotKnownAtProvider => {
            format!("{vendor} does not know its campaign, recipient or amount either")
        }
        ParkReason::IncompleteTerms => "its recipient, unit or amount is missing".into(),
        ParkReason::NoRecipientRule => "no rule says who is rewarded".into(),
        ParkReason::RecipientOrAmountUnknown => {
            format!("neither its event nor {vendor} says to whom or how much")
        }
        ParkReason::NotFoundAtProvider => {
            format!("{vendor} does not know it, or knows it with other terms")
        }
        ParkReason::StatusUnknownAtProvider => {
            format!("{vendor} shows it in a status that is not known here")
        }
        ParkReason::FulfilledAtProvider => {
            format!("it was marked as fulfilled at {vendor} before it was given here")
        }
        ParkReason::ApprovalRefused => format!("{vendor} did not approve it"),
        ParkReason::UnmarkingRefused => {
            format!("it was taken back, and {vendor} still shows it as fulfilled")
        }
        ParkReason::ChangedAfterDelivery => {
            "its amount, unit or recipient changed after a delivery was begun".into()
        }
        ParkReason::WithdrawnAfterDelivery => {
            "its approval was withdrawn after it was given".into()
        }
        ParkReason::RefusedByEndpoint(answer) => format!("your endpoint refused it: {answer}"),
    }
}
