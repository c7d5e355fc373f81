//! Amounts and units as FirstPromoter writes them.

use crate::ledger::unit_name;
use crate::provider::object::{Amount, Unit};

/// An amount with the unit that is named beside it: cash in cents, anything else by
/// its count.
pub const AMOUNT: Amount = Amount { value: "amount", unit: Unit::Member("unit", unit_name) };
