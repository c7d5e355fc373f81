//! `cargo local check-endpoint`.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::{Value, json};

use super::values::{at_least_one, url};
use crate::error::LocalError;
use crate::play::check::{Check, Key, REWARDS, Verdict};
use crate::play::edit::Edit;
use crate::play::fold::{fold, width};
use crate::play::paint::Paint;
use crate::play::secrets_file::SecretsFile;
use crate::say::{print, say};
use crate::stage::client::Anywhere;

/// What the rest of a line is indented by that does not fit into one.
const HANG: usize = 36;

#[derive(Debug, Args)]
pub(super) struct CheckEndpoint {
    /// Your endpoint. It gets rewards that are made up, of an affiliate 660412
    #[arg(value_parser = url)]
    url: String,
    /// Its secrets, `credentials.reward_endpoint.signing`, instead of the development one
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// A member of every reward's body, as in `data.unit=credits`; may be given several
    /// times
    #[arg(long = "set", value_name = "PATH=VALUE")]
    edits: Vec<Edit>,
    /// A command of the shell that prints how often the reward of `$KEY` was given, for an
    /// endpoint whose answers do not tell
    #[arg(long, value_name = "COMMAND")]
    count: Option<String>,
    /// The time that an answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = at_least_one::<u32>)]
    timeout: u32,
    /// Number of the first reward, for rewards that came before; without it, they are new
    #[arg(long, value_name = "N")]
    first_id: Option<u64>,
    /// Print a line of JSON for each case and one for all of them, instead of text
    #[arg(long)]
    json: bool,
}

impl CheckEndpoint {
    /// Tries the endpoint; `false` unless it was right throughout.
    pub(super) async fn run(self) -> Result<bool, LocalError> {
        let secrets = SecretsFile::read(self.secrets.as_deref())?;
        let check = Check {
            url: self.url,
            keys: keys(&secrets)?,
            first: self.first_id.unwrap_or_else(unused),
            edits: self.edits,
            limit: Duration::from_secs(self.timeout.into()),
            count: self.count,
            client: Anywhere::anywhere("").map_err(|source| LocalError::Io {
                what: "the certificates that this machine trusts".to_owned(),
                source,
            })?,
        };
        let (mut right, mut all, columns) = (0_u32, 0_u32, width());
        let paint = Paint::on(io::stdout().is_terminal());
        let json = self.json;
        let mut printed = Ok(true);
        let mut line_of = |line: &str| {
            if printed.is_ok() {
                printed = print(line);
            }
        };
        let made = check.run(|case, verdict| {
            let (mark, name, said) = match verdict {
                Verdict::Right(said) => ("ok", "right", said),
                Verdict::Wrong(said) => ("WRONG", "wrong", said),
                Verdict::Unseen(said) => ("?", "unseen", said),
            };
            all += 1;
            right += u32::from(mark == "ok");
            if json {
                line_of(&json!({ "case": case.name(), "verdict": name, "says": said }).to_string());
                return;
            }
            let line = format!("{mark:<6} {:<27}  {said}", case.name());
            line_of(&paint.line(&fold(&line, HANG, columns)));
        });
        made.await?;
        printed?;
        if json {
            print(&json!({ "cases": all, "right": right }).to_string())?;
        } else if right < all {
            say(&format!("{right} of {all} as docs/rewards.md demands"));
        }
        Ok(right == all)
    }
}

/// The keys by which calls are signed.
fn keys(secrets: &SecretsFile) -> Result<Vec<Key>, LocalError> {
    let wrong = |problem: &str| LocalError::Content {
        file: secrets.name.clone(),
        problem: format!("credentials.reward_endpoint.signing {problem}"),
    };
    let signing = secrets.credentials().pointer("/reward_endpoint/signing");
    let signing = signing.and_then(Value::as_array).filter(|signing| !signing.is_empty());
    let signing = signing.ok_or_else(|| wrong("is no list of secrets"))?;
    let key = |secret: &Value| secret.as_str().and_then(Key::parse);
    let keys: Option<Vec<Key>> = signing.iter().map(key).collect();
    keys.ok_or_else(|| wrong("has a secret that is not whsec_ and base64"))
}

/// A number of a reward that did not come before: the time, with room for one check in a
/// millisecond.
fn unused() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default() * REWARDS
}
