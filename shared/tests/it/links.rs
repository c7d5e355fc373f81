//! Every link from one document of the project to another leads somewhere. Addresses of
//! others are not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::documents;

/// README.md is read from its beginning to its end.
const LONGEST_README: usize = 200;

/// The documents below a folder of the project, by their paths in it.
fn below(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(documents::path("").join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = folder.join(&name);
        if entry.file_type().unwrap().is_dir() {
            if !name.starts_with('.') && !name.starts_with("target") {
                below(&path, found);
            }
        } else if path.extension().is_some_and(|ending| ending == "md") {
            let path = path.to_str().unwrap().to_owned();
            let text = documents::read(&path);
            found.insert(path, text);
        }
    }
}

/// Every document of the project, by its path.
pub fn pages() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    below(Path::new(""), &mut found);
    assert!(found.contains_key("README.md") && found.contains_key("docs/decisions.md"));
    found
}

/// The lines that are prose: no block of code.
fn prose(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let mut prose = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            prose.push(line);
        }
    }
    assert!(!in_code, "a block of code that does not end");
    prose
}

/// The anchors of a document, as GitHub makes them of its headings.
pub fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in prose(text) {
        let title = line.trim_start_matches('#');
        let Some(title) = title.strip_prefix(' ').filter(|_| title.len() < line.len()) else {
            continue;
        };
        let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
        let anchor: String = title.trim().to_lowercase().chars().filter(kept).collect();
        let anchor = anchor.replace(' ', "-");
        let mut numbered = (1..).map(|n| format!("{anchor}-{n}"));
        let first = Some(anchor.clone()).filter(|anchor| !anchors.contains(anchor));
        let free = first.or_else(|| numbered.find(|other| !anchors.contains(other)));
        anchors.insert(free.unwrap());
    }
    anchors
}

/// The targets of the links in a line; what stands in code is none.
fn targets(line: &str) -> Vec<&str> {
    let ends = line.match_indices("](");
    let is_prose = |at: usize| line[..at].matches('`').count().is_multiple_of(2);
    let links = ends.filter(|(at, _)| is_prose(*at));
    links.filter_map(|(at, end)| Some(line[at + end.len()..].split_once(')')?.0)).collect()
}

/// The path that a link in `page` leads to, from the root of the project.
fn resolved(page: &str, path: &str) -> Option<PathBuf> {
    let mut resolved = PathBuf::from(page);
    resolved.pop();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir if !resolved.pop() => return None,
            Component::Normal(name) => resolved.push(name),
            _ => {}
        }
    }
    Some(resolved)
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let pages = pages();
    let mut seen = 0;
    let mut broken = Vec::new();
    for (page, text) in &pages {
        for target in prose(text).into_iter().flat_map(targets) {
            if target.contains("://") {
                continue;
            }
            seen += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let to = if path.is_empty() { Some(page.into()) } else { resolved(page, path) };
            let there = to.filter(|to| documents::path("").join(to).exists());
            let leads = there.is_some_and(|to| {
                let to = to.to_str().and_then(|to| pages.get(to));
                anchor.is_empty() || to.is_some_and(|text| anchors(text).contains(anchor))
            });
            if !leads {
                broken.push(format!("{page}: {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(seen > 100, "links are not found any more: {seen}");
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let pages = pages();
    let mut reached = BTreeSet::from(["README.md".to_owned()]);
    let mut open = vec!["README.md".to_owned()];
    while let Some(page) = open.pop() {
        for target in prose(&pages[&page]).into_iter().flat_map(targets) {
            let path = target.split_once('#').map_or(target, |(path, _)| path);
            let Some(to) = resolved(&page, path) else { continue };
            let folder = to.join("README.md");
            for to in [to, folder].iter().filter_map(|to| to.to_str()) {
                if pages.contains_key(to) && reached.insert(to.to_owned()) {
                    open.push(to.to_owned());
                }
            }
        }
    }
    let all: BTreeSet<String> = pages.into_keys().collect();
    assert_eq!(all, reached);
}

#[test]
fn the_readme_is_short() {
    let lines = documents::read("README.md").lines().count();
    assert!(lines < LONGEST_README, "README.md has {lines} lines");
}

#[test]
fn anchors_are_made_as_github_makes_them() {
    let text = "# A promise's life\n```sh\n# no heading\n```\n## `a` & B.c\n## x\n## x\n#no\n";
    let expected = ["a-promises-life", "a--bc", "x", "x-1"].map(str::to_owned);
    assert_eq!(anchors(text), BTreeSet::from(expected));
    assert_eq!(targets("[a](b.md#c) and `[d](e)` [`f`](g)"), ["b.md#c", "g"]);
    assert_eq!(resolved("docs/a.md", "../b.md"), Some("b.md".into()));
    assert_eq!(resolved("a.md", "../b.md"), None);
}
