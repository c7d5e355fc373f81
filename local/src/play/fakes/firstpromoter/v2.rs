//! `GET /commissions`.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::call::Parameters;
use super::platform::Platform;
use super::{Call, Commission};
use crate::play::fakes::server::json as reply;

/// Items on a page, unless asked otherwise.
const PAGE: usize = 20;
/// Items on a page at most.
const LARGEST_PAGE: usize = 100;

impl Platform {
    pub(super) fn list_commissions(&self, call: &Call, parameters: &Parameters) -> Response<Body> {
        let found: Vec<&Commission> = self
            .commissions
            .values()
            .filter(|commission| shown(commission, call, parameters))
            .collect();
        let number = |name| {
            let number = parameters.number(name)?;
            usize::try_from(number).ok().filter(|number| *number > 0)
        };
        let page = number("page").unwrap_or(1);
        let per_page = number("per_page").unwrap_or(PAGE).min(LARGEST_PAGE);
        let items: Vec<Value> = found
            .iter()
            .skip((page - 1).saturating_mul(per_page))
            .take(per_page)
            .map(|commission| commission.json())
            .collect();
        if self.behaviour.wrapped_lists {
            let meta = json!({ "page": page, "per_page": per_page, "total": found.len() });
            return reply(200, &json!({ "data": items, "meta": meta }));
        }
        reply(200, &Value::Array(items))
    }
}

/// The guide and the `OpenAPI` document spell the status filter differently.
fn shown(commission: &Commission, call: &Call, parameters: &Parameters) -> bool {
    let is = |wanted: Option<&str>, value: &str| wanted.is_none_or(|wanted| wanted == value);
    let fulfilled = if commission.fulfilled { "yes" } else { "no" };
    (call.ids.is_empty() || call.ids.contains(&commission.id))
        && is(parameters.get(&["status", "filters[status]"]), commission.status.as_str())
        && is(parameters.get(&["unit", "filters[unit]"]), &commission.unit)
        && is(parameters.get(&["filters[fulfilled]"]), fulfilled)
}
