//! Addresses: the provider and the family that a path belongs to, and back.

use crate::ledger::Family;
use crate::provider::definition::{Definition, Providers, Routes, find};

/// A route of the API, as a request's path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route<'a> {
    /// The provider whose webhooks are received there.
    pub definition: &'static Definition,
    /// The family of the address. The event's type decides what happens to the
    /// event; the family only tells whether it was sent to its own address.
    pub family: Family,
    /// The event type, where the address names it and the body does not.
    pub event: Option<&'static str>,
    /// The token, where the address has one.
    pub path_token: Option<&'a str>,
}

impl<'a> Route<'a> {
    /// Reads a path; `None` when none of these providers has that address. Any
    /// prefix before `/webhooks` is a stage or a custom domain's mapping. Repeated
    /// slashes and a slash at the end mean nothing, and neither does a space at the
    /// end, which comes of copying an address.
    #[must_use]
    pub fn of_path(all: Providers, path: &'a str) -> Option<Self> {
        let segments = path.trim_end().split('/').filter(|segment| !segment.is_empty());
        let mut segments = segments.skip_while(|segment| *segment != "webhooks").skip(1);
        let definition = find(all, segments.next()?)?;
        let rest = segments.collect::<Vec<_>>();
        let route = |family| Self { definition, family, event: None, path_token: None };
        match (&definition.routes, rest.as_slice()) {
            (Routes::Events, [segment]) => {
                let event = definition.event_named(segment)?;
                Some(Self { event: Some(event), ..route(definition.family_of(event)?) })
            }
            (Routes::Families(families), [last]) => family_of(families, last).map(route),
            (Routes::TokenAndFamilies(families), [token, last]) => {
                let route = family_of(families, last).map(route)?;
                Some(Self { path_token: Some(token), ..route })
            }
            _ => None,
        }
    }
}

fn family_of(families: &[(&str, Family)], segment: &str) -> Option<Family> {
    families.iter().find(|(name, _)| *name == segment).map(|(_, family)| *family)
}

/// The path at which a provider's events of a family are expected, for the log line
/// of a misrouted event.
#[must_use]
pub fn path_of(definition: &Definition, family: Family, event_type: &str) -> String {
    let provider = definition.provider;
    let segment = |families: &[(&'static str, Family)]| {
        let own = families.iter().find(|(_, of)| *of == family);
        own.or(families.first()).map_or("", |(name, _)| *name)
    };
    match &definition.routes {
        Routes::Events => format!("/webhooks/{provider}/{}", event_type.replace(['.', '_'], "-")),
        Routes::Families(families) => format!("/webhooks/{provider}/{}", segment(families)),
        Routes::TokenAndFamilies(families) => {
            format!("/webhooks/{provider}/{{token}}/{}", segment(families))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::ALL;

    #[test]
    fn paths_name_provider_family_event_and_token() {
        let of = |path: &'static str| {
            Route::of_path(ALL, path)
                .map(|r| (r.definition.provider.name(), r.family, r.event, r.path_token))
        };
        use Family::{Commissions, Customers, Fulfilments, Payouts};
        for (path, route) in [
            (
                "/webhooks/uppromote/payment-paid",
                Some(("uppromote", Payouts, Some("payment.paid"), None)),
            ),
            (
                "/webhooks/uppromote/Payment.Paid",
                Some(("uppromote", Payouts, Some("payment.paid"), None)),
            ),
            (
                "/webhooks/uppromote/referral_status_changed",
                Some(("uppromote", Commissions, Some("referral.status-changed"), None)),
            ),
            ("/webhooks/uppromote/payment", None),
            ("/webhooks/uppromote", None),
            ("/prod/webhooks/affonso/transactions", Some(("affonso", Commissions, None, None))),
            ("/webhooks/affonso/payouts/", Some(("affonso", Payouts, None, None))),
            (
                "/webhooks/uppromote/payment-paid//",
                Some(("uppromote", Payouts, Some("payment.paid"), None)),
            ),
            (
                "/webhooks/firstpromoter-v1/tok/fulfilments///",
                Some(("firstpromoter-v1", Fulfilments, None, Some("tok"))),
            ),
            ("/webhooks/firstpromoter-v1/fulfilments/", None),
            ("/webhooks/affonso//payouts", Some(("affonso", Payouts, None, None))),
            ("/webhooks//affonso/payouts ", Some(("affonso", Payouts, None, None))),
            ("/webhooks/firstpromoter-v1//fulfilments", None),
            (
                "/webhooks/firstpromoter-v1/tok//fulfilments/ ",
                Some(("firstpromoter-v1", Fulfilments, None, Some("tok"))),
            ),
            ("/webhooks/uppromote/", None),
            ("/webhooks/", None),
            ("/", None),
            ("/webhooks/firstpromoter/payouts", Some(("firstpromoter", Payouts, None, None))),
            (
                "/webhooks/firstpromoter-v1/tok/fulfilments",
                Some(("firstpromoter-v1", Fulfilments, None, Some("tok"))),
            ),
            (
                "/webhooks/firstpromoter-v1/tok/customers",
                Some(("firstpromoter-v1", Customers, None, Some("tok"))),
            ),
            ("/webhooks/firstpromoter-v1/fulfilments", None),
            ("/other/affonso/payouts", None),
        ] {
            assert_eq!(of(path), route, "{path}");
        }
    }

    #[test]
    fn the_right_path_of_an_event_is_a_route_of_its_family() {
        for (provider, family, event) in [
            ("uppromote", Family::Payouts, "payment.paid"),
            ("affonso", Family::Commissions, "transaction.paid"),
            ("firstpromoter", Family::Affiliates, "promoter.created"),
            ("firstpromoter-v1", Family::Fulfilments, "fulfilment_pending"),
        ] {
            let path = path_of(find(ALL, provider).unwrap(), family, event);
            let route = Route::of_path(ALL, &path);
            let route = route.map(|r| (r.definition.provider.name(), r.family));
            assert_eq!(route, Some((provider, family)));
        }
    }
}
