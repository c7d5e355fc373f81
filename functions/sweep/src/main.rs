//! Makes good what a stream or a queue dropped.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::work::sweep::run(shared::provider::REWARDS).await
}
