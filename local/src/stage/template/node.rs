//! A part of the template, evaluated.

use serde_json::Value;

use super::TemplateError;
use super::resolve::{Resolver, text};

/// A resolved value that knows where it stands in the template.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    path: String,
}

impl Node {
    pub(super) fn resolve(
        resolver: &Resolver,
        raw: &Value,
        path: &str,
    ) -> Result<Self, TemplateError> {
        let value = resolver.resolve(raw, path)?.unwrap_or(Value::Null);
        Ok(Self { value, path: path.to_owned() })
    }

    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?.clone();
        Some(Self { value, path: format!("{}/{key}", self.path) })
    }

    pub(super) fn at(&self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self.clone(), |node, key| node.get(key))
    }

    pub(super) fn error(&self, problem: &str) -> TemplateError {
        TemplateError::new(&self.path, problem)
    }

    pub(super) fn require(&self, key: &str) -> Result<Self, TemplateError> {
        self.get(key).ok_or_else(|| self.error(&format!("needs {key}")))
    }

    pub(super) fn text(&self) -> Result<String, TemplateError> {
        text(&self.value, &self.path)
    }

    pub(super) fn number(&self) -> Result<i64, TemplateError> {
        self.text()?.parse().map_err(|_| self.error("must be a whole number"))
    }

    /// The number under `key`; `default` when it is absent.
    pub(super) fn count<T: TryFrom<i64>>(&self, key: &str, default: T) -> Result<T, TemplateError> {
        let Some(node) = self.get(key) else {
            return Ok(default);
        };
        T::try_from(node.number()?).map_err(|_| node.error("is out of range"))
    }

    pub(super) fn entries(&self) -> Result<Vec<(String, Self)>, TemplateError> {
        let map = self.value.as_object().ok_or_else(|| self.error("must be a map"))?;
        Ok(map.keys().filter_map(|key| Some((key.clone(), self.get(key)?))).collect())
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, TemplateError> {
        let list = self.value.as_array().ok_or_else(|| self.error("must be a list"))?;
        Ok(list
            .iter()
            .enumerate()
            .map(|(index, value)| Self {
                value: value.clone(),
                path: format!("{}/{index}", self.path),
            })
            .collect())
    }
}
