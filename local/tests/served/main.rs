//! Conversations with a `cargo local` that serves.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a program that cannot be started fails the test"
)]
#![expect(clippy::print_stdout, reason = "what is not tried is told to who runs the tests")]

mod banner;
mod endpoint;
mod page;
mod sending;
mod stage;
