//! Reading one provider's section of the webhook secrets, entry by entry: an entry
//! that cannot be read is not used, and costs no other.

use http::HeaderName;
use serde_json::{Map, Value};

use crate::provider::definition::Definition;
use crate::provider::secrets::{MIN_PATH_TOKEN, MIN_SECRET, Method, NamedSecret, ProviderSecrets};
use crate::wire::secret::Secret;

/// The problem with an entry, after the entry's place. Never a value.
struct Problem(String);

const SHAPE: &str = " is not of the shape it must have";
const TOO_SHORT: &str = " is empty or too short";

/// Reads a section. The problems name the entries that are not used. Where every
/// method must pass, or it is not clear whether it must, one problem closes the
/// whole section.
pub(super) fn read(definition: &Definition, section: &Value) -> (ProviderSecrets, Vec<String>) {
    let mut reading = Section::default();
    match section {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| reading.member(definition, name, value));
        }
        _ => reading.problems.push("is not an object".into()),
    }
    let Section { secrets, mut problems, mut closed } = reading;
    if secrets.all && !closed && !problems.is_empty() {
        problems.push("is closed, as policy is all".into());
        closed = true;
    }
    (if closed { ProviderSecrets::default() } else { secrets }, problems)
}

/// A section as far as it has been read.
#[derive(Default)]
struct Section {
    secrets: ProviderSecrets,
    problems: Vec<String>,
    /// True when the section may restrict more than could be read: then it is
    /// closed.
    closed: bool,
}

