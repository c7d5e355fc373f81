//! Receives the webhooks of every family: payouts, commissions, customers, affiliates,
//! fulfilments. The event's type decides what happens to it, not the function that it
//! reached, so the five functions of the template are one program.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::receive::run(shared::provider::ALL).await
}
