#![doc = include_str!("../README.md")]

mod affiliate;
pub mod cli;
mod error;
mod find;
mod gather;
mod invocation;
mod key;
mod layout;
mod neighbours;
mod now;
mod paragraph;
mod parked;
mod progress;
mod requests;
mod resume;
mod signed_in;
mod story;
mod table;
mod target;

pub use error::OpsError;
pub use story::Story;
