//! A real browser, spoken to over a pipe: the protocol of Chromium's developer tools,
//! JSON that ends with a NUL, on its descriptors 3 and 4.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::scratch::Scratch;

/// Names under which Chromium is installed.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// The longest time without a word of the browser's.
const SILENCE: Duration = Duration::from_mins(2);
/// A browser that asks for nothing by itself. Its own sandbox needs rights that a
/// container or root does not have; it sees this test's pages alone.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

/// A browser with one tab, in which scripts of pages do not run.
pub struct Browser {
    _process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    calls: u64,
    session: Option<String>,
    events: Vec<Value>,
    _profile: Scratch,
}

/// The program of a browser on this machine, if there is one.
#[must_use]
pub fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    NAMES.iter().flat_map(|name| folders.iter().map(move |of| of.join(name))).find(|of| of.exists())
}

impl Browser {
    /// Starts with an empty profile and without scripts.
    pub async fn start(program: PathBuf) -> Self {
        let profile = Scratch::new("browser");
        let mut process = Command::new("sh")
            // Its pipe is on other descriptors than a child's.
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#])
            .arg(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.text()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (to, from) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let from = BufReader::new(from);
        let (session, events) = (None, Vec::new());
        let mut browser =
            Self { _process: process, to, from, calls: 0, session, events, _profile: profile };
        let tab = browser.call("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": tab["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", attach).await;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Network", "Log", "Runtime", "Audits", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), json!({})).await;
        }
        let off = json!({ "value": true });
        browser.call("Emulation.setScriptExecutionDisabled", off).await;
        browser
    }

    /// Calls a method and gives its result.
    pub async fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut call = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            call["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{call}\0").as_bytes()).await.unwrap();
        loop {
            let message = self.read().await;
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    async fn read(&mut self) -> Value {
        let mut message = Vec::new();
        let read = tokio::time::timeout(SILENCE, self.from.read_until(0, &mut message)).await;
        assert!(read.unwrap().unwrap() > 0, "the browser has ended");
        message.pop();
        serde_json::from_slice(&message).unwrap()
    }

    /// Goes to an address and waits until all of it is there.
    pub async fn open(&mut self, url: &str) {
        self.forget_load();
        let went = self.call("Page.navigate", json!({ "url": url })).await;
        assert!(went["errorText"].is_null(), "{url}: {went}");
        self.loaded().await;
    }

    fn forget_load(&mut self) {
        self.events.retain(|event| event["method"] != "Page.loadEventFired");
    }

    /// Waits for a page.
    pub async fn loaded(&mut self) {
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.read().await;
            self.events.push(event);
        }
    }

    /// What happened since the last time that this was asked.
    pub fn happened(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }

    /// A screen of so many pixels, light or dark.
    pub async fn screen(&mut self, width: u32, height: u32, dark: bool) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", media).await;
    }

    /// The value of an expression in the page, of the test's own and no script of it.
    pub async fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", asked).await;
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Presses a key: `Tab`, or `Enter`.
    pub async fn press(&mut self, key: &str) {
        self.forget_load();
        let (code, text) = if key == "Tab" { (9, "") } else { (13, "\r") };
        for kind in ["keyDown", "keyUp"] {
            let mut params =
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                params["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", params).await;
        }
    }

    /// Types a text where the cursor is.
    pub async fn types(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    /// A picture of the page's upper part, as PNG.
    pub async fn picture(&mut self, width: u32, height: u32) -> Vec<u8> {
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let params = json!({ "format": "png", "clip": clip, "optimizeForSpeed": false });
        let picture = self.call("Page.captureScreenshot", params).await;
        STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()
    }
}
