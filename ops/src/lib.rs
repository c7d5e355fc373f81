#![doc = include_str!("../README.md")]

pub mod cli;
mod doctor;
mod error;
mod inbox;
mod install;
mod invocation;
mod key;
mod masked;
mod paragraph;
mod parked;
mod requests;
mod resume;
mod show;
mod signed_in;
mod story;
mod table;
mod target;

pub use error::OpsError;
pub use story::Story;
