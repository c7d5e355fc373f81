//! `cargo ops serve` against a stage, and a client that says what it likes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use local::build_functions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A running page. It ends with this.
pub struct OpsPage {
    process: Child,
    /// Host and port, as they are printed.
    pub host: String,
    /// The printed address, with its key.
    pub address: String,
}

/// An answer of the page.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The head, in lower case but for the values.
    pub head: String,
    /// The body.
    pub body: String,
}

impl OpsPage {
    /// Starts it against the table at an endpoint.
    pub async fn start(dynamodb: &str, words: &[&str]) -> Self {
        Self::start_in(Path::new("."), dynamodb, words).await
    }

    /// Starts it in a folder.
    pub async fn start_in(folder: &Path, dynamodb: &str, words: &[&str]) -> Self {
        let ops = build_functions(None).await.unwrap().join("affiliate-ops");
        let mut command = Command::new(ops);
        command.current_dir(folder);
        command.args(["--json", "--local", "--dynamodb", dynamodb, "serve"]).args(words);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = process.stdout.take().unwrap();
        // The engines that it asks run on this thread.
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(out).read_line(&mut line).unwrap();
            line
        });
        let line: serde_json::Value = serde_json::from_str(&line.await.unwrap()).unwrap();
        let address = line["address"].as_str().unwrap().to_owned();
        let host = address.trim_start_matches("http://").split('/').next().unwrap().to_owned();
        Self { process, host, address }
    }

    /// Opens the printed address as a browser does, and gives the cookie.
    pub async fn enter(&self) -> String {
        let path = self.address.split_once(&self.host).unwrap().1;
        let answer = self.ask("GET", path, &[("Host", &self.host)], "").await;
        assert_eq!(answer.status, 303, "{answer:?}");
        assert_eq!(answer.header("location").as_deref(), Some("/"));
        answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }

    /// Looks at a path with the cookie.
    pub async fn look(&self, cookie: &str, path: &str) -> Answer {
        self.ask("GET", path, &[("Host", &self.host), ("Cookie", cookie)], "").await
    }

    /// Sends a form with the cookie from a page of its own.
    pub async fn post(&self, cookie: &str, path: &str, form: &str) -> Answer {
        let origin = format!("http://{}", self.host);
        let headers = [("Host", self.host.as_str()), ("Cookie", cookie), ("Origin", &origin)];
        self.ask("POST", path, &headers, form).await
    }

    /// Sends exactly this.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let headers: String =
            headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        let head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n{headers}");
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(&self.host).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }
}

impl Answer {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(of, _)| of.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.to_owned())
    }
}

impl Drop for OpsPage {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
