//! A running explorer, and what it is asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

/// A server that ends with the test.
pub(crate) struct Server {
    process: Child,
    /// One explorer at a time has the project.
    _turn: MutexGuard<'static, ()>,
    /// `127.0.0.1:PORT`.
    pub(crate) host: String,
    pub(crate) token: String,
}

/// A status and a body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// The folder of a project whose build script tries to get out, and whose library says what it could do.
pub(crate) fn project() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explored");
        let repository =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository");
        for inner in ["src", "tests"] {
            std::fs::create_dir_all(folder.join(inner)).expect("the folder can be made");
        }
        let manifest = format!(
            "[package]\nname = \"explored\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [features]\nspecial = []\n\n\
             [dependencies]\nqadapt.path = \"{}\"\n",
            repository.join("qadapt").display()
        );
        let write =
            |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("it can be written");
        write("Cargo.toml", &manifest);
        write("build.rs", include_str!("project/build.rs"));
        write("src/lib.rs", include_str!("project/lib.rs"));
        write("tests/boxes.rs", include_str!("project/boxes.rs"));
        std::fs::copy(repository.join("Cargo.lock"), folder.join("Cargo.lock")).expect("it can be copied");
        folder
    });
    made.clone()
}

/// `cargo qadapt explore ARGS` in that project.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
    command
        .args(["qadapt", "explore"])
        .args(args)
        .current_dir(project())
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS");
    command
}

/// Waits until no other explorer has the project.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::of(&mut command(args))
    }

    /// What this command starts.
    pub(crate) fn of(command: &mut Command) -> Self {
        let turn = turn();
        let mut process =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the command starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it prints an address");
        let (_, rest) = line.trim().split_once("://").unwrap_or_else(|| panic!("no address: {line:?}"));
        let (host, path) = rest.split_once('/').expect("a path");
        Self { process, _turn: turn, host: host.to_owned(), token: path.trim_end_matches('/').to_owned() }
    }

    /// How many jobs have a folder.
    #[expect(clippy::unused_self, reason = "they are those of this server")]
    pub(crate) fn jobs(&self) -> usize {
        let folder = project().join("target/qadapt/explore/explored/jobs");
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }

    /// The address that it printed.
    pub(crate) fn address(&self) -> String {
        format!("http://{}/{}/", self.host, self.token)
    }

    /// Sends these very bytes, and reads what comes until the end.
    pub(crate) fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.host).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("it answers");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// A request with these headers.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut lines = String::new();
        for (name, value) in headers {
            for part in [name, ": ", value, "\r\n"] {
                lines.push_str(part);
            }
        }
        let length = body.len();
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nConnection: close\r\n{lines}Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    /// What is told of a job, as its page asks for it.
    pub(crate) fn job(&self, job: &Value) -> Vec<Value> {
        let origin = format!("http://{}", self.host);
        let response = minreq::post(format!("{}run", self.address()))
            .with_header("Origin", origin)
            .with_body(job.to_string())
            .send()
            .expect("it answers");
        let text = response.as_str().expect("UTF-8");
        assert_eq!(response.status_code, 200, "{text}");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// The same for a snippet alone.
    pub(crate) fn snippet(&self, code: &str) -> Vec<Value> {
        self.job(&json!({ "tab": "test", "code": code }))
    }
}

/// The texts of the events of one kind.
pub(crate) fn texts(events: &[Value], kind: &str) -> String {
    let of_kind = events.iter().filter(|event| event["event"] == kind);
    of_kind.map(|event| event["text"].as_str().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
