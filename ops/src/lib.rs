#![doc = include_str!("../README.md")]

mod affiliate;
mod alarms;
pub mod cli;
mod doctor;
mod error;
mod event;
mod find;
mod gaps;
mod gather;
mod inbox;
mod install;
mod invocation;
mod key;
mod layout;
mod local_run;
mod masked;
mod neighbours;
mod now;
mod output;
mod page;
mod paragraph;
mod parked;
mod progress;
mod requests;
mod resume;
mod serve;
mod show;
mod signed_in;
mod story;
mod table;
mod target;
mod wiring;

pub use error::OpsError;
pub use story::Story;
pub use target::TargetArgs;
