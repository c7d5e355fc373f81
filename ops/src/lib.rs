#![doc = include_str!("../README.md")]

pub mod cli;
mod error;
mod key;
mod parked;
mod place;
mod resume;
mod story;
mod table;

pub use error::OpsError;
