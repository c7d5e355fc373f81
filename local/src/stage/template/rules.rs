//! The template's rules, which look at several parameters at once.

use serde_json::Value;

use super::TemplateError;
use super::resolve::{Resolver, list};

/// Refuses parameters that break a rule, in the rule's own words.
pub(super) fn check(resolver: &Resolver) -> Result<(), TemplateError> {
    let rules = resolver.raw(&["Rules"]).and_then(Value::as_object);
    for (name, rule) in rules.into_iter().flatten() {
        let path = format!("Rules/{name}");
        let applies = match rule.get("RuleCondition") {
            Some(condition) => resolver.test(condition, &format!("{path}/RuleCondition"))?,
            None => true,
        };
        if applies {
            assertions(resolver, rule, &path)?;
        }
    }
    Ok(())
}

fn assertions(resolver: &Resolver, rule: &Value, path: &str) -> Result<(), TemplateError> {
    let place = format!("{path}/Assertions");
    let assertions = rule.get("Assertions").unwrap_or(&Value::Null);
    for assertion in list(assertions, &place)? {
        let asserted = assertion.get("Assert").unwrap_or(&Value::Null);
        if !resolver.test(asserted, &format!("{place}/Assert"))? {
            let described = assertion.get("AssertDescription").and_then(Value::as_str);
            let described = described.unwrap_or("the parameters do not go together");
            let problem = format!("is broken: {described}");
            return Err(TemplateError::new(path, &problem));
        }
    }
    Ok(())
}
