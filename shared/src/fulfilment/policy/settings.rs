//! The policy as the environment states it.

use std::collections::BTreeMap;
use std::str::FromStr;

use bigdecimal::{BigDecimal, Zero};

use crate::fulfilment::policy::{MaxAmounts, Policy, Reversals, Rule, V1Confirm};
use crate::ledger::{Source, Sources, unit_name};
use crate::settings::{Lookup, SettingsError, pairs, problem, text};
use crate::wire::{Decimal, Timestamp};

pub(crate) fn policy(variable: Lookup) -> Result<Policy, SettingsError> {
    Ok(Policy {
        sources: Sources {
            default: source("FULFILMENT_SOURCE", &text(variable, "FULFILMENT_SOURCE")?)?,
            by_campaign: pairs(variable, "FULFILMENT_SOURCE_BY_CAMPAIGN", source)?,
        },
        from: {
            let from = text(variable, "FULFIL_FROM")?;
            Timestamp::parse(&from)
                .ok_or_else(|| problem("FULFIL_FROM", "is not an ISO 8601 time"))?
        },
        recipient: recipient("REWARD_RECIPIENT", &text(variable, "REWARD_RECIPIENT")?)?,
        recipient_rules: pairs(variable, "REWARD_RECIPIENT_RULES", rule)?
            .into_iter()
            .map(|(of, rule)| match of.split_once(':') {
                Some((campaign, unit)) => (format!("{campaign}:{}", unit_name(unit)), rule),
                None => (of, rule),
            })
            .collect(),
        reversals: match variable("REVERSALS").as_deref() {
            None | Some("" | "park") => Reversals::Park,
            Some("deliver") => Reversals::Deliver,
            Some("deliver_and_unmark") => Reversals::DeliverAndUnmark,
            Some(_) => {
                return Err(problem("REVERSALS", "is not park, deliver or deliver_and_unmark"));
            }
        },
        auto_approve: match variable("AUTO_APPROVE").as_deref() {
            None | Some("" | "no") => false,
            Some("yes") => true,
            Some(_) => return Err(problem("AUTO_APPROVE", "is not yes or no")),
        },
        max_amount: max_amounts(variable)?,
        v1_confirm: match variable("V1_CONFIRM").as_deref() {
            None | Some("" | "response") => V1Confirm::Response,
            Some("api") => V1Confirm::Api,
            Some(_) => return Err(problem("V1_CONFIRM", "is not response or api")),
        },
    })
}

/// `points=10000,*=500`: the largest amounts that are given without a person.
fn max_amounts(variable: Lookup) -> Result<MaxAmounts, SettingsError> {
    let limits = pairs(variable, "MAX_AMOUNT", |name, text| {
        let limit = Decimal::new(text).and_then(|limit| BigDecimal::from_str(limit.as_str()).ok());
        let limit = limit.filter(|limit| *limit >= BigDecimal::zero());
        limit.ok_or_else(|| problem(name, "is not a list of unit=amount"))
    })?;
    let mut by_unit: BTreeMap<String, BigDecimal> = BTreeMap::new();
    for (unit, limit) in limits {
        // One unit in two spellings: the smaller limit holds.
        let held = by_unit.entry(unit_name(&unit)).or_insert_with(|| limit.clone());
        *held = limit.min(held.clone());
    }
    Ok(MaxAmounts(by_unit))
}

fn source(variable: &'static str, text: &str) -> Result<Source, SettingsError> {
    match text {
        "v2" => Ok(Source::V2),
        "v1" => Ok(Source::V1),
        "off" => Ok(Source::Off),
        _ => Err(problem(variable, "is not v2, v1 or off")),
    }
}

fn recipient(variable: &'static str, text: &str) -> Result<Rule, SettingsError> {
    match text {
        "promoter" => Ok(Rule::Promoter),
        "referral" => Ok(Rule::Referral),
        "rules" => Ok(Rule::ByRules),
        _ => Err(problem(variable, "is not promoter, referral or rules")),
    }
}

fn rule(variable: &'static str, text: &str) -> Result<Rule, SettingsError> {
    match recipient(variable, text)? {
        Rule::ByRules => Err(problem(variable, "a rule names promoter or referral")),
        rule => Ok(rule),
    }
}
