//! Payouts of v1.

use axum::body::Body;
use axum::http::Response;
use serde_json::Value;

use super::call::Parameters;
use super::platform::{Platform, error};
use super::{Payout, PayoutStatus};
use crate::play::fakes::server::json as reply;

impl Platform {
    /// `GET /payouts/list`
    pub(super) fn list_payouts(&self, parameters: &Parameters) -> Response<Body> {
        let promoter = parameters.number("promoter_id");
        let campaign = parameters.number("campaign_id");
        let status = parameters.get(&["status"]);
        let shown = self.payouts.values().filter(|payout| {
            promoter.is_none_or(|id| id == payout.promoter.id)
                && campaign.is_none_or(|id| id == payout.campaign)
                && status.is_none_or(|status| status == payout.status.as_str())
        });
        let mut shown: Vec<Value> = shown.map(Payout::json).collect();
        if self.behaviour.v1_page > 0 {
            let page = parameters.number("page").unwrap_or(1).max(1) - 1;
            let page = usize::try_from(page).unwrap_or(usize::MAX);
            let pages = shown.chunks(self.behaviour.v1_page);
            shown = pages.skip(page).take(1).flatten().cloned().collect();
        }
        reply(200, &Value::Array(shown))
    }

    /// `PUT /payouts/update?id=&status=`
    pub(super) fn update_payout(&mut self, parameters: &Parameters) -> Response<Body> {
        let Some(id) = parameters.get(&["id"]) else {
            return error(422, true, "You need to find the payout by id.", "");
        };
        let payout = id.parse().ok().and_then(|id| self.payouts.get_mut(&id));
        let Some(payout) = payout else {
            return error(404, true, "Payment not found", "");
        };
        let Some(status) = parameters.get(&["status"]).and_then(PayoutStatus::parse) else {
            return error(422, true, "Status is not valid.", "");
        };
        payout.status = status;
        reply(200, &payout.json())
    }
}
