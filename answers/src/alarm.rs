//! The alarms of a stack that are on, each with what to do.

use serde::Serialize;
use shared::provider::ALL;
use shared::wire::Timestamp;

/// What to do about each alarm, by section: the document itself, so that there is one text.
const RUNBOOK: &str = include_str!("../../RUNBOOK.md");
/// The alarms that are of no provider, without the stack's name. Another stack's name may
/// begin with this one's, and its alarms are not ours.
const NAMES: [&str; 28] = [
    "canary-missing",
    "clock-ahead",
    "confirm-dead-letters",
    "confirm-failing",
    "deliver-dead-letters",
    "deliver-failing",
    "dispatch-failing",
    "duplicate-differs",
    "endpoint-refused",
    "not-configured",
    "parked",
    "platform-refused",
    "quarantined",
    "receiving-throttled",
    "rewards-late",
    "rewards-stuck",
    "server-error",
    "stale-valid",
    "stream-failures",
    "stream-late",
    "sweep-failing",
    "sweep-stopped",
    "too-large",
    "too-many-requests",
    "unavailable",
    "unlisted-types",
    "webhooks-failing",
    "write-units",
];

/// An alarm that is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// Its name, without the stack's.
    pub name: String,
    /// The time since which it is on, where that is known.
    pub since: Option<Timestamp>,
    /// What it means.
    pub meaning: String,
    /// Where to look, in plain text; `None` where RUNBOOK.md has no such section.
    pub check: Option<String>,
    /// What to do, likewise.
    pub remedy: Option<String>,
    /// The command to begin with.
    pub command: Option<String>,
    /// The address of its section of RUNBOOK.md, as the stack was told where that is.
    pub section: Option<String>,
}

/// The alarms of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Alarms {
    /// The number that there are, on or not.
    pub count: usize,
    /// Those that are on, longest first.
    pub on: Vec<Alarm>,
}

/// Whether an alarm is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// It is, since then, where that is known.
    Since(Option<Timestamp>),
    /// It is not, or has nothing to go by.
    Not,
}

impl Alarms {
    /// Takes up an alarm by its full name. One that is not of this stack changes nothing.
    pub fn add(&mut self, stack: &str, name: &str, description: &str, on: On) {
        let own = name.strip_prefix(stack).and_then(|rest| rest.strip_prefix('-'));
        let Some(name) = own.filter(|name| is_ours(name)) else { return };
        self.count += 1;
        if let On::Since(since) = on {
            self.on.push(Alarm::of(stack, name, description, since));
            self.on.sort_by(|a, b| (a.since, &a.name).cmp(&(b.since, &b.name)));
        }
    }

    /// The alarms in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let names: Vec<&str> = self.on.iter().map(|alarm| alarm.name.as_str()).collect();
        match (self.count, names.as_slice()) {
            (0, _) => "There are no alarms.".to_owned(),
            (_, []) => "No alarm is on.".to_owned(),
            (_, [only]) => format!("1 alarm is on: {only}."),
            (_, names) => format!("{} alarms are on: {}.", names.len(), names.join(", ")),
        }
    }
}

impl Alarm {
    /// Reads what the template has an alarm say: its meaning, a command, its section.
    fn of(stack: &str, name: &str, description: &str, since: Option<Timestamp>) -> Self {
        let mut lines = description.lines().map(str::trim).filter(|line| !line.is_empty());
        let meaning = lines.next().unwrap_or_default().to_owned();
        let (mut command, mut section) = (None, None);
        for line in lines {
            match line.strip_prefix("Run: ") {
                Some(line) => command = Some(line.to_owned()),
                None => section = Some(line.to_owned()),
            }
        }
        let anchor = section.as_deref().and_then(|section| section.rsplit_once('#'));
        let own =
            |text: String| text.replace("$STACK", stack).replace("STACK-", &format!("{stack}-"));
        let told = |part: &str| anchor.and_then(|(_, anchor)| paragraph(anchor, part)).map(own);
        let (check, remedy) = (told("Check"), told("Remedy"));
        Self { name: name.to_owned(), since, meaning, check, remedy, command, section }
    }
}

fn is_ours(name: &str) -> bool {
    let of_provider = name.strip_suffix("-refused");
    NAMES.contains(&name)
        || of_provider.is_some_and(|own| ALL.iter().any(|known| known.provider.name() == own))
}

/// A paragraph in a section of RUNBOOK.md, as plain text, without the commands in it.
fn paragraph(section: &str, part: &str) -> Option<String> {
    let (_, rest) = RUNBOOK.split_once(&format!("\n### {section}\n"))?;
    let rest = rest.split("\n#").next()?;
    let (_, rest) = rest.split_once(&format!("**{part}.** "))?;
    let text = rest.split("\n\n").next()?.split("\n```").next()?.split("\n**").next()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = without_marks(&words.join(" "));
    // A command would come.
    Some(text.strip_suffix(':').map_or(text.clone(), |text| format!("{text}.")))
}

