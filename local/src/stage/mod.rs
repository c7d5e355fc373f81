//! The stage: runs any SAM template of this shape over embedded engines. It knows
//! nothing of affiliates, which are the subject of the play.

pub(crate) mod binaries;
pub(crate) mod client;
mod doors;
mod engines;
mod front;
mod lambda;
mod observer;
mod options;
mod server;
mod sources;
mod stack;
pub(crate) mod start;
pub mod template;

pub use binaries::build_functions;
pub use client::{Answer, Sender};
pub use doors::Doors;
pub use lambda::Logs;
pub use observer::{Exchange, Observer};
pub use options::Options;
pub use stack::{Cursor, Stack};
