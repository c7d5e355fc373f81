//! What an affiliate, or a customer, was promised and has got.

mod csv;
mod text;

use std::path::PathBuf;

use answers::{Person, Role};
use clap::Args;
use page::Frame;
use shared::aws::store::Store;
use shared::ledger::Partition;

use crate::OpsError;
use crate::gather::gather;
use crate::invocation::line;
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
    /// Writes a page to look at into a file, instead of text
    #[arg(long, value_name = "FILE", conflicts_with = "csv")]
    pub(crate) html: Option<PathBuf>,
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
        let of = (self.provider.as_str(), self.id.as_str());
        let person = person(target, of, role, None, self.personal).await?;
        if person.is_nobody() {
            return Err(nobody(args, &target.store, (&self.provider, &self.id), role).await);
        }
        Ok(Answer { person, asked: self })
    }

    /// True when a table is asked for.
    pub(crate) fn is_csv(&self) -> bool {
        self.csv
    }
}

/// The error for somebody of whom nothing is recorded.
pub(crate) async fn nobody(
    args: &TargetArgs,
    store: &Store,
    (provider, id): (&str, &str),
    role: Role,
) -> OpsError {
    let kind = role.kind().name();
    let what = format!("nothing is recorded of {kind} {id} of {provider}");
    match Partition::new(provider, kind, id) {
        Ok(pk) => did_you_mean(args, store, &what, &pk).await,
        Err(_) => OpsError::No(what),
    }
}

/// Reads the answer about somebody: of their latest `most` objects, or of all.
pub(crate) async fn person(
    target: &Target,
    (provider, id): (&str, &str),
    role: Role,
    most: Option<usize>,
    personal: bool,
) -> Result<Person, OpsError> {
    let found = gather(&target.store, provider, id, role, most).await?;
    let gaps = found.gaps.into_lines();
    let person = Person::of(provider, id, role, &found.records, &found.promises, gaps, personal);
    Ok(Person { latest: most.filter(|_| found.more), ..person })
}

/// All rows about somebody as CSV.
pub(crate) fn table(person: &Person) -> String {
    csv::of(person)
}

/// The page about somebody, who is an affiliate or a customer.
pub(crate) fn page(args: &TargetArgs, frame: &Frame, person: &Person, role: &str) -> String {
    let mut words = vec!["affiliate", person.provider.as_str(), person.id.as_str(), "--all"];
    if role == "customer" {
        words.push("--customer");
    }
    ::page::person(frame, person, role, &line(args, &words))
}

impl Answer<'_> {
    /// The answer for people.
    pub(crate) fn text(&self) -> String {
        let rows = if self.asked.all { usize::MAX } else { ROWS };
        text::of(&self.person, self.role(), rows)
    }

    /// The answer as a page.
    pub(crate) fn page(&self, args: &TargetArgs, frame: &Frame) -> String {
        page(args, frame, &self.person, self.role())
    }

    fn role(&self) -> &'static str {
        let role = if self.asked.customer { Role::Customer } else { Role::Affiliate };
        role.kind().name()
    }

    /// The rows as CSV.
    pub(crate) fn csv(&self) -> String {
        csv::of(&self.person)
    }
}
