//! The play: all that is put on the stage. The samples and their signatures, the
//! systems that the bundle calls, and the console that reports on both.

pub(crate) mod console;
mod development;
pub(crate) mod external_systems;
pub mod fakes;
pub(crate) mod playing;
pub(crate) mod samples;
pub(crate) mod secrets_file;
#[cfg(test)]
mod shipped;
pub mod sign;

pub use development::{dev_options, dev_secrets};
