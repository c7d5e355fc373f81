#![doc = include_str!("../README.md")]

pub mod answer;
pub mod aws;
pub mod body;
mod contention;
pub mod crash;
pub mod credentials;
pub mod event;
pub mod fulfilment;
pub mod http;
pub mod intake;
pub mod json;
pub mod ledger;
pub mod observe;
pub mod platform;
pub mod provider;
pub mod queue;
pub mod redact;
pub mod route;
pub mod secrets;
pub mod secrets_manager;
pub mod settings;
pub mod store;
pub mod timestamp;
pub mod verify;
pub mod wire;
pub mod work;
