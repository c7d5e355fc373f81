//! Speaks to the platform: look-ups, approvals, "fulfilled".

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::work::confirm::run(shared::provider::REWARDS).await
}
