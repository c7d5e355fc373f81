//! The page, for the operator's own browser on this machine.

mod act;
mod gate;
mod gone;
mod screens;

use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use clap::Args;
use shared::wire::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::OpsError;
use crate::page::frame;
use crate::target::{Target, TargetArgs};
use gate::{Admission, Gate};
use screens::{AGAIN, Asked, Screen};

/// The most of a form that is read, in bytes: hundreds of keys.
const FORM: usize = 256 * 1024;
/// The time between two looks whether anybody is still there.
const LOOK: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The port on this machine; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Rewards that wait may be let go on, in the name of this operator; without, the
    /// page is to be read only
    #[arg(long, value_name = "NAME", value_parser = crate::resume::args::said())]
    allow_resume: Option<String>,
    /// Shows personal data as well
    #[arg(long)]
    personal: bool,
    /// Ends after so many minutes in which nobody asked for anything
    #[arg(long, value_name = "MINUTES", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    idle: u32,
    /// Ends when its standard input does: with the program that started it, however that
    /// ends
    #[arg(long)]
    until_eof: bool,
}

/// All that a screen is made from.
struct Page {
    gate: Gate,
    args: TargetArgs,
    target: Target,
    allow_resume: Option<String>,
    personal: bool,
    /// The time of the last request of a person, in seconds since 1970.
    last: AtomicI64,
}

impl ServeArgs {
    /// Serves until nobody asks any more.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when the port is taken or the table is not found.
    pub(crate) async fn serve(&self, args: &TargetArgs, json: bool) -> Result<String, OpsError> {
        let target = args.open().await?;
        let failed = |error: std::io::Error| OpsError::Failed(format!("the page: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let page = Arc::new(Page {
            gate: Gate::new(port)?,
            args: args.clone(),
            target,
            allow_resume: self.allow_resume.clone(),
            personal: self.personal,
            last: AtomicI64::new(Timestamp::now().seconds()),
        });
        say(&self.greeting(&page.gate.address(), json)).map_err(failed)?;
        let router = Router::new().fallback(answer).with_state(Arc::clone(&page));
        let idle = i64::from(self.idle).saturating_mul(60);
        let over = async move {
            let quiet =
                || Timestamp::now().seconds().saturating_sub(page.last.load(Ordering::Relaxed));
            while quiet() < idle {
                tokio::time::sleep(LOOK).await;
            }
        };
        // An open connection of a browser does not keep it.
        let why = tokio::select! {
            served = axum::serve(listener, router) => {
                served.map_err(failed)?;
                "it was stopped".to_owned()
            }
            () = over => format!("nobody asked for anything in {} min", self.idle),
            () = end_of_input(), if self.until_eof => "its standard input ended".to_owned(),
        };
        Ok(Self::ending(&why, json))
    }

    fn ending(why: &str, json: bool) -> String {
        if json { serde_json::json!({ "ended": why }).to_string() } else { format!("ended: {why}") }
    }

    fn greeting(&self, address: &str, json: bool) -> String {
        if json {
            return serde_json::json!({ "address": address }).to_string();
        }
        let may = match &self.allow_resume {
            Some(name) => format!("{name} may let rewards go on"),
            None => "to be read only".to_owned(),
        };
        let personal = if self.personal { ", personal data included" } else { "" };
        format!(
            "{address}\n\nOpen it once; the key is used up then. Only this machine reaches it; \
             {may}{personal}.\nCtrl-C ends it, or {} min without a request.",
            self.idle
        )
    }
}

/// Resolves when standard input ends; what comes in before is dropped.
async fn end_of_input() {
    let (ended, has_ended) = oneshot::channel();
    // A thread of its own, which the end of the program does not wait for.
    std::thread::spawn(move || {
        // An input that cannot be read has ended, too.
        drop(std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()));
        let _ = ended.send(());
    });
    let _ = has_ended.await;
}

fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Answers a request of anybody.
async fn answer(State(page): State<Arc<Page>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let screen = match page.gate.admits(&head.method, &head.uri, &head.headers) {
        Admission::Refused(why) => return Page::plain(StatusCode::FORBIDDEN, why),
        Admission::Cookie(cookie) => return to_the_start(&cookie),
        Admission::Come => {
            let asked = Asked::of(&head.uri);
            if asked.value(AGAIN).is_none() {
                page.last.store(Timestamp::now().seconds(), Ordering::Relaxed);
            }
            match head.method {
                Method::GET | Method::HEAD => page.screen(&asked).await,
                Method::POST => page.form(&asked, body).await,
                _ => return Page::plain(StatusCode::METHOD_NOT_ALLOWED, "only to be looked at"),
            }
        }
    };
    screen.map_or_else(|error| page.problem(&error), Page::response)
}

impl Page {
    async fn form(&self, asked: &Asked, body: Body) -> Result<Screen, OpsError> {
        let Some(by) = &self.allow_resume else {
            return self.refused("this page is to be read only: --allow-resume NAME");
        };
        let Ok(bytes) = to_bytes(body, FORM).await else {
            return self.refused("the form is too large");
        };
        let form = act::Form::of(&bytes);
        if !self.gate.is_token(&form.token) {
            return self.refused("the form is from another page: look at it again");
        }
        self.act(asked, &form, by).await
    }

    fn refused(&self, why: &str) -> Result<Screen, OpsError> {
        let frame = frame(&self.args, true)?;
        let html = page::told(&frame, "Refused", why);
        Ok(Screen { status: StatusCode::FORBIDDEN, ..Screen::of(&frame, html) })
    }

    fn problem(&self, error: &OpsError) -> Response {
        let (status, title) = match error {
            OpsError::No(_) | OpsError::Found(_) => (StatusCode::NOT_FOUND, "Nothing there"),
            OpsError::Failed(_) => (StatusCode::BAD_GATEWAY, "It could not be read"),
        };
        let frame = match frame(&self.args, true) {
            Ok(frame) => frame,
            Err(error) => return Self::plain(status, &error.to_string()),
        };
        let html = page::told(&frame, title, &allowed(&error.to_string()));
        Self::response(Screen { status, ..Screen::of(&frame, html) })
    }

    fn response(screen: Screen) -> Response {
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{}'; form-action 'self'; frame-ancestors 'none'; \
             base-uri 'none'",
            screen.nonce
        );
        let mut of: Vec<(HeaderName, String)> = vec![
            (header::CONTENT_TYPE, screen.content_type.to_owned()),
            (header::CONTENT_SECURITY_POLICY, policy),
        ];
        of.extend(screen.refresh.map(|refresh| (header::REFRESH, refresh)));
        of.extend(
            screen.file.map(|name| {
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
            }),
        );
        respond(screen.status, &of, screen.body)
    }

    /// A short answer for whoever has not come in.
    fn plain(status: StatusCode, says: &str) -> Response {
        let policy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";
        let of = [
            (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
            (header::CONTENT_SECURITY_POLICY, policy.to_owned()),
        ];
        respond(status, &of, format!("{says}\n"))
    }
}

fn to_the_start(cookie: &str) -> Response {
    let of = [
        (header::LOCATION, "/".to_owned()),
        (header::SET_COOKIE, cookie.to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'".to_owned()),
    ];
    respond(StatusCode::SEE_OTHER, &of, String::new())
}

fn respond(status: StatusCode, of: &[(HeaderName, String)], body: String) -> Response {
    let mut response = Response::builder()
        .status(status)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    for (name, value) in of {
        response = response.header(name, value);
    }
    // A header that cannot be sent would be a mistake of this program.
    response.body(Body::from(body)).unwrap_or_else(|_| {
        let mut failed = Response::new(Body::empty());
        *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}

/// A problem in words: what may not be read is named as such.
pub(crate) fn allowed(problem: &str) -> String {
    if problem.contains("AccessDenied") && !problem.contains("not allowed") {
        return format!("not allowed: {problem}");
    }
    problem.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_lines_are_json_where_that_is_asked_for() {
        let serve =
            ServeArgs { port: 0, allow_resume: None, personal: false, idle: 5, until_eof: false };
        let ending = ServeArgs::ending("nobody is there", true);
        for line in [serve.greeting("http://127.0.0.1:1/?key=x", true), ending] {
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert!(line["address"].is_string() || line["ended"].is_string(), "{line}");
        }
        assert_eq!(ServeArgs::ending("nobody is there", false), "ended: nobody is there");
    }
}
