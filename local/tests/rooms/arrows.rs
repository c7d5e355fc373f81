//! Reads the arrows between the rooms of a crate from its source: every path
//! that begins with `crate::` or `super::`, outside comments and tests.

use std::fs;
use std::io;
use std::path::Path;

/// The arrows below `source` that point up. `order` lists the rooms from the
/// bottom: a room may use those that stand before it, so no circle is possible.
/// A room with rooms of its own stands after them; each has to be listed.
///
/// # Errors
/// When a file cannot be read.
pub fn wrong_arrows(source: &Path, order: &[&str]) -> io::Result<Vec<String>> {
    let within = |path: &str, room: &str| {
        path.strip_prefix(room).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let floor = |path: &str| {
        let rooms = order.iter().enumerate().filter(|(_, room)| within(path, room));
        rooms.max_by_key(|(_, room)| room.len())
    };
    let modules = modules(source)?;
    let lost = order.iter().filter(|room| modules.iter().all(|(module, _)| module != *room));
    let mut wrong: Vec<String> = lost.map(|room| format!("{room} is not there")).collect();
    for (module, code) in modules {
        let Some((from, room)) = floor(&module) else {
            wrong.push(format!("{module} is in no room"));
            continue;
        };
        if module != *room && order.iter().any(|inner| inner != room && within(inner, room)) {
            wrong.push(format!("{module} is in no room of {room}"));
        }
        let arrows = paths(&module, &code).into_iter();
        let up = arrows.filter(|path| floor(path).is_none_or(|(to, _)| to > from));
        wrong.extend(up.map(|path| format!("{module} uses {path}")));
    }
    Ok(wrong)
}

/// The modules of a crate by path, each with its code. `lib.rs` and `main.rs`
/// are left out, as they may use every room, and so are tests.
///
/// # Errors
/// When a file cannot be read.
pub fn modules(source: &Path) -> io::Result<Vec<(String, String)>> {
    let (mut found, mut tests) = (Vec::new(), Vec::new());
    walk(source, "", &mut found)?;
    found.retain(|(module, _)| !matches!(module.as_str(), "lib" | "main"));
    for (module, text) in &mut found {
        for declared in text.split("#[cfg(test)]\n").skip(1) {
            // Whoever may see it.
            let line = declared.lines().next().unwrap_or_default();
            let (seen_by, name) = line.split_once("mod ").unwrap_or((line, ""));
            if !name.is_empty() && (seen_by.is_empty() || seen_by.starts_with("pub")) {
                let name = name.split([';', ' ']).next().unwrap_or_default();
                tests.push(format!("{module}::{name}"));
            }
        }
        let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let lines = lines.filter_map(|line| line.split(" //").next());
        *text = lines.collect::<Vec<_>>().join("\n");
    }
    found.retain(|(module, _)| !tests.iter().any(|test| module.starts_with(test.as_str())));
    Ok(found)
}

fn walk(folder: &Path, module: &str, found: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let inner = join(module, if stem == "mod" { "" } else { stem });
        if path.is_dir() {
            walk(&path, &inner, found)?;
        } else {
            found.push((inner, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// The paths in the code of `module`, from the crate's root.
fn paths(module: &str, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in ["crate::", "super::"] {
        for (at, _) in code.match_indices(word) {
            let (before, rest) = code.split_at(at);
            if before.ends_with(|last: char| last.is_alphanumeric() || "_:".contains(last)) {
                continue;
            }
            let (mut base, mut rest) = (module, rest.strip_prefix("crate::").unwrap_or(rest));
            if word == "crate::" {
                base = "";
            }
            while let Some(further) = rest.strip_prefix("super::") {
                (base, rest) = (base.rsplit_once("::").map_or("", |(outer, _)| outer), further);
            }
            expand(base, rest, &mut found);
        }
    }
    found
}

/// Adds the paths of a use tree, `a::{b, c::d}`, and gives the text after it.
fn expand<'t>(base: &str, text: &'t str, found: &mut Vec<String>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut inner) = text.strip_prefix('{') {
        loop {
            inner = inner.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            if inner.is_empty() || inner.starts_with('}') {
                return inner.strip_prefix('}').unwrap_or(inner);
            }
            inner = expand(base, inner, found);
            // An `as` and its name, or a `*`.
            inner = inner.trim_start_matches(|c| c != ',' && c != '}');
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let path = join(base, if name == "self" { "" } else { name });
    if let Some(rest) = rest.strip_prefix("::") {
        return expand(&path, rest, found);
    }
    found.push(path);
    rest
}

fn join(outer: &str, inner: &str) -> String {
    match (outer, inner) {
        ("", _) | (_, "") => format!("{outer}{inner}"),
        _ => format!("{outer}::{inner}"),
    }
}
