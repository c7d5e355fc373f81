//! Receives the webhooks of affiliates and what belongs to them. The event's type decides
//! what happens to it, not the function that it reached.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::receive::run(shared::provider::ALL).await
}
