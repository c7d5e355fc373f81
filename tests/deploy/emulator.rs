//! The running emulator, and calls of it as AWS.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::tools::{Tools, beside, signed_in, tail};

/// The emulator. It ends when this is dropped, and when this program ends in any other way: its standard input ends then.
pub struct Emulator {
    /// Its endpoint.
    pub endpoint: String,
    process: Child,
    log: PathBuf,
    aws: Mutex<Caller>,
}

/// A process that makes calls, one after the other.
struct Caller {
    process: Child,
    calls: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Emulator {
    /// Starts it, with IAM enforced.
    pub fn start(tools: &Tools) -> Self {
        let venv = tools.ministack();
        let log = tools.scratch("ministack.log");
        let scratch = tools.scratch("ministack");
        drop(std::fs::remove_dir_all(&scratch));
        std::fs::create_dir_all(&scratch).unwrap();
        let mut process = std::process::Command::new(venv.command("python"))
            .arg(beside("emulator.py"))
            .env_clear()
            .env("AUTH", "true")
            .env("BIND_HOST", "127.0.0.1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("TMPDIR", &scratch)
            .env("S3_DATA_DIR", scratch.join("s3"))
            .current_dir(&scratch)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let port: u16 = port.trim().parse().unwrap_or_else(|_| {
            panic!("MiniStack does not start:\n{}", said(&log));
        });
        let endpoint = format!("http://127.0.0.1:{port}");
        let aws = Mutex::new(Caller::start(tools, &endpoint));
        Self { endpoint, process, log, aws }
    }

    /// Calls AWS, by the names of boto3. The error is its code and what it says.
    pub fn try_call(
        &self,
        service: &str,
        operation: &str,
        parameters: &Value,
    ) -> Result<Value, String> {
        let mut aws = self.aws.lock().unwrap();
        let call = json!([service, operation, parameters]);
        writeln!(aws.calls.as_mut().unwrap(), "{call}").unwrap();
        let mut answer = String::new();
        aws.answers.read_line(&mut answer).unwrap();
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        match answer["error"].as_str() {
            None => Ok(answer["ok"].take()),
            Some(code) => Err(format!("{code}: {}", answer["message"])),
        }
    }

    /// Calls AWS, which has to take the call.
    #[track_caller]
    pub fn call(&self, service: &str, operation: &str, parameters: &Value) -> Value {
        let answer = self.try_call(service, operation, parameters);
        answer.unwrap_or_else(|refused| panic!("{service} {operation}: {refused}"))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the end of MiniStack's log:\n{}", said(&self.log));
        }
        drop(self.process.stdin.take());
        drop(self.process.wait());
    }
}

fn said(log: &PathBuf) -> String {
    tail(&std::fs::read_to_string(log).unwrap_or_default())
}

impl Caller {
    fn start(tools: &Tools, endpoint: &str) -> Self {
        let venv = tools.ministack();
        let mut process = tools
            .command(&venv.command("python"))
            .arg(beside("aws.py"))
            .envs(signed_in(endpoint))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let calls = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, calls, answers }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        drop(self.calls.take());
        drop(self.process.wait());
    }
}
