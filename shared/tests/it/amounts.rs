//! Money as providers write it.

use shared::ledger::unit_name;
use shared::wire::Decimal;

#[test]
fn one_amount_has_one_spelling() {
    for spelling in ["250", "250.00", "250.0", "2.5e2", "25E1", "0250", "+250"] {
        assert_eq!(Decimal::new(spelling).unwrap().as_str(), "250", "{spelling}");
    }
}

#[test]
fn no_digit_is_lost() {
    for amount in ["0.1", "19.99", "123456789012345678901234567890123456789012345.678"] {
        assert_eq!(Decimal::new(amount).unwrap().as_str(), amount);
    }
}

#[test]
fn one_unit_has_one_name() {
    for (sent, unit) in [
        ("cash", "cash_cents"),
        ("discount_mon", "mon_discount"),
        ("free_month", "free_months"),
        ("Free_Months", "free_months"),
        ("credits", "credits"),
        ("stars", "stars"),
    ] {
        assert_eq!(unit_name(sent), unit);
    }
}
