//! Documents that are made of the code. `UPDATE_DOCS=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the project.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

pub fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

/// The file `name` must be `expected`.
pub fn file(name: &str, expected: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path(name), expected).unwrap();
    }
    assert_eq!(read(name), expected, "{name} is not up to date: UPDATE_DOCS=1 writes it");
}

/// Between `<!-- {marker} -->` and `<!-- /{marker} -->`, the file `name` must hold
/// `expected`.
pub fn block(name: &str, marker: &str, expected: &str) {
    let text = read(name);
    let (begin, end) = (format!("<!-- {marker} -->\n"), format!("<!-- /{marker} -->"));
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{name}: no {marker}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{name}: no /{marker}"));
    file(name, &format!("{before}{begin}{expected}{end}{after}"));
}
