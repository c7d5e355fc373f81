//! The stack, deployed as README.md says to an emulator of AWS that enforces IAM: `cargo deploy-test` tries the whole,
//! `cargo deploy-smoke` what no change may break. docs/testing.md says what each of them does.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what cannot be deployed fails the test, and its steps take minutes"
)]

mod deployment;
mod emulator;
mod fulfilment;
mod intake;
mod operation;
mod tools;

use std::time::Instant;

use deployment::{Build, Deployment};

/// Says what is done, and how long what came before took.
struct Steps {
    begun: Instant,
    last: Option<(&'static str, Instant)>,
}

impl Steps {
    fn new() -> Self {
        Self { begun: Instant::now(), last: None }
    }

    fn next(&mut self, what: &'static str) {
        self.end();
        self.last = Some((what, Instant::now()));
    }

    fn end(&mut self) {
        if let Some((what, begun)) = self.last.take() {
            println!("{:>7.1} s  {what}", begun.elapsed().as_secs_f64());
        }
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("failed in: {}", self.last.map_or("the end", |(what, _)| what));
        } else {
            self.end();
            println!("{:>7.1} s  in all", self.begun.elapsed().as_secs_f64());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "deploys to an emulator that it fetches: cargo deploy-test"]
async fn whole() {
    let mut steps = Steps::new();
    steps.next("build");
    let mut stack = Deployment::build(Build::Sam).await;
    steps.next("deploy");
    stack.deploy();
    steps.next("routes, and the secrets are filled in");
    intake::every_route_is_there(&stack);
    intake::a_provider_is_closed_until_its_secret_is_filled_in(&stack).await;
    steps.next("each sample alone, held to the golden files");
    intake::each_sample_writes_what_its_golden_entry_says(&stack).await;
    steps.next("all samples, with their rewards");
    intake::all_samples_are_answered_and_their_rewards_given(&stack).await;
    steps.next("a reward of v2");
    fulfilment::a_reward_is_delivered_and_confirmed(&stack).await;
    steps.next("a reward of v1, confirmed by its API");
    fulfilment::v1_by_api(&stack).await;
    steps.next("parked, and resumed by cargo ops");
    fulfilment::a_parked_reward_goes_on_by_a_word(&stack).await;
    steps.next("a parameter is updated under traffic");
    operation::an_update_loses_nothing(
        &mut stack,
        &[("V1Confirm", "response"), ("V1HoldSeconds", "8")],
    )
    .await;
    steps.next("a reward of v1, confirmed by the answer");
    fulfilment::v1_by_response(&stack).await;
    steps.next("a permission is missing");
    operation::a_missing_permission_is_told(&stack).await;
    steps.next("what the stream does not tell, the sweep makes good");
    fulfilment::what_the_stream_loses_the_sweep_makes_good(&stack).await;
    steps.next("delete");
    operation::what_is_kept_outlives_the_stack(&stack);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "deploys to an emulator that it fetches: cargo deploy-smoke"]
async fn smoke() {
    let mut steps = Steps::new();
    steps.next("build");
    let mut stack = Deployment::build(Build::Cargo).await;
    steps.next("deploy");
    stack.deploy();
    steps.next("routes, and the secrets are filled in");
    intake::every_route_is_there(&stack);
    intake::a_provider_is_closed_until_its_secret_is_filled_in(&stack).await;
    steps.next("some samples of each provider");
    intake::some_samples_of_each_provider_are_answered(&stack).await;
    steps.next("a reward of v2");
    fulfilment::a_reward_is_delivered_and_confirmed(&stack).await;
    steps.next("delete");
    operation::what_is_kept_outlives_the_stack(&stack);
}
