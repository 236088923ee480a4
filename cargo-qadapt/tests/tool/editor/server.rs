//! rust-analyzer, spoken to over its standard input and output.
//!
//! <https://microsoft.github.io/language-server-protocol/specifications/base/0.9/specification/>

use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long the server may take: it reads a workspace, and cargo builds the guard.
const PATIENCE: Duration = Duration::from_secs(400);

/// A running server, which ends with this.
pub(crate) struct Server {
    child: Child,
    to: ChildStdin,
    said: Receiver<Value>,
}

impl Server {
    /// Starts it for a folder.
    pub(crate) fn start(root: &Path, options: &Value, variables: &[(&str, &Path)]) -> Self {
        let mut child = Command::new("rust-analyzer")
            .current_dir(root)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("rust-analyzer starts: rustup component add rust-analyzer");
        let to = child.stdin.take().expect("a pipe");
        let mut from = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, said) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut from) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut server = Self { child, to, said };
        server.send(&json!({ "id": 1, "method": "initialize", "params": {
            "processId": std::process::id(),
            "rootUri": uri(root),
            "workspaceFolders": [{ "uri": uri(root), "name": "radio" }],
            "capabilities": { "textDocument": { "publishDiagnostics": { "relatedInformation": true } } },
            "initializationOptions": options,
        }}));
        server.until(|message| (message["id"] == 1).then_some(()));
        server.notify("initialized", &json!({}));
        server
    }

    pub(crate) fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "method": method, "params": params }));
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server listens");
        self.to.flush().expect("the server listens");
    }

    /// Waits for a message of which something is wanted.
    #[track_caller]
    pub(crate) fn until<T>(&mut self, wanted: impl Fn(&Value) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let message = self.said.recv_timeout(end.saturating_duration_since(Instant::now()));
            let message = message.expect("the server answers in time");
            if let Some(found) = wanted(&message) {
                return found;
            }
            // It asks for settings and for progress; it gets none.
            if let (Some(id), Some(_)) = (message.get("id"), message.get("method")) {
                self.send(&json!({ "id": id, "result": null }));
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(from: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("Content-Length: ") {
            length = number.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

pub(crate) fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}
