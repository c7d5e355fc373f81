//! The facts that name nobody.

use serde_json::Value;

use crate::money::Money;

/// What is said of a fact that is null.
pub(crate) const NOTHING: &str = "nothing";
/// Facts that say nothing of who somebody is: states, amounts, times, numbers, and the
/// provider's ids. A company's own ids of people, codes that are made of names, notes
/// and addresses are not among them, nor whatever is not listed.
const IMPERSONAL: &[&str] = &[
    "account_status",
    "active_customers_count",
    "affiliate_id",
    "amount",
    "approved_amount",
    "auth_provider",
    "campaign_id",
    "campaign_name",
    "cancellations_count",
    "commission_adjustment",
    "commission_rule",
    "commission_type",
    "currency",
    "current_balance",
    "current_offer",
    "current_promotion_reward",
    "current_referral_reward",
    "current_target_reward",
    "custom_status",
    "customer_id",
    "customer_since",
    "customers_count",
    "date_paid",
    "default_promotion_id",
    "denied_amount",
    "due_date",
    "earning_type",
    "earnings_balance",
    "email_verified",
    "enrolment_id",
    "entry_source",
    "event_id",
    "fraud_check",
    "fraud_suspicions",
    "group_id",
    "has_issues",
    "hidden",
    "hold_days",
    "invoice_details_status",
    "invoice_id",
    "invoice_number",
    "leads_count",
    "method",
    "offer_status",
    "onboarding_completed",
    "order_id",
    "order_number",
    "original_sale_amount",
    "original_sale_currency",
    "paid_amount",
    "paid_balance",
    "partnership_status",
    "payment_method",
    "payout_batch_id",
    "payout_id",
    "payout_method_id",
    "pending_amount",
    "period_end",
    "period_start",
    "plan_id",
    "plan_name",
    "program_name",
    "promoters_count",
    "quantity",
    "refund_id",
    "refunds_count",
    "refunds_total",
    "reward",
    "rewards_for_promoters",
    "rewards_for_referrals",
    "sale_amount",
    "sale_currency",
    "sale_status",
    "sales_count",
    "sales_total",
    "split_percentage_value",
    "split_promotion_id",
    "split_type",
    "status",
    "suspicion",
    "tax_rate",
    "tier",
    "total",
    "total_incl_tax",
    "total_referrals",
    "track_ad_traffic",
    "tracking_type",
    "up_line_affiliate_id",
    "visitors_count",
];

/// True for a fact that says nothing of who somebody is, by its name.
#[must_use]
pub fn is_impersonal(fact: &str) -> bool {
    let is_flag = fact.starts_with("is_");
    let is_time = fact.ends_with("_at");
    is_flag || is_time || IMPERSONAL.contains(&fact)
}

/// A fact's value for people, in one line; what is null was taken away or never there.
/// `currency` is the one that the record states.
#[must_use]
pub fn shown(fact: &str, value: &Value, currency: Option<&str>) -> String {
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    match value {
        Value::Null => NOTHING.to_owned(),
        Value::String(text) => text.clone(),
        _ if fact == "amount" => Money::new(part("value"), part("unit"), currency).to_string(),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_listed_is_personal() {
        for fact in ["status", "is_paid", "occurred_at", "order_number", "fraud_check"] {
            assert!(is_impersonal(fact), "{fact}");
        }
        for fact in [
            "customer",
            "email",
            "external_user_id",
            "uid",
            "cust_id",
            "name",
            "note",
            "external_note",
            "coupon",
            "ref_token",
            "referral_link",
            "profile",
            "metadata",
            "signed_ip",
            "fact_of_tomorrow",
        ] {
            assert!(!is_impersonal(fact), "{fact}");
        }
        assert!(IMPERSONAL.is_sorted());
    }

    #[test]
    fn a_value_is_one_line() {
        for (fact, value, text) in [
            ("status", json!("approved"), "approved"),
            ("amount", json!({"value": "412.5", "unit": "cash_major"}), "412.50 EUR"),
            ("amount", json!({"value": "500", "unit": "points"}), "500 points"),
            ("payout_id", Value::Null, "nothing"),
            ("tier", json!({"level": "1"}), r#"{"level":"1"}"#),
        ] {
            assert_eq!(shown(fact, &value, Some("EUR")), text);
        }
    }
}
