//! Schedules.

use std::sync::Arc;

use axum::body::Bytes;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::say::say;
use crate::stage::lambda::Host;
use crate::stage::template::{ACCOUNT, REGION, Schedule};

/// Invokes a function at its rate, the first time after one period.
pub(super) async fn run(host: Arc<Host>, function: String, schedule: Schedule) {
    loop {
        tokio::time::sleep(schedule.every).await;
        let payload = schedule.input.clone().unwrap_or_else(event);
        if let Err(error) = host.invoke(&function, Bytes::from(payload)).await {
            say(&format!("local: {function}: {error}"));
        }
    }
}

fn event() -> String {
    json!({
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000000",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
        "region": REGION,
        "resources": [],
        "detail": "{}",
    })
    .to_string()
}
