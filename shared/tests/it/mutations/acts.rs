//! What may happen to a body, anywhere in it.

use super::tree::{Path, Tree};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// One mutation, before it is known what it meets.
#[derive(Clone, Debug)]
pub struct Mutation {
    place: Index,
    act: Act,
    odd: Index,
    name: Index,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Drop,
    Put,
    /// The same name once more, with the same value or another.
    Again,
    Twice,
    /// The value of another place.
    Copy,
    /// A member more beside it.
    Add,
    /// Another name for it.
    Rename,
    /// A list or an object around it.
    Enclose,
}

pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let act = prop_oneof![
        3 => Just(Act::Drop),
        12 => Just(Act::Put),
        1 => Just(Act::Again),
        2 => Just(Act::Twice),
        3 => Just(Act::Copy),
        3 => Just(Act::Add),
        1 => Just(Act::Rename),
        1 => Just(Act::Enclose),
    ];
    let mutation = (any::<Index>(), act, any::<Index>(), any::<Index>())
        .prop_map(|(place, act, odd, name)| Mutation { place, act, odd, name });
    prop_oneof![
        3 => prop::collection::vec(mutation.clone(), 1..2),
        2 => prop::collection::vec(mutation, 2..8),
    ]
}

/// A mutation that was made: the place that it changed, and how.
#[derive(Clone, Debug)]
pub struct Made {
    pub place: String,
    pub how: String,
}

impl Mutation {
    /// The body after the mutation, and the places that are others now.
    pub fn make(&self, body: &mut Tree) -> Option<Vec<Made>> {
        let paths = body.paths();
        if paths.is_empty() {
            return None;
        }
        let path = self.place.get(&paths);
        let place = body.pointer(path);
        let mut places = vec![place.clone()];
        let (last, parent) = path.split_last()?;
        let odd = self.odd.get(&ODD).clone();
        let shown: String = odd.chars().take(60).collect();
        let how = format!("{:?} {shown}", self.act);
        let odd = Tree::Leaf(odd);
        let here = body.at(path).clone();
        let elsewhere: &Path = self.odd.get(&paths);
        let other = body.at(elsewhere).clone();
        let name = (*self.name.get(&NAMES)).to_owned();
        let beside = |name: &str| format!("{}/{name}", place.rsplit_once('/').unwrap().0);
        match (self.act, body.at(parent)) {
            (Act::Drop, Tree::Object(members)) => drop(members.remove(*last)),
            (Act::Drop, Tree::List(items)) => drop(items.remove(*last)),
            (Act::Again | Act::Twice, Tree::Object(members)) => {
                let name = members[*last].0.clone();
                members.push((name, if self.act == Act::Again { here } else { odd }));
            }
            (Act::Add, Tree::Object(members)) => {
                places = vec![beside(&name)];
                members.push((name, odd));
            }
            (Act::Add | Act::Again | Act::Twice, Tree::List(items)) => items.push(odd),
            (Act::Rename, Tree::Object(members)) => {
                places.push(beside(&name));
                members[*last].0 = name;
            }
            (Act::Copy, _) => *body.at(path) = other,
            (Act::Enclose, _) => {
                *body.at(path) = match self.odd.index(3) {
                    0 => Tree::List(vec![here]),
                    1 => Tree::Object(vec![(String::new(), here)]),
                    _ => Tree::Object(vec![("id".to_owned(), here)]),
                };
            }
            _ => *body.at(path) = odd,
        }
        Some(places.into_iter().map(|place| Made { place, how: how.clone() }).collect())
    }
}

/// Names for what is added. Those that some payload has are among them.
const NAMES: [&str; 24] = [
    "",
    " ",
    "\u{0}",
    "ID",
    "a.b/c~d",
    "__proto__",
    "\u{202e}id",
    "id",
    "status",
    "state",
    "amount",
    "unit",
    "changes",
    "entity_id",
    "commission",
    "email_verified",
    "referral_id",
    "affiliate_id",
    "promoter_id",
    "campaign_id",
    "payout_id",
    "type",
    "updatedAt",
    "test",
];

/// What may stand anywhere, as JSON.
static ODD: LazyLock<Vec<String>> = LazyLock::new(|| {
    let values = [
        json!(null),
        json!(""),
        json!(" \t "),
        json!("N/A"),
        json!({}),
        json!([]),
        json!(true),
        json!(false),
        json!([null]),
        json!([[]]),
        json!({"": ""}),
        json!({"": {"": [{"": 1}]}}),
        json!({"id": 5}),
        json!({"id": null, "value": 9}),
        json!({"iban": "SE00", "token": "t", "n": 1.5}),
        json!(["approved"]),
        json!(["pending", "approved"]),
        json!(["pending", "denied", "approved"]),
        json!(["pending", {}]),
        json!([null, 7]),
        json!(0),
        json!(7),
        json!(-1),
        json!(0.5),
        json!("0"),
        json!("007"),
        json!("approved"),
        json!(" APPROVED\n"),
        json!("denied"),
        json!("deleted"),
        json!("inactive"),
        json!("frobnicated"),
        json!("commission.reopened"),
        json!("commission.approved"),
        json!("promoter.balance"),
        json!("payout_method.updated"),
        json!("payout.commissions.moved"),
        json!("cash"),
        json!("points"),
        json!("NaN"),
        json!("Infinity"),
        json!("0x1F"),
        json!("1_000"),
        json!("1970-01-01T00:00:00Z"),
        json!("0000-00-00 00:00:00"),
        json!("9999-12-31T23:59:59.999+23:59"),
        json!("2026-02-30T00:00:00Z"),
        json!("a\u{0}b"),
        json!("\u{202e}\u{200d}\u{feff}e\u{301}\u{1f469}\u{200d}\u{1f4bb}"),
        json!("\u{fffd}"),
        json!("İı\u{df}\u{1e9e}"),
        json!("x".repeat(257)),
        json!("x".repeat(513)),
        json!("\u{1f469}".repeat(512)),
        json!("\u{1}".repeat(500)),
        json!("y".repeat(20_000)),
        json!(vec!["z".repeat(300); 40]),
    ];
    let raw = [
        "-0",
        "1e400",
        "-1e-400",
        "1e999999999",
        "123456789012345678901234567890.000000000001",
        "1E2",
        "2e0",
        r#""\ud83d""#,
        r#""\u0000""#,
        r#"{"id":1,"id":2}"#,
        r#"{"a":{"b":1},"a":[]}"#,
    ];
    let mut all: Vec<String> = values.iter().map(Value::to_string).collect();
    all.extend(raw.map(str::to_owned));
    for (open, shut) in [("[", "]"), (r#"{"a":"#, "}")] {
        for depth in [13, 33, 65] {
            all.push(format!("{}1{}", open.repeat(depth), shut.repeat(depth)));
        }
    }
    all.push("9".repeat(400));
    all.push("9".repeat(1001));
    all.push(format!("[{}]", ["{\"\":[]}"; 300].join(",")));
    all
});
