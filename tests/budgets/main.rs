//! What the functions cost, as they are shipped: instructions, counted by callgrind,
//! and sizes. What is over its budget is a failure.
//!
//! A count does not depend on how busy the machine is, unless an engine answers so late
//! that it is asked again. So what is over its budget is counted anew, and the least
//! count is the one that counts.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that cannot be made fails, and the table is what it is for"
)]

mod callgrind;

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use callgrind::{Counter, Environment, valgrind};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use local::{Options, Stack, build_functions, sign};
use serde_json::Value;
use tests::scratch::{Scratch, template_without_stream};
use tests::webhooks::commission;
use tests::{Webhook as _, events_file, noise, now};

/// Instructions from the start of the process until it asks for its first event.
const TO_FIRST_POLL: u64 = 2_100_000;

/// Events before those that count: the first one fetches the secrets and connects.
const BEFORE: usize = 2;
/// Events that count.
const COUNTED: usize = 10;
/// Most counts of what is over its budget.
const TRIES: u32 = 3;

/// The program of the functions that receive, and one of them.
const RECEIVE: (&str, &str) = ("receive", "PayoutsFunction");

/// The functions' programs, each with the size of its binary and of the archive in which
/// Lambda gets it, in KiB.
const PROGRAMS: [(&str, u64, u64); 5] = [
    ("confirm", 8_900, 3_900),
    ("deliver", 8_704, 3_788),
    ("dispatch", 5_900, 2_700),
    (RECEIVE.0, 8_704, 3_788),
    ("sweep", 8_200, 3_600),
];

/// Events of one kind.
struct Events {
    name: &'static str,
    /// The sample in whose request they come.
    sample: &'static str,
    /// The body of the event of a number, by the sample's.
    body: fn(usize, &str) -> String,
    /// Instructions for each outcome.
    budgets: &'static [(Outcome, u64)],
}

/// What becomes of an event.
#[derive(Clone, Copy)]
enum Outcome {
    /// It is new.
    Recorded,
    /// It has come before.
    Duplicate,
    /// No secret vouches for it.
    Refused,
}

use Outcome::{Duplicate, Recorded, Refused};

