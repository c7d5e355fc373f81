//! The order in which the members of JSON objects stand, and the orders that programs
//! make which read and write JSON anew.

use crate::doctor::json_forms::tokens;

/// The least members of an object that do not stand in an order by chance: one of 120
/// orders is each of these.
const TELLING: usize = 5;

/// An order that programs make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By name: maps of Go, `BTreeMap` and so `serde_json` in Rust, `sort_keys` in Python.
    ByName,
    /// By the length of the name, then by name: `PostgreSQL` keeps a `jsonb` so.
    ByLength,
}

/// A value with the tokens that it was written with.
enum Node<'t> {
    Leaf(&'t str),
    Array(Vec<Node<'t>>),
    Object(Vec<(&'t str, Node<'t>)>),
}

impl Order {
    const ALL: [Self; 2] = [Self::ByName, Self::ByLength];

    /// The key of the order for the name of a member, a string literal.
    fn key(self, name: &str) -> (usize, &str) {
        let bare = name.trim_matches('"');
        match self {
            Self::ByName => (0, bare),
            Self::ByLength => (bare.len(), bare),
        }
    }

    /// Who writes so, and what it costs.
    pub(super) fn note(self) -> String {
        let order = match self {
            Self::ByName => {
                "in the order of their names, as programs write them that keep objects in a map of \
                 Go, a BTreeMap of Rust, or with sort_keys in Python"
            }
            Self::ByLength => "shortest name first, as PostgreSQL's jsonb keeps them",
        };
        format!(
            "the members of the captured body stand {order}. If the provider sent another order, it \
             is lost, and no signature can be compared: take the body before anything parses it"
        )
    }

    fn is_kept(self, node: &Node) -> bool {
        match node {
            Node::Leaf(_) => true,
            Node::Array(items) => items.iter().all(|item| self.is_kept(item)),
            Node::Object(members) => {
                members.is_sorted_by_key(|(name, _)| self.key(name))
                    && members.iter().all(|(_, value)| self.is_kept(value))
            }
        }
    }

    fn put(self, node: &mut Node) {
        match node {
            Node::Leaf(_) => {}
            Node::Array(items) => {
                for item in items {
                    self.put(item);
                }
            }
            Node::Object(members) => {
                members.sort_by(|(a, _), (b, _)| self.key(a).cmp(&self.key(b)));
                for (_, value) in members {
                    self.put(value);
                }
            }
        }
    }
}

/// The order in which all members of a JSON text stand, where that is none of chance.
pub(super) fn order(text: &str) -> Option<Order> {
    let tree = tree(text)?;
    Order::ALL.into_iter().find(|order| largest(&tree) >= TELLING && order.is_kept(&tree))
}

/// The tokens of a JSON text with its members in each order that programs make.
pub(super) fn orders(text: &str) -> Vec<Vec<&str>> {
    let ordered = |order: Order| {
        let mut tree = tree(text)?;
        order.put(&mut tree);
        let mut tokens = Vec::new();
        write(&tree, &mut tokens);
        Some(tokens)
    };
    Order::ALL.into_iter().filter_map(ordered).collect()
}

fn tree(text: &str) -> Option<Node<'_>> {
    // A value, not `IgnoredAny`: its reader bounds the depth, and so that of `read`.
    serde_json::from_str::<serde_json::Value>(text).ok()?;
    let tokens = tokens(text);
    let (node, rest) = read(&tokens)?;
    rest.is_empty().then_some(node)
}

/// The value at the beginning of these tokens, and those behind it.
fn read<'t, 'r>(tokens: &'r [&'t str]) -> Option<(Node<'t>, &'r [&'t str])> {
    let (first, mut rest) = tokens.split_first()?;
    let end = match *first {
        "{" => "}",
        "[" => "]",
        leaf => return Some((Node::Leaf(leaf), rest)),
    };
    let (mut items, mut members) = (Vec::new(), Vec::new());
    loop {
        match *rest.first()? {
            sign if sign == end => break,
            "," => rest = rest.get(1..)?,
            name if end == "}" => {
                let (value, after) = read(rest.get(2..)?)?;
                members.push((name, value));
                rest = after;
            }
            _ => {
                let (item, after) = read(rest)?;
                items.push(item);
                rest = after;
            }
        }
    }
    let node = if end == "}" { Node::Object(members) } else { Node::Array(items) };
    Some((node, rest.get(1..)?))
}

fn write<'t>(node: &Node<'t>, tokens: &mut Vec<&'t str>) {
    match node {
        Node::Leaf(leaf) => tokens.push(leaf),
        Node::Array(items) => {
            tokens.push("[");
            for (n, item) in items.iter().enumerate() {
                tokens.extend((n > 0).then_some(","));
                write(item, tokens);
            }
            tokens.push("]");
        }
        Node::Object(members) => {
            tokens.push("{");
            for (n, (name, value)) in members.iter().enumerate() {
                tokens.extend((n > 0).then_some(","));
                tokens.extend([name, ":"]);
                write(value, tokens);
            }
            tokens.push("}");
        }
    }
}

fn largest(node: &Node) -> usize {
    match node {
        Node::Leaf(_) => 0,
        Node::Array(items) => items.iter().map(largest).max().unwrap_or_default(),
        Node::Object(members) => {
            let inner = members.iter().map(|(_, value)| largest(value)).max();
            members.len().max(inner.unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_put_in_the_orders_that_programs_make() {
        let text = r#"{"type":"a,b","id":5,"data":[{"zz":{},"amount":1.50,"a":[]},true]}"#;
        let orders: Vec<String> = orders(text).iter().map(|tokens| tokens.concat()).collect();
        assert_eq!(
            orders,
            [
                r#"{"data":[{"a":[],"amount":1.50,"zz":{}},true],"id":5,"type":"a,b"}"#,
                r#"{"id":5,"data":[{"a":[],"zz":{},"amount":1.50},true],"type":"a,b"}"#,
            ]
        );
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(super::orders("no json").is_empty() && super::orders(&deep).is_empty());
    }

    #[test]
    fn an_order_is_told_where_it_is_none_of_chance() {
        for (text, expected) in [
            (r#"{"a":1,"b":2,"c":3,"d":4,"e":{"f":1,"g":2}}"#, Some(Order::ByName)),
            (r#"{"z":1,"aa":2,"bb":3,"ccc":4,"aaaa":[{"b":1,"aa":2}]}"#, Some(Order::ByLength)),
            (r#"{"a":1,"b":2,"c":3,"d":4}"#, None),
            (r#"{"a":1,"b":2,"c":3,"d":4,"e":{"g":1,"f":2}}"#, None),
            (r#"{"e":1,"d":2,"c":3,"b":4,"a":5}"#, None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(order(text), expected, "{text}");
        }
    }
}
