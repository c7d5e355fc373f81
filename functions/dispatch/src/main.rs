//! From the stream of the table to the queues.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::work::dispatch::run().await
}
