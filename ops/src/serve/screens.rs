//! The screens, each read anew.

use answers::Role;
use axum::http::{StatusCode, Uri};
use page::Frame;
use percent_encoding::percent_decode_str;
use shared::ledger::Partition;

use super::{Page, allowed};
use crate::OpsError;
use crate::affiliate;
use crate::find;
use crate::inbox::{Inbox, InboxArgs};
use crate::neighbours::did_you_mean;
use crate::now::overview;
use crate::page::frame;
use crate::requests::of_event::LogArgs;
use crate::show::Shown;
use crate::story::Story;
use crate::wiring::wired;

/// The parameter of a request that nobody made: the screen that reloads itself.
pub(super) const AGAIN: &str = "again";
/// Seconds after which screen *Now* is made anew.
const REFRESH_SECONDS: u32 = 30;
/// The objects of somebody that are read unless all are asked for: as many as are there
/// at once, however many there are.
const LATEST: usize = 200;
/// The rows of the inbox.
const INBOX: u32 = 25;
const HTML: &str = "text/html; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8";

/// What is sent.
pub(super) struct Screen {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) nonce: String,
    pub(super) refresh: Option<String>,
    /// The name of the file, where it is one to keep.
    pub(super) file: Option<&'static str>,
    pub(super) body: String,
}

impl Screen {
    pub(super) fn of(frame: &Frame, body: String) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: HTML,
            nonce: frame.nonce.clone(),
            refresh: None,
            file: None,
            body,
        }
    }
}

/// What was asked for: the parts of the path, decoded, and the query.
#[derive(Debug)]
pub(super) struct Asked {
    path: Vec<String>,
    query: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn of(uri: &Uri) -> Self {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let path = uri.path().split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self { path, query: query.into_owned().collect() }
    }

    /// The value of a parameter that is not empty.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.whole(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The value of a parameter with the white space around it.
    fn whole(&self, name: &str) -> Option<&str> {
        let value = self.query.iter().find(|(of, _)| of == name);
        value.map(|(_, value)| value.as_str())
    }

    /// The parts of the path.
    pub(super) fn path(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }
}

impl Page {
    /// The screen that was asked for.
    ///
    /// # Errors
    /// [`OpsError`] when there is nothing, or it cannot be read.
    pub(super) async fn screen(&self, asked: &Asked) -> Result<Screen, OpsError> {
        let frame = frame(&self.args, true)?;
        match asked.path().as_slice() {
            [] => self.now(&frame).await,
            ["waiting"] => self.waiting(&frame, asked).await,
            ["inbox"] => self.inbox(&frame).await,
            ["wiring"] => Ok(Screen::of(&frame, wired(&self.args).await?.page(&frame))),
            ["find"] => self.find(&frame, asked.value("q").unwrap_or_default()).await,
            ["affiliate", provider, id] => {
                self.person(&frame, (provider, id), Role::Affiliate, asked).await
            }
            ["customer", provider, id] => {
                self.person(&frame, (provider, id), Role::Customer, asked).await
            }
            ["story", provider, kind, id] => self.story(&frame, provider, kind, id).await,
            ["show", provider, kind, id] => {
                self.show(&frame, (provider, kind, id), asked.whole("event")).await
            }
            _ => Err(OpsError::No("there is no such page".into())),
        }
    }

    async fn now(&self, frame: &Frame) -> Result<Screen, OpsError> {
        let now = overview(&self.args, &self.target.store).await?;
        let page = now.page(&self.args, frame).await;
        let refresh = Some(format!("{REFRESH_SECONDS}; url=/?{AGAIN}=1"));
        Ok(Screen { refresh, ..Screen::of(frame, page) })
    }

    async fn inbox(&self, frame: &Frame) -> Result<Screen, OpsError> {
        let inbox = Inbox::read(&self.target.store, &InboxArgs::of(INBOX)).await?;
        Ok(Screen::of(frame, inbox.page(frame)))
    }

    async fn find(&self, frame: &Frame, id: &str) -> Result<Screen, OpsError> {
        if id.is_empty() {
            return Err(OpsError::No("say an id: of a reward, an object, a person".into()));
        }
        let (args, store, log) = (&self.args, &self.target.store, LogArgs::default());
        let found = find::findings(args, store, id, &log, self.personal).await?;
        Ok(Screen::of(frame, found.page(frame)))
    }

    async fn person(
        &self,
        frame: &Frame,
        (provider, id): (&str, &str),
        role: Role,
        asked: &Asked,
    ) -> Result<Screen, OpsError> {
        let csv = asked.value("as") == Some("csv");
        let all = csv || asked.value("all").is_some();
        let most = (!all).then_some(LATEST);
        let person =
            affiliate::person(&self.target, (provider, id), role, most, self.personal).await?;
        if person.is_nobody() {
            let store = &self.target.store;
            return Err(affiliate::nobody(&self.args, store, (provider, id), role).await);
        }
        if csv {
            let csv = Screen::of(frame, affiliate::table(&person));
            return Ok(Screen { content_type: CSV, file: Some("rewards.csv"), ..csv });
        }
        Ok(Screen::of(frame, affiliate::page(&self.args, frame, &person, role.kind().name())))
    }

    async fn story(
        &self,
        frame: &Frame,
        provider: &str,
        kind: &str,
        id: &str,
    ) -> Result<Screen, OpsError> {
        let pk = partition(provider, kind, id)?;
        let (store, age) = (&self.target.store, self.target.max_age_seconds);
        if let Some(story) = Story::read(store, &pk, age, self.personal).await? {
            return Ok(Screen::of(frame, story.page(frame)));
        }
        let nothing = format!("nothing is recorded under {pk}");
        Err(did_you_mean(&self.args, store, &nothing, &pk).await)
    }

    async fn show(
        &self,
        frame: &Frame,
        (provider, kind, id): (&str, &str, &str),
        identity: Option<&str>,
    ) -> Result<Screen, OpsError> {
        let pk = partition(provider, kind, id)?;
        let shown = Shown::at(&self.target.store, pk, identity, self.personal).await?;
        Ok(Screen::of(frame, shown.page(frame)))
    }

    /// What could not be read, in words.
    pub(super) fn gap(what: &str, error: &OpsError) -> String {
        format!("{what}: {}", allowed(&error.to_string()))
    }
}

fn partition(provider: &str, kind: &str, id: &str) -> Result<Partition, OpsError> {
    let no = |_| OpsError::No("no provider and no kind has a # in its name".into());
    Partition::new(provider, kind, id).map_err(no)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart_before_it_is_decoded() {
        let asked = Asked::of(&Uri::from_static("/story/p/commission/a%2Fb%20%23c?q=+x+&again="));
        assert_eq!(asked.path(), ["story", "p", "commission", "a/b #c"]);
        assert_eq!((asked.value("q"), asked.value("again")), (Some("x"), None));
        assert_eq!(asked.whole("q"), Some(" x "));
    }
}
