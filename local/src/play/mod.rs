//! The play: all that is put on the stage. The samples and their signatures, the
//! systems that the bundle calls, and the console that reports on both.

pub(crate) mod check;
pub(crate) mod console;
pub(crate) mod curl;
mod development;
pub(crate) mod edit;
pub(crate) mod external_systems;
pub mod fakes;
pub(crate) mod fold;
pub(crate) mod lines;
pub(crate) mod paint;
pub(crate) mod playing;
pub(crate) mod relay;
pub(crate) mod samples;
pub(crate) mod secrets_file;
#[cfg(test)]
mod shipped;
pub mod sign;

pub use development::{dev_options, dev_secrets};
