//! What each sample writes, sent alone to an empty table, held to tests/golden/.

use std::collections::BTreeMap;

use tests::Setup;
use tests::golden::{self, Entries, Markers};
pub use tests::samples::provider_of;
use tests::scene::Scene;

use crate::samples::{fresh, samples};

#[tokio::test]
async fn every_sample_writes_what_its_golden_entry_says() {
    // Promises stay as their events made them: nothing tells the workers of them.
    let scene = Scene::without_stream(|options| {
        options.set_env([("UNTOUCHED_SECONDS", "3600")]);
    })
    .await;
    let markers = Markers::of_samples();
    let mut now: BTreeMap<&str, Entries> = BTreeMap::new();
    let mut sent = 0;
    for (name, _, status) in samples() {
        let entries = now.entry(provider_of(&name)).or_default();
        if entries.contains_key(&name) {
            continue;
        }
        let answer = scene.stage.send(&fresh(&name, status)).await;
        sent += 1;
        let lines = scene.stage.lines(sent).await;
        let items = scene.stage.items().await;
        scene.stage.empty().await;
        let entry = golden::entry(&name, answer.status, &lines[sent - 1], &items, &markers);
        entries.insert(name, entry);
    }
    for (provider, entries) in &now {
        golden::compare(provider, entries);
    }
}