/// Markdown as plain text: of a link its words, of code and emphasis what is marked.
fn without_marks(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some((before, after)) = rest.split_once('[') {
        text.push_str(before);
        let link = after
            .split_once("](")
            .and_then(|(words, target)| target.split_once(')').map(|(_, rest)| (words, rest)));
        let Some((words, further)) = link else {
            rest = after;
            continue;
        };
        text.push_str(words);
        rest = further;
    }
    text.push_str(rest);
    text.chars().filter(|c| !matches!(c, '`' | '*')).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_norway::Value;

    use super::*;

    /// The names and descriptions of the template's alarms.
    fn of_template() -> Vec<(String, String)> {
        let template: Value = serde_norway::from_str(include_str!("../../template.yaml")).unwrap();
        let text = |value: &Value| match value {
            Value::Tagged(tagged) => tagged.value.as_str().unwrap().to_owned(),
            _ => panic!("{value:?}"),
        };
        let alarms = template["Resources"].as_mapping().unwrap().values().filter(|of| {
            ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"]
                .contains(&of["Type"].as_str().unwrap())
        });
        let properties = alarms.map(|alarm| &alarm["Properties"]);
        let told = properties.map(|of| (text(&of["AlarmName"]), text(&of["AlarmDescription"])));
        let set = |text: &str| {
            let text = text.replace("${AWS::StackName}", "mine");
            text.replace("${RunbookUrl}", "https://book.example/RUNBOOK.md")
        };
        told.map(|(name, description)| (set(&name), set(&description))).collect()
    }

    #[test]
    fn every_alarm_of_the_template_is_known_and_says_what_to_do() {
        let mut alarms = Alarms::default();
        let all = of_template();
        for (name, description) in &all {
            alarms.add("mine", name, description, On::Since(Some(Timestamp::ZERO)));
        }
        let known: BTreeSet<&str> = alarms.on.iter().map(|alarm| alarm.name.as_str()).collect();
        let named: BTreeSet<&str> =
            all.iter().map(|(name, _)| name.strip_prefix("mine-").unwrap()).collect();
        assert_eq!(known, named);
        assert_eq!((alarms.count, known.len()), (all.len(), NAMES.len() + ALL.len()));
        for alarm in &alarms.on {
            let Alarm { name, meaning, check, remedy, command, section, .. } = alarm;
            assert!(meaning.ends_with('.') && meaning.len() > 30, "{name}: {meaning}");
            assert!(command.as_ref().unwrap().contains(' '), "{name}");
            assert!(section.as_ref().unwrap().starts_with("https://book.example/RUNBOOK.md#"));
            for text in [check, remedy] {
                let text = text.as_ref().unwrap_or_else(|| panic!("{name}: not in RUNBOOK.md"));
                assert!(text.len() > 8 && !text.ends_with(':'), "{name}: {text}");
                for mark in ["`", "**", "](", "\n", "STACK"] {
                    assert!(!text.contains(mark), "{name}: {text}");
                }
            }
        }
    }

    #[test]
    fn another_stacks_alarm_is_not_ours_though_its_name_begins_alike() {
        let mut alarms = Alarms::default();
        let on = On::Since(None);
        for name in [
            "mine-dev-parked",
            "mineparked",
            "mine-of-somebody",
            "yours-parked",
            "mine-nobody-refused",
        ] {
            alarms.add("mine", name, "", on);
        }
        assert_eq!(alarms, Alarms::default());
        assert_eq!(alarms.sentence(), "There are no alarms.");
        alarms.add("mine", "mine-parked", "", On::Not);
        assert_eq!(alarms.sentence(), "No alarm is on.");
        let at = |second| On::Since(Some(Timestamp::ZERO.plus_seconds(second)));
        alarms.add("mine", "mine-unavailable", "It fails.", at(9));
        assert_eq!(alarms.sentence(), "1 alarm is on: unavailable.");
        alarms.add(
            "mine",
            "mine-firstpromoter-v1-refused",
            "It refuses.\nRun: aws x\nR.md#none",
            at(3),
        );
        assert_eq!(alarms.sentence(), "2 alarms are on: firstpromoter-v1-refused, unavailable.");
        let first = &alarms.on[0];
        assert_eq!(first.meaning, "It refuses.");
        assert_eq!(first.command.as_deref(), Some("aws x"));
        assert_eq!((first.section.as_deref(), &first.remedy), (Some("R.md#none"), &None));
    }

    #[test]
    fn a_link_reads_as_its_words() {
        assert_eq!(without_marks("See [the *page*](x.md#y) and `a[0]`."), "See the page and a0].");
        assert_eq!(without_marks("a [b] c"), "a b] c");
    }
}
