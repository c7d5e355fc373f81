#![doc = include_str!("../README.md")]

pub mod aws;
pub mod crash;
pub mod fulfilment;
mod function;
pub mod ledger;
pub mod observe;
pub mod platform;
pub mod provider;
pub mod receive;
pub mod settings;
pub mod wire;
pub mod work;
