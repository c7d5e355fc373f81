//! Files that go with the test that made them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// A path of the test's own, where nothing is yet. What is there in the end,
/// file or folder, is removed.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A path whose last part ends so.
    #[must_use]
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("conversation-{}-{count}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path as text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Either may be there, or neither.
        drop(std::fs::remove_file(&self.0));
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The template with a part of it replaced.
fn template_with(part: &str, by: &str) -> Scratch {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let template = std::fs::read_to_string(template).unwrap();
    let changed = template.replace(part, by);
    assert_ne!(changed, template);
    let file = Scratch::new("template.yaml");
    std::fs::write(file.path(), changed).unwrap();
    file
}

/// A template whose stream tells of nothing.
#[must_use]
pub fn template_without_stream() -> Scratch {
    template_with(r#"{"due": {"S": [{"exists": true}]}}"#, r#"{"due": {"S": ["never"]}}"#)
}

/// A template whose table has an index of another name in the place of this one.
#[must_use]
pub fn template_without_index(index: &str) -> Scratch {
    template_with(&format!("IndexName: {index}"), "IndexName: of-another-name")
}
