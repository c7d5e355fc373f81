//! The embedded engines that stand for AWS's services.

pub(crate) mod dynamodb;
pub(crate) mod secrets;
pub(crate) mod sqs;
