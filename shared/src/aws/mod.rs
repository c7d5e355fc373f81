//! AWS: the only room that names its SDKs.

mod clients;
pub mod queue;
pub mod secrets_manager;
pub mod store;

pub use clients::Aws;
pub(crate) use clients::code;
