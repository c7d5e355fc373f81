//! Which provider and family a path belongs to.

use crate::ledger::Family;
use crate::ledger::Provider;
use crate::provider::uppromote;

/// A route of the API, as a request's path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route<'a> {
    /// Whose webhooks it takes.
    pub provider: Provider,
    /// The family whose URL it is. The event's type decides what happens to
    /// it; this only tells whether it was sent to its own URL.
    pub family: Family,
    /// UpPromote: the event, which its body does not name.
    pub event: Option<&'static str>,
    /// FirstPromoter v1: the token.
    pub path_token: Option<&'a str>,
}

impl<'a> Route<'a> {
    /// Reads a path; `None` when no webhook is received there. Whatever comes
    /// before `/webhooks` is a stage or a custom domain's mapping; slashes at the
    /// end, or more than one, mean nothing, and neither does a space at the end,
    /// which comes of copying an address.
    #[must_use]
    pub fn of_path(path: &'a str) -> Option<Self> {
        let segments = path.trim_end().split('/').filter(|segment| !segment.is_empty());
        let mut segments = segments.skip_while(|segment| *segment != "webhooks").skip(1);
        let (provider, rest) = (segments.next()?, segments.collect::<Vec<_>>());
        match (provider, rest.as_slice()) {
            ("uppromote", [segment]) => {
                let event = uppromote::event_of_segment(segment)?;
                let family = uppromote::family(event)?;
                Some(Self { event: Some(event), ..Self::plain(Provider::UpPromote, family) })
            }
            ("affonso", [last]) => {
                let family = match *last {
                    "payouts" => Family::Payouts,
                    "transactions" => Family::Commissions,
                    "referrals" => Family::Customers,
                    "affiliates" => Family::Affiliates,
                    _ => return None,
                };
                Some(Self::plain(Provider::Affonso, family))
            }
            ("firstpromoter", [last]) => {
                let family = match *last {
                    "payouts" => Family::Payouts,
                    "commissions" => Family::Commissions,
                    "referrals" => Family::Customers,
                    "promoters" => Family::Affiliates,
                    _ => return None,
                };
                Some(Self::plain(Provider::FirstPromoter, family))
            }
            ("firstpromoter-v1", [token, last]) => {
                let family = match *last {
                    "rewards" => Family::Commissions,
                    "customers" => Family::Customers,
                    "promoters" => Family::Affiliates,
                    "fulfilments" => Family::Fulfilments,
                    _ => return None,
                };
                let route = Self::plain(Provider::FirstPromoterV1, family);
                Some(Self { path_token: Some(token), ..route })
            }
            _ => None,
        }
    }

    fn plain(provider: Provider, family: Family) -> Self {
        Self { provider, family, event: None, path_token: None }
    }
}

/// The path at which events of a family are expected, for the log line of a
/// misrouted one.
#[must_use]
pub fn path_of(provider: Provider, family: Family, event_type: &str) -> String {
    let last = match (provider, family) {
        (Provider::UpPromote, _) => event_type.replace(['.', '_'], "-"),
        (_, Family::Payouts) => "payouts".into(),
        (Provider::Affonso, Family::Commissions) => "transactions".into(),
        (Provider::FirstPromoterV1, Family::Commissions) => "rewards".into(),
        (_, Family::Commissions) => "commissions".into(),
        (Provider::FirstPromoterV1, Family::Customers) => "customers".into(),
        (_, Family::Customers) => "referrals".into(),
        (Provider::Affonso, Family::Affiliates) => "affiliates".into(),
        (_, Family::Affiliates) => "promoters".into(),
        (_, Family::Fulfilments) => "fulfilments".into(),
    };
    match provider {
        Provider::FirstPromoterV1 => format!("/webhooks/{provider}/{{token}}/{last}"),
        _ => format!("/webhooks/{provider}/{last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_provider_family_event_and_token() {
        let of = |path: &'static str| {
            Route::of_path(path).map(|r| (r.provider, r.family, r.event, r.path_token))
        };
        use Family::{Commissions, Customers, Fulfilments, Payouts};
        use Provider::{Affonso, FirstPromoter, FirstPromoterV1, UpPromote};
        for (path, route) in [
            (
                "/webhooks/uppromote/payment-paid",
                Some((UpPromote, Payouts, Some("payment.paid"), None)),
            ),
            (
                "/webhooks/uppromote/Payment.Paid",
                Some((UpPromote, Payouts, Some("payment.paid"), None)),
            ),
            (
                "/webhooks/uppromote/referral_status_changed",
                Some((UpPromote, Commissions, Some("referral.status-changed"), None)),
            ),
            ("/webhooks/uppromote/payment", None),
            ("/webhooks/uppromote", None),
            ("/prod/webhooks/affonso/transactions", Some((Affonso, Commissions, None, None))),
            ("/webhooks/affonso/payouts/", Some((Affonso, Payouts, None, None))),
            (
                "/webhooks/uppromote/payment-paid//",
                Some((UpPromote, Payouts, Some("payment.paid"), None)),
            ),
            (
                "/webhooks/firstpromoter-v1/tok/fulfilments///",
                Some((FirstPromoterV1, Fulfilments, None, Some("tok"))),
            ),
            ("/webhooks/firstpromoter-v1/fulfilments/", None),
            ("/webhooks/affonso//payouts", Some((Affonso, Payouts, None, None))),
            ("/webhooks//affonso/payouts ", Some((Affonso, Payouts, None, None))),
            ("/webhooks/firstpromoter-v1//fulfilments", None),
            (
                "/webhooks/firstpromoter-v1/tok//fulfilments/ ",
                Some((FirstPromoterV1, Fulfilments, None, Some("tok"))),
            ),
            ("/webhooks/uppromote/", None),
            ("/webhooks/", None),
            ("/", None),
            ("/webhooks/firstpromoter/payouts", Some((FirstPromoter, Payouts, None, None))),
            (
                "/webhooks/firstpromoter-v1/tok/fulfilments",
                Some((FirstPromoterV1, Fulfilments, None, Some("tok"))),
            ),
            (
                "/webhooks/firstpromoter-v1/tok/customers",
                Some((FirstPromoterV1, Customers, None, Some("tok"))),
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
            (Provider::UpPromote, Family::Payouts, "payment.paid"),
            (Provider::Affonso, Family::Commissions, "transaction.paid"),
            (Provider::FirstPromoter, Family::Affiliates, "promoter.created"),
            (Provider::FirstPromoterV1, Family::Fulfilments, "fulfilment_pending"),
        ] {
            let path = path_of(provider, family, event);
            let route = Route::of_path(&path).map(|r| (r.provider, r.family));
            assert_eq!(route, Some((provider, family)));
        }
    }
}
