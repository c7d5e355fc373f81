//! The pure core, driven through its public functions.

mod amounts;
mod machine;
mod mapping;
mod promises;
mod properties;
mod verification;
