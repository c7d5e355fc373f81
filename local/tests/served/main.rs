//! Conversations with a `cargo local` that serves.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a program that cannot be started fails the test"
)]

mod banner;
mod endpoint;
mod sending;
mod stage;
