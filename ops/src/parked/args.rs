//! The choice of what waits for a person.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use shared::fulfilment::State;

use crate::parked::Filter;

/// The promises that are asked for.
#[derive(Debug, Args)]
pub(crate) struct ParkedArgs {
    /// Only those of this reason
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// Only those that were in this state before
    #[arg(long, value_name = "STATE", value_parser = states())]
    from: Option<State>,
    /// Only those in this unit
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// Only those of this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<String>,
    /// A row for each, longest parked first, instead of the causes
    #[arg(long)]
    pub(crate) rows: bool,
}

impl ParkedArgs {
    /// The filter for what is asked for.
    pub(crate) fn filter(&self) -> Filter {
        Filter {
            reason: self.reason.clone(),
            from: self.from,
            unit: self.unit.clone(),
            campaign: self.campaign.clone(),
        }
    }
}

/// The states from which a promise can be parked.
fn states() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.map(State::name)).try_map(|name| {
        State::ALL.into_iter().find(|state| state.name() == name).ok_or("is no state")
    })
}
