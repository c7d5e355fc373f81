//! The words of `resume`: which promises, and what the operator says of them.

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, TypedValueParser};
use shared::fulfilment::{OperatorDecision, Resolution};
use shared::wire::Timestamp;

use crate::OpsError;
use crate::key::Key;
use crate::resume::many::Selection;

/// The promises that are to go on, and the decision about them.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct ResumeArgs {
    /// The promise, PROVIDER:ID:EPOCH, as `parked` shows it
    #[arg(required_unless_present = "selection")]
    pub(crate) key: Option<Key>,
    /// Instead of one: all that are parked for this cause,
    /// reason=REASON,from=STATE and, if you like, unit=UNIT, campaign=ID. Of those
    /// whose outcome nobody knows, none
    #[arg(long = "where", id = "selection", value_name = "CAUSE", conflicts_with = "key")]
    pub(crate) selection: Option<Selection>,
    /// With --where: shows what would become of each, and writes nothing
    #[arg(long, requires = "selection", conflicts_with = "key")]
    pub(crate) dry_run: bool,
    /// With --where: the most that are taken, longest parked first
    #[arg(
        long,
        value_name = "N",
        default_value_t = 200,
        requires = "selection",
        conflicts_with = "key"
    )]
    pub(crate) limit: u32,
    /// With --where: does not ask whether the promises shown are to go on
    #[arg(long, requires = "selection", conflicts_with = "key")]
    pub(crate) yes: bool,
    /// The call whose outcome is unknown had its effect: the reward was given,
    /// or taken back if that was the question
    #[arg(long, requires = "because", conflicts_with = "not_granted")]
    granted: bool,
    /// The call whose outcome is unknown had no effect
    #[arg(long, requires = "because")]
    not_granted: bool,
    /// Settles the promise as it stands: what was given is kept, what was not
    /// given is not. Where the outcome is unknown, say which
    #[arg(long, requires = "because")]
    close: bool,
    /// Your evidence; kept with the promise for good
    #[arg(long, value_name = "WHY", value_parser = said())]
    because: Option<String>,
    /// The operator who decides [default: $USER]
    #[arg(long, value_name = "NAME", value_parser = said())]
    by: Option<String>,
}

/// Parses what an operator says.
pub(crate) fn said() -> impl TypedValueParser<Value = String> {
    NonEmptyStringValueParser::new().try_map(|text| match text.trim() {
        // The last two stand in commands that are shown to be copied.
        "" | "WHY" | "NAME" => Err("says nothing"),
        trimmed => Ok(trimmed.to_owned()),
    })
}

impl ResumeArgs {
    /// What is to become of the promises.
    pub(crate) fn resolution(&self) -> Resolution {
        let granted = self.granted.then_some(true).or(self.not_granted.then_some(false));
        Resolution::of(granted, self.close)
    }

    fn operator(&self) -> Option<String> {
        let user = || {
            let user = std::env::var("USER").ok()?;
            Some(user).filter(|user| !user.trim().is_empty())
        };
        self.by.clone().or_else(user)
    }

    /// The words by which a command names the operator, where it has to.
    pub(crate) fn by_words(&self) -> Option<&str> {
        self.by.as_deref().or_else(|| self.operator().is_none().then_some("NAME"))
    }

    /// The decision, as it is kept.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when nobody knows who decides.
    pub(crate) fn decision(&self) -> Result<OperatorDecision, OpsError> {
        Ok(OperatorDecision {
            by: self
                .operator()
                .ok_or_else(|| OpsError::Failed("say who you are: --by NAME".into()))?,
            resolution: self.resolution(),
            because: self.because.clone().unwrap_or_default(),
            at: Timestamp::now(),
        })
    }
}
