//! The samples of events/ in the order in which they are played.

use local::{dev_secrets, sign};
use serde_json::Value;

use crate::{events_file, now};

/// A sample in its place in the play.
#[derive(Debug, Clone)]
pub struct Step {
    /// The name of its file, without `.json`.
    pub name: String,
    /// The logical id of the function that takes it.
    pub function: String,
    /// The status code of its answer.
    pub status: u16,
    /// The sample is sent when everything before it is settled.
    pub after_settling: bool,
}

impl Step {
    fn new(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let status = u16::try_from(answer["answer"].as_u64().unwrap()).unwrap();
        let after_settling = answer["after"] == "settled";
        Self { name: text("sample"), function: text("function"), status, after_settling }
    }
}

/// The samples in playing order.
#[must_use]
pub fn steps() -> Vec<Step> {
    let answers = events_file("answers.json");
    let steps: Vec<_> = answers.as_array().unwrap().iter().map(Step::new).collect();
    assert!(!steps.is_empty());
    steps
}

/// A sample with a signature of now, unless it is one that must be refused.
#[must_use]
pub fn fresh(name: &str, status: u16) -> Value {
    let mut event = events_file(&format!("{name}.json"));
    if status != 401 {
        sign::sign(&mut event, &dev_secrets()["webhooks"], now()).unwrap();
    }
    event
}

/// The provider that a sample is for, by the beginning of its name.
#[must_use]
pub fn provider_of(sample: &str) -> &'static str {
    let names = shared::provider::ALL.iter().map(|definition| definition.provider.name());
    let own = names.filter(|name| sample.starts_with(&format!("{name}-")));
    own.max_by_key(|name| name.len()).unwrap()
}
