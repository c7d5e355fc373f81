#![doc = include_str!("../README.md")]

pub mod cli;
mod error;
mod key;
mod parked;
mod resume;
mod story;
mod table;
mod target;

pub use error::OpsError;
pub use story::Story;
