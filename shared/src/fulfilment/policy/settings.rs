//! The policy as the environment states it.

use std::collections::BTreeMap;
use std::str::FromStr;

use bigdecimal::{BigDecimal, Zero};

use crate::fulfilment::policy::{MaxAmounts, Policy, Reversals, Rule, V1Confirm};
use crate::ledger::{Source, Sources, unit_name};
use crate::settings::{
    Choice, Declared, Env, SettingsError, one_of_words, pairs, problem, required,
};
use crate::wire::{Decimal, Timestamp};

const SOURCE: Choice<Source> = Choice {
    variable: "FULFILMENT_SOURCE",
    default: None,
    words: &[("v2", Source::V2), ("v1", Source::V1), ("off", Source::Off)],
};
const RECIPIENT: Choice<Rule> = Choice {
    variable: "REWARD_RECIPIENT",
    default: None,
    words: &[("promoter", Rule::Promoter), ("referral", Rule::Referral), ("rules", Rule::ByRules)],
};
const REVERSALS: Choice<Reversals> = Choice {
    variable: "REVERSALS",
    default: Some(Reversals::Park),
    words: &[
        ("park", Reversals::Park),
        ("deliver", Reversals::Deliver),
        ("deliver_and_unmark", Reversals::DeliverAndUnmark),
    ],
};
const V1_CONFIRM: Choice<V1Confirm> = Choice {
    variable: "V1_CONFIRM",
    default: Some(V1Confirm::Response),
    words: &[("response", V1Confirm::Response), ("api", V1Confirm::Api)],
};
const AUTO_APPROVE: Choice<bool> = Choice::yes_or_no("AUTO_APPROVE", false);

/// The bounds of the settings that decide about promises.
#[must_use]
pub fn declared() -> Vec<Declared> {
    vec![
        SOURCE.declared(),
        RECIPIENT.declared(),
        REVERSALS.declared(),
        V1_CONFIRM.declared(),
        AUTO_APPROVE.declared(),
    ]
}

pub(crate) fn policy(env: Env) -> Result<Policy, SettingsError> {
    Ok(Policy {
        sources: Sources {
            default: SOURCE.read(env)?,
            by_campaign: pairs(env, "FULFILMENT_SOURCE_BY_CAMPAIGN", source)?,
        },
        from: {
            let from = required(env, "FULFIL_FROM")?;
            Timestamp::parse(&from)
                .ok_or_else(|| problem("FULFIL_FROM", "is not an ISO 8601 time"))?
        },
        recipient: RECIPIENT.read(env)?,
        recipient_rules: pairs(env, "REWARD_RECIPIENT_RULES", rule)?
            .into_iter()
            .map(|(of, rule)| match of.split_once(':') {
                Some((campaign, unit)) => (format!("{campaign}:{}", unit_name(unit)), rule),
                None => (of, rule),
            })
            .collect(),
        reversals: REVERSALS.read(env)?,
        auto_approve: AUTO_APPROVE.read(env)?,
        max_amount: max_amounts(env)?,
        v1_confirm: V1_CONFIRM.read(env)?,
    })
}

/// Reads `points=10000,*=500`: the largest amounts that are given without asking
/// the operator.
fn max_amounts(env: Env) -> Result<MaxAmounts, SettingsError> {
    let limits = pairs(env, "MAX_AMOUNT", |name, text| {
        let limit = Decimal::new(text).and_then(|limit| BigDecimal::from_str(limit.as_str()).ok());
        let limit = limit.filter(|limit| *limit >= BigDecimal::zero());
        limit.ok_or_else(|| problem(name, "is not a list of unit=amount"))
    })?;
    let mut by_unit: BTreeMap<String, BigDecimal> = BTreeMap::new();
    for (unit, limit) in limits {
        // For one unit in two spellings the smaller limit holds.
        let held = by_unit.entry(unit_name(&unit)).or_insert_with(|| limit.clone());
        *held = limit.min(held.clone());
    }
    Ok(MaxAmounts(by_unit))
}

fn source(variable: &'static str, text: &str) -> Result<Source, SettingsError> {
    one_of_words(variable, SOURCE.words, text)
}

fn rule(variable: &'static str, text: &str) -> Result<Rule, SettingsError> {
    match one_of_words(variable, RECIPIENT.words, text)? {
        Rule::ByRules => Err(problem(variable, "a rule names promoter or referral")),
        rule => Ok(rule),
    }
}