const EVENTS: [Events; 4] = [
    Events {
        name: "uppromote",
        sample: "uppromote-payment-paid",
        body: |number, sample| renumbered(sample, "41873", number),
        budgets: &[(Recorded, 1_500_000), (Duplicate, 900_000), (Refused, 250_000)],
    },
    Events {
        name: "firstpromoter",
        sample: "firstpromoter-commission-created",
        body: |number, _| commission(number.try_into().unwrap()).body(),
        budgets: &[(Recorded, 1_500_000), (Duplicate, 900_000), (Refused, 250_000)],
    },
    // All that the vendor sends, and a promise.
    Events {
        name: "approved, whole",
        sample: "firstpromoter-commission-approved",
        body: |number, sample| {
            renumbered(&renumbered(sample, "3a1d5f2c7003", number), "301881", number)
        },
        budgets: &[(Recorded, 2_900_000), (Duplicate, 1_500_000), (Refused, 300_000)],
    },
    // 300 KB that do not compress.
    Events {
        name: "large",
        sample: "firstpromoter-commission-created",
        body: |number, _| {
            let body = commission((1_000_000 + number).try_into().unwrap()).body();
            body.replacen('{', &format!(r#"{{"padding":"{}","#, noise::letters(300 * 1024)), 1)
        },
        budgets: &[(Duplicate, 22_000_000)],
    },
];

/// A body in which another number stands for an id, as long as that.
fn renumbered(body: &str, id: &str, number: usize) -> String {
    assert!(body.contains(id), "no {id} in {body}");
    body.replace(id, &format!("1{number:0width$}", width = id.len() - 1))
}

impl Outcome {
    /// The word for it in an answer.
    fn word(self) -> &'static str {
        match self {
            Recorded => "recorded",
            Duplicate => "duplicate",
            Refused => "unauthorized",
        }
    }
}

impl Events {
    /// The event of this number, signed now.
    fn event(&self, number: usize) -> Value {
        let mut event = events_file(&format!("{}.json", self.sample));
        event["body"] = (self.body)(number, event["body"].as_str().unwrap()).into();
        sign::sign(&mut event, &local::dev_secrets()["webhooks"], now()).unwrap();
        event
    }

    /// Events with this outcome. `from` is a number that no event has had, and is not 1,
    /// that of the event that comes again and again.
    fn with(&self, outcome: Outcome, from: usize, count: usize) -> Vec<Value> {
        let events = (from..from + count).map(|number| match outcome {
            Recorded => self.event(number),
            Duplicate => self.event(1),
            Refused => {
                let mut event = self.event(1);
                event["body"] = format!("{} ", event["body"].as_str().unwrap()).into();
                event
            }
        });
        events.collect()
    }

    /// Instructions of one event with this outcome: the difference that some more of
    /// them make.
    async fn instructions(&self, counter: &Counter, outcome: Outcome, budget: u64) -> u64 {
        let name = format!("{}-{}", self.name, outcome.word()).replace(", ", "-");
        let (mut least, mut number) = (u64::MAX, 2);
        for _ in 0..TRIES {
            let mut totals = [0; 2];
            for (total, count) in totals.iter_mut().zip([BEFORE, BEFORE + COUNTED]) {
                let events = self.with(outcome, number, count);
                number += count;
                let (instructions, answers) = counter.count(&name, &events).await;
                for answer in answers.iter().skip(BEFORE) {
                    let body = answer["body"].as_str().unwrap_or_default();
                    assert!(body.contains(outcome.word()), "{name}: {answer}");
                }
                *total = instructions;
            }
            let [before, all] = totals;
            least = least.min(all.saturating_sub(before) / u64::try_from(COUNTED).unwrap());
            if least <= budget {
                break;
            }
        }
        least
    }
}

/// The rows that are over their budget.
#[derive(Default)]
struct Table {
    over: Vec<String>,
}

impl Table {
    fn row(&mut self, what: &str, of: &str, measured: u64, budget: u64) {
        let mark = if measured > budget { "  OVER" } else { "" };
        let row = format!("{what:27} {of:16} {measured:>10} {budget:>10}{mark}");
        println!("{row}");
        if measured > budget {
            self.over.push(row);
        }
    }
}

/// The bundle without the functions: its engines, and the environment that each
/// function gets.
struct Bundle {
    stack: Stack,
    functions: Scratch,
}

impl Bundle {
    /// Starts the engines. Nobody works on what becomes due.
    async fn start() -> Self {
        let functions = Scratch::new("functions");
        std::fs::create_dir(functions.path()).unwrap();
        for (program, ..) in PROGRAMS {
            let file = functions.path().join(program);
            std::fs::write(&file, "#!/bin/sh\nexec env -0 >\"$0.env\"\n").unwrap();
            std::fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
        }
        let template = template_without_stream();
        let options = Options {
            bin_dir: functions.path().to_owned(),
            template: template.path().to_owned(),
            ..local::dev_options()
        };
        Self { stack: Stack::start(options).await.unwrap(), functions }
    }

    /// The environment of a function, which its program writes down instead of starting.
    async fn environment(&self, function: &str, program: &str) -> Environment {
        self.stack.invoke(function, "{}".into()).await.unwrap_err();
        let file = self.functions.path().join(format!("{program}.env"));
        let written = std::fs::read_to_string(file).unwrap();
        let variables = written.split_terminator('\0').filter_map(|line| line.split_once('='));
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// The size of a file in an archive, without the few bytes of the archive itself.
fn archived(file: &[u8]) -> usize {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(file).unwrap();
    encoder.finish().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs valgrind, and takes minutes"]
async fn the_functions_are_within_their_budgets() {
    let valgrind = valgrind().unwrap_or_else(|| {
        panic!("valgrind is not in PATH: install it, nothing can be counted without")
    });
    let binaries = build_functions(Some("release")).await.unwrap();
    let bundle = Bundle::start().await;
    let mut table = Table::default();
    println!("{:44} {:>10} {:>10}", "", "measured", "budget");
    let (program, function) = RECEIVE;
    let env = bundle.environment(function, program).await;
    let counter = Counter::new(&valgrind, &binaries.join(program), env);
    let (instructions, _) = counter.count(&format!("{program}-start"), &[]).await;
    table.row("instructions to first poll", program, instructions, TO_FIRST_POLL);
    for events in &EVENTS {
        for (outcome, budget) in events.budgets {
            let measured = events.instructions(&counter, *outcome, *budget).await;
            let what = format!("instructions, {}", outcome.word());
            table.row(&what, events.name, measured, *budget);
        }
    }
    for (program, binary, archive) in PROGRAMS {
        let file = std::fs::read(binaries.join(program)).unwrap();
        for (what, bytes, budget) in [
            ("KiB of the binary", file.len(), binary),
            ("KiB in an archive", archived(&file), archive),
        ] {
            table.row(what, program, u64::try_from(bytes).unwrap().div_ceil(1024), budget);
        }
    }
    bundle.stack.stop().await;
    assert!(table.over.is_empty(), "over budget:\n{}", table.over.join("\n"));
}
