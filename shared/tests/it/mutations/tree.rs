//! Bodies as they are mutated: JSON that may say a name twice, and whose numbers are
//! what was sent.

use serde_json::Value;

/// A JSON value. A leaf is its text, whatever that is: `1e999`, or JSON of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    Leaf(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// The way to a value: the position of each member or item.
pub type Path = Vec<usize>;

impl Tree {
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Object(members) => {
                Self::Object(members.iter().map(|(k, v)| (k.clone(), Self::of(v))).collect())
            }
            Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            leaf => Self::Leaf(leaf.to_string()),
        }
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Leaf(text) => out.push_str(text),
            Self::List(items) => {
                out.push('[');
                for (n, item) in items.iter().enumerate() {
                    out.push_str(if n == 0 { "" } else { "," });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (n, (name, value)) in members.iter().enumerate() {
                    out.push_str(if n == 0 { "" } else { "," });
                    out.push_str(&Value::from(name.as_str()).to_string());
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// The ways to all values below this one.
    pub fn paths(&self) -> Vec<Path> {
        let (mut paths, mut way) = (Vec::new(), Vec::new());
        self.walk(&mut way, &mut paths);
        paths
    }

    fn walk(&self, way: &mut Path, paths: &mut Vec<Path>) {
        for (n, inner) in self.inner().enumerate() {
            way.push(n);
            inner.walk(way, paths);
            paths.push(way.clone());
            way.pop();
        }
    }

    fn inner(&self) -> Box<dyn Iterator<Item = &Tree> + '_> {
        match self {
            Self::Leaf(_) => Box::new(std::iter::empty()),
            Self::List(items) => Box::new(items.iter()),
            Self::Object(members) => Box::new(members.iter().map(|(_, value)| value)),
        }
    }

    pub fn at(&mut self, path: &[usize]) -> &mut Tree {
        path.iter().fold(self, |tree, n| match tree {
            Self::Leaf(_) => panic!("no such place"),
            Self::List(items) => &mut items[*n],
            Self::Object(members) => &mut members[*n].1,
        })
    }

    /// The place at the end of a path, as a JSON pointer.
    pub fn pointer(&self, path: &[usize]) -> String {
        let (mut tree, mut pointer) = (self, String::new());
        for n in path {
            let name = match tree {
                Self::Object(members) => members[*n].0.replace('/', "~1"),
                _ => n.to_string(),
            };
            pointer.extend(["/", name.as_str()]);
            tree = tree.inner().nth(*n).unwrap();
        }
        pointer
    }
}
