#![doc = include_str!("../README.md")]

pub mod cli;
mod error;
mod play;
mod say;
mod stage;

pub use error::{InvokeError, LocalError};
pub use play::{dev_options, dev_secrets, fakes, sign};
pub use stage::{
    Answer, Cursor, Exchange, Logs, Observer, Options, Sender, Stack, build_functions, template,
};