impl Section {
    fn member(&mut self, definition: &Definition, name: &str, value: &Value) {
        let method = Method::ALL.into_iter().find(|method| method.name() == name);
        if method.is_some_and(|method| !definition.authentication.methods.contains(&method))
            && value.as_array().is_none_or(|entries| !entries.is_empty())
            && !value.is_null()
        {
            // Such a method would restrict nothing, and let nobody in.
            return self.problems.push(format!("{name} is no method of this provider"));
        }
        let (list, read): (_, Reader) = match name {
            "hmac" => (&mut self.secrets.hmac, hmac),
            "header" => (&mut self.secrets.header, header),
            "basic" => (&mut self.secrets.basic, basic),
            "path_token" => (&mut self.secrets.path_token, path_token),
            _ => return self.switch(name, value),
        };
        let entries = match value {
            Value::Array(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => return self.problems.push(format!("{name} is not a list")),
        };
        for (index, entry) in entries.iter().enumerate() {
            let place = format!("{name}[{index}]");
            match read(definition, entry, &place) {
                Ok(named) => list.push(named),
                Err(Problem(problem)) => self.problems.push(format!("{place}{problem}")),
            }
        }
    }

    fn switch(&mut self, name: &str, value: &Value) {
        let text = value.as_str().map(str::trim);
        let (problem, closes) = match (name, value, text) {
            ("allow_body_only", Value::Bool(allow), _) => {
                self.secrets.allow_body_only = *allow;
                return;
            }
            ("policy", _, Some(policy @ ("any" | "all"))) => {
                self.secrets.all = policy == "all";
                return;
            }
            ("allow_body_only", ..) => ("allow_body_only is not true or false", true),
            ("policy", ..) => ("policy is not any or all", true),
            // The member may be a misspelt policy. A list of secrets restricts
            // nothing.
            _ => ("has a member that nobody knows", !value.is_array()),
        };
        self.problems.push(problem.into());
        self.closed |= closes;
    }
}

type Reader = fn(&Definition, &Value, &str) -> Result<NamedSecret, Problem>;

fn hmac(definition: &Definition, entry: &Value, place: &str) -> Result<NamedSecret, Problem> {
    key(definition, entry, place, MIN_SECRET)
}

fn path_token(definition: &Definition, entry: &Value, place: &str) -> Result<NamedSecret, Problem> {
    let token = key(definition, entry, place, MIN_PATH_TOKEN)?;
    // In an address these characters end the token, or stand for something else.
    if token.secret.expose().contains(|c: char| "/?#%\\".contains(c) || !c.is_ascii_graphic()) {
        return Err(Problem(" has a character that cannot stand in a path".into()));
    }
    Ok(token)
}

/// Reads a key: a plain text, or an object with `name`, `key` and `events`.
fn key(
    definition: &Definition,
    entry: &Value,
    place: &str,
    shortest: usize,
) -> Result<NamedSecret, Problem> {
    if let Value::String(key) = entry {
        let secret = long_enough(key, shortest)?;
        return Ok(NamedSecret {
            name: place.to_owned(),
            events: Vec::new(),
            secret,
            header: None,
        });
    }
    let members = Members::of(entry, &["name", "key", "events"])?;
    Ok(NamedSecret {
        name: members.name(place)?,
        events: members.events(definition)?,
        secret: long_enough(members.text("key")?, shortest)?,
        header: None,
    })
}

fn header(definition: &Definition, entry: &Value, place: &str) -> Result<NamedSecret, Problem> {
    let members = Members::of(entry, &["name", "value", "events"])?;
    let name = HeaderName::from_bytes(members.text("name")?.as_bytes())
        .map_err(|_| Problem(".name is not the name of a header".into()))?;
    Ok(NamedSecret {
        name: place.to_owned(),
        events: members.events(definition)?,
        secret: long_enough(members.text("value")?, MIN_SECRET)?,
        header: Some(name.as_str().to_owned()),
    })
}

fn basic(definition: &Definition, entry: &Value, place: &str) -> Result<NamedSecret, Problem> {
    let members = Members::of(entry, &["name", "user", "password", "events"])?;
    let password = members.text("password")?;
    long_enough(password, MIN_SECRET)?;
    Ok(NamedSecret {
        name: members.name(place)?,
        events: members.events(definition)?,
        secret: long_enough(&format!("{}:{password}", members.text("user")?), MIN_SECRET)?,
        header: None,
    })
}

fn long_enough(value: &str, shortest: usize) -> Result<Secret, Problem> {
    let secret = Secret::new(value).filter(|secret| secret.expose().chars().count() >= shortest);
    secret.ok_or_else(|| Problem(TOO_SHORT.into()))
}

/// The members of an entry, all of them known.
struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    fn of(entry: &'a Value, known: &[&str]) -> Result<Self, Problem> {
        let Value::Object(members) = entry else {
            return Err(Problem(SHAPE.into()));
        };
        if !members.keys().all(|name| known.contains(&name.as_str())) {
            // The member's name is not quoted: it may be the secret, put in the
            // wrong place.
            let known = known.join(", ");
            return Err(Problem(format!(" has a member that nobody knows (known: {known})")));
        }
        Ok(Self(members))
    }

    /// The text of a member, without white space around it.
    fn text(&self, name: &str) -> Result<&'a str, Problem> {
        let text = self.0.get(name).and_then(Value::as_str);
        text.map(str::trim).ok_or_else(|| Problem(SHAPE.into()))
    }

    /// The configured name, or the entry's place in the section.
    fn name(&self, place: &str) -> Result<String, Problem> {
        match self.0.get("name") {
            None | Some(Value::Null) => Ok(place.to_owned()),
            Some(_) => Ok(self.text("name")?.to_owned()),
        }
    }

    /// The events that the entry is bound to, by all of their vendor's names.
    /// Without the member the entry is good for all events; an empty list is a
    /// slip.
    fn events(&self, definition: &Definition) -> Result<Vec<&'static str>, Problem> {
        let Some(events) = self.0.get("events") else {
            return Ok(Vec::new());
        };
        let events = events.as_array().ok_or_else(|| Problem(SHAPE.into()))?;
        if events.is_empty() {
            return Err(Problem(" is bound to no event".into()));
        }
        let mut names = Vec::new();
        for (index, event) in events.iter().enumerate() {
            let event = event.as_str().and_then(|event| definition.event_named(event.trim()));
            let Some(event) = event else {
                return Err(Problem(format!(".events[{index}] is no event of this provider")));
            };
            names.push(event);
            names.extend(definition.other_names(event));
        }
        Ok(names)
    }
}
