//! The tools that README.md names, in environments of their own, and how they are called.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use local::dev_secrets;
use serde_json::Value;

/// A package list of pip for each environment, as `.ci/run` reads them too.
const SAM: &str = include_str!("sam.txt");
const BUILD: &str = include_str!("build.txt");
const MINISTACK: &str = include_str!("ministack.txt");

/// What programs of other people may know of the caller's environment: where toolchains, caches and the network are.
const HANDED_ON: [&str; 17] = [
    "CARGO_HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "NO_PROXY",
    "PATH",
    "PIP_CERT",
    "PIP_INDEX_URL",
    "REQUESTS_CA_BUNDLE",
    "RUSTUP_DIST_SERVER",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "SSL_CERT_FILE",
    "XDG_CACHE_HOME",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// The tail of a log that a failure shows, in lines.
const TAIL: usize = 60;

/// Where the tools and all that they write are.
#[derive(Debug, Clone)]
pub struct Tools {
    target: PathBuf,
}

/// A Python environment.
#[derive(Debug, Clone)]
pub struct Venv(PathBuf);

impl Venv {
    /// The folder of its commands.
    pub fn bin(&self) -> PathBuf {
        self.0.join("bin")
    }

    /// One of its commands.
    pub fn command(&self, name: &str) -> PathBuf {
        self.bin().join(name)
    }
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// A file beside this one.
pub fn beside(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

impl Tools {
    /// Those of the target folder that this program was built into.
    pub fn new() -> Self {
        let exe = std::env::current_exe().unwrap();
        let target = exe.ancestors().nth(3).unwrap().to_path_buf();
        std::fs::create_dir_all(target.join("ci")).unwrap();
        std::fs::create_dir_all(target.join("deploy/home")).unwrap();
        Self { target }
    }

    /// A path for what comes and goes with a run.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.target.join("deploy").join(name)
    }

    /// The SAM CLI alone, for a stack that is built already.
    pub fn sam(&self) -> Venv {
        self.venv("sam", &[SAM])
    }

    /// The SAM CLI with what it builds with, as README.md says.
    pub fn sam_with_build(&self) -> Venv {
        let readme = std::fs::read_to_string(workspace().join("README.md")).unwrap();
        let packages: Vec<_> =
            [SAM, BUILD].iter().flat_map(|list| list.split_whitespace()).collect();
        let said = format!("pip install {}", packages.join(" "));
        assert!(readme.contains(&said), "README.md does not say: {said}");
        self.venv("sam-build", &[SAM, BUILD])
    }

    /// The emulator, and the AWS SDK for Python.
    pub fn ministack(&self) -> Venv {
        self.venv("ministack", &[MINISTACK])
    }

    /// An environment with just these packages, made once: the twin of `venv` in `.ci/run`.
    fn venv(&self, name: &str, lists: &[&str]) -> Venv {
        let packages: Vec<_> = lists.iter().flat_map(|list| list.split_whitespace()).collect();
        let dir = self.target.join("ci").join(name);
        let venv = Venv(dir.clone());
        let (complete, wanted) = (dir.join("complete"), packages.join(" "));
        if std::fs::read_to_string(&complete).is_ok_and(|made| made.trim() == wanted) {
            return venv;
        }
        println!("fetching {wanted}");
        // What is there may be half of one, or an older one.
        drop(std::fs::remove_dir_all(&dir));
        run(self.command(Path::new("python3")).args(["-m", "venv"]).arg(&dir));
        let pip = venv.command("pip");
        let mut install = self.command(&pip);
        install.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages);
        run(&mut install);
        std::fs::write(complete, wanted + "\n").unwrap();
        venv
    }

    /// A program with a small environment, whose home is the target folder.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().stdin(Stdio::null());
        for name in HANDED_ON {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
        for (name, folder) in
            [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup"), ("XDG_CACHE_HOME", ".cache")]
        {
            if std::env::var_os(name).is_none() {
                command.env(name, home.join(folder));
            }
        }
        command
            .env("HOME", self.scratch("home"))
            .env("TMPDIR", self.scratch("home"))
            .env("CARGO_TARGET_DIR", &self.target)
            .env("SAM_CLI_TELEMETRY", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(workspace());
        command
    }

    /// [`Tools::command`], with the commands of an environment before all others.
    pub fn command_of(&self, venv: &Venv, name: &str) -> Command {
        let mut command = self.command(&venv.command(name));
        let mut path = OsString::from(venv.bin());
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        command.env("PATH", path);
        command
    }
}

/// The variables by which AWS's tools and SDKs find the emulator, as its root.
pub fn signed_in(endpoint: &str) -> BTreeMap<&'static str, String> {
    [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_ENDPOINT_URL", endpoint),
        ("NO_PROXY", "127.0.0.1,localhost"),
        ("no_proxy", "127.0.0.1,localhost"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// Runs a command to its end, which has to be a good one. What it said is shown where it is not.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let complained = String::from_utf8_lossy(&output.stderr);
        let (program, status) = (Path::new(command.get_program()).display(), output.status);
        panic!("{program}: {status}\n{}\n{}", tail(&said), tail(&complained));
    }
    said
}

/// The last lines of a text, with a mark in place of every secret.
pub fn tail(text: &str) -> String {
    fn secrets(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::String(text) => into.push(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| secrets(value, into)),
            Value::Object(members) => members.values().for_each(|value| secrets(value, into)),
            _ => {}
        }
    }
    let lines: Vec<_> = text.lines().collect();
    let mut shown = lines[lines.len().saturating_sub(TAIL)..].join("\n");
    let mut known = Vec::new();
    secrets(&dev_secrets(), &mut known);
    // A short text is a word of the secrets' form, such as a policy.
    for secret in known.iter().filter(|secret| secret.len() > 8) {
        shown = shown.replace(secret, "[secret]");
    }
    shown
}
