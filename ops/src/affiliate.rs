//! What an affiliate, or a customer, was promised and has got.

mod csv;
mod text;

use answers::Person;
use clap::Args;
use shared::ledger::Partition;

use crate::OpsError;
use crate::gather::{Role, gather};
use crate::neighbours::did_you_mean;
use crate::target::{Target, TargetArgs};

/// The number of rows of each kind that are shown.
const ROWS: usize = 25;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct AffiliateArgs {
    /// The provider
    #[arg(value_parser = crate::cli::providers())]
    provider: String,
    /// The provider's id of the affiliate
    id: String,
    /// The id is a customer's: the rewards that were promised to them
    #[arg(long)]
    customer: bool,
    /// Every row; without, the latest 25 of each kind
    #[arg(long)]
    all: bool,
    /// A table of all rows as CSV
    #[arg(long, conflicts_with = "all")]
    csv: bool,
    /// Shows personal data as well
    #[arg(long)]
    personal: bool,
}

/// The answer, and how it is to be shown.
pub(crate) struct Answer<'a> {
    pub(crate) person: Person,
    asked: &'a AffiliateArgs,
}

impl AffiliateArgs {
    /// Finds what was asked for.
    pub(crate) async fn answer(
        &self,
        args: &TargetArgs,
        target: &Target,
    ) -> Result<Answer<'_>, OpsError> {
        let role = if self.customer { Role::Customer } else { Role::Affiliate };
        let person = person(target, &self.provider, &self.id, role, self.personal).await?;
        if person.is_nobody() {
            let kind = if self.customer { "customer" } else { "affiliate" };
            let what = format!("nothing is recorded of {kind} {} of {}", self.id, self.provider);
            let pk = Partition::new(&self.provider, kind, &self.id);
            let pk = pk.map_err(|_| OpsError::No(what.clone()))?;
            return Err(did_you_mean(args, &target.store, &what, &pk).await);
        }
        Ok(Answer { person, asked: self })
    }

    /// True when a table is asked for.
    pub(crate) fn is_csv(&self) -> bool {
        self.csv
    }
}

/// Reads the answer about somebody.
pub(crate) async fn person(
    target: &Target,
    provider: &str,
    id: &str,
    role: Role,
    personal: bool,
) -> Result<Person, OpsError> {
    let found = gather(&target.store, provider, id, role).await?;
    Ok(Person::of(provider, id, &found.records, &found.promises, found.gaps, personal))
}

impl Answer<'_> {
    /// The answer for people.
    pub(crate) fn text(&self) -> String {
        let rows = if self.asked.all { usize::MAX } else { ROWS };
        let role = if self.asked.customer { "customer" } else { "affiliate" };
        text::of(&self.person, role, rows)
    }

    /// The rows as CSV.
    pub(crate) fn csv(&self) -> String {
        csv::of(&self.person)
    }
}
