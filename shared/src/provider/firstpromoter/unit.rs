//! Units as FirstPromoter writes them.

use crate::ledger::unit_name;
use crate::wire::Word;

/// The unit of a payload's field, in the ledger's words.
pub fn unit_of(unit: &Word) -> String {
    unit_name(&unit.lower())
}
