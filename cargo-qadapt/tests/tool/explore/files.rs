//! Files of the project: a test of it is run, and its library is read beside what it does.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::explore::server::{Server, project, texts};

/// Makes the library as old as it was when it is dropped, so that other tests build nothing anew.
struct Age(SystemTime);

impl Age {
    fn of_library() -> Self {
        let metadata = fs::metadata(project().join("src/lib.rs")).expect("it is there");
        Self(metadata.modified().expect("it has a time"))
    }
}

impl Drop for Age {
    fn drop(&mut self) {
        let file = File::options().write(true).open(project().join("src/lib.rs")).expect("it can be opened");
        file.set_modified(self.0).expect("it can be as old as it was");
    }
}

/// Writes the library, and puts it back when it is dropped.
struct Edit {
    before: Vec<u8>,
}

impl Edit {
    fn of(text: &str) -> Self {
        let path = project().join("src/lib.rs");
        let before = fs::read(&path).expect("it can be read");
        fs::write(path, text).expect("it can be written");
        Self { before }
    }
}

impl Drop for Edit {
    fn drop(&mut self) {
        fs::write(project().join("src/lib.rs"), &self.before).expect("it can be written");
    }
}

/// The guards that were built in debug for files of the project.
fn guards() -> BTreeSet<OsString> {
    let folder = project().join("target/qadapt/explore/explored/own/qadapt/debug/deps");
    let files = fs::read_dir(&folder)
        .expect("what is built of the project")
        .map(|file| file.expect("a file").file_name());
    let is_guard = |name: &OsString| name.to_str().is_some_and(|name| name.starts_with("libqadapt-"));
    files.filter(is_guard).collect()
}

fn post(server: &Server, path: &str, body: &Value) -> (u16, String) {
    let origin = format!("http://{}", server.host);
    let headers = [("Host", server.host.as_str()), ("Origin", origin.as_str())];
    let answer = server.ask("POST", &format!("/{}/{path}", server.token), &headers, &body.to_string());
    (answer.status, answer.body)
}

#[test]
fn the_projects_sources_can_be_read_and_nothing_else() {
    let server = Server::start(&["--no-sandbox"]);
    let host = server.host.as_str();
    let about = server.ask("GET", &format!("/{}/project", server.token), &[("Host", host)], "").body;
    let about: Value = serde_json::from_str(&about).expect("JSON");
    assert_eq!(about["files"], json!(["build.rs", "src/lib.rs", "tests/boxes.rs"]));
    assert_eq!(about["targets"], json!([{ "kind": "test", "name": "boxes", "package": "explored" }]));
    let (status, text) = post(&server, "file", &json!({ "file": "src/lib.rs" }));
    assert_eq!((status, text.as_str()), (200, include_str!("project/lib.rs")));
    for file in ["Cargo.toml", "../../../Cargo.toml", "/etc/passwd", "src/none.rs", "src"] {
        assert_eq!(post(&server, "file", &json!({ "file": file })).0, 404, "{file}");
    }
}

#[test]
fn who_writes_a_file_is_told_of() {
    let server = Server::start(&["--no-sandbox"]);
    let (host, token) = (&server.host, &server.token);
    let mut stream = TcpStream::connect(host).expect("it listens");
    let ask = format!(
        "POST /{token}/changes HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    stream.write_all(ask.as_bytes()).expect("it reads");
    let mut lines = BufReader::new(stream).lines().map(|line| line.expect("it answers"));
    assert!(lines.any(|line| line.is_empty()), "the head ends");
    // It is watched once the head is there.
    let _age = Age::of_library();
    drop(Edit::of("//! Other text.\n"));
    assert!(lines.any(|line| line.contains("\"changed\"")), "a change is told");
}

#[test]
#[ignore = "needs bwrap, and builds: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn a_test_of_the_project_is_run() {
    let server = Server::start(&[]);
    let run = |name: &str| {
        let target = json!({ "kind": "test", "name": name, "package": "explored" });
        server.job(&json!({ "tab": "t", "target": target, "arguments": ["--test-threads=1"] }))
    };
    let events = run("boxes");
    assert_eq!(texts(&events, "failed"), "");
    let last = |kind: &str| events.iter().rfind(|event| event["event"] == kind);
    let report = last("report").expect("a report");
    assert_eq!(report["problems"], json!([]), "{report}");
    let report = &report["report"];
    let source = include_str!("project/lib.rs");
    let line = source.lines().position(|line| line.contains("Box::new")).expect("it is there") + 1;
    let lines = report["lines"].as_array().expect("lines");
    let found = lines
        .iter()
        .find(|found| found["file"] == "src/lib.rs" && found["line"] == line && found["op"] == "alloc")
        .unwrap_or_else(|| panic!("no line {line}: {lines:?}"));
    assert_eq!((&found["counts"][0]["estimate"], &found["counts"][0]["bytes"]), (&json!(1), &json!(8)));
    assert_eq!(last("proof").expect("a proof")["proofs"], json!([]), "no region is marked");
    // Nothing of a build is written where the user builds.
    assert!(!project().join("target/debug").exists() && !project().join("target/qadapt/debug").exists());
    // A mistake is at its line, in a file of the project.
    let _age = Age::of_library();
    let edit = Edit::of(&source.replace("Box::new(number)", "Box::new(\"\")"));
    let built = guards();
    assert!(!built.is_empty(), "the guard was built");
    let events = run("boxes");
    let wrong = events.iter().find(|event| event["event"] == "wrong").unwrap_or_else(|| panic!("{events:?}"));
    let mistake = &wrong["mistakes"][0];
    assert_eq!((&mistake["file"], &mistake["line"]), (&json!("src/lib.rs"), &json!(line)), "{wrong}");
    assert_eq!((&mistake["column"], &mistake["end_column"]), (&json!(14), &json!(16)), "{wrong}");
    assert_eq!(guards(), built, "a mistake builds no other guard");
    drop(edit);
    let events = run("none");
    assert!(texts(&events, "failed").contains("no test target named `none`"), "{events:?}");
}

#[test]
#[ignore = "needs Chromium and bwrap: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn the_page_follows_a_file_that_a_user_edits() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    browser.go(&server.address());
    browser.run(
        "const picker = document.getElementById('examples'); picker.value = 'file src/lib.rs';
         picker.dispatchEvent(new Event('change'))",
        &[],
    );
    let source = include_str!("project/lib.rs");
    let line = source.lines().position(|line| line.contains("Box::new")).expect("it is there") + 1;
    let mark =
        "return [...document.querySelectorAll('.gutter-debug .mark')].map((mark) => mark.ariaLabel).join()";
    let expected =
        |line: usize, bytes: u32| format!("line {line} in debug: 1 allocation, 0 frees, {bytes} B asked for");
    browser.wait(mark, &expected(line, 8));
    // Typing into it does nothing.
    browser.run("document.querySelector('.cm-content').focus()", &[]);
    browser.press("x");
    let text = "return document.querySelector('.cm-content').textContent";
    assert!(browser.wait(text, "Box::new").starts_with("//! What the build script"));
    let _age = Age::of_library();
    let longer = source
        .replace("Box::new(number)", "\n    let pair = Box::new((number, 1_u64));\n    Box::new(pair.0)");
    assert_ne!(longer, source);
    let edit = Edit::of(&longer);
    browser.wait(text, "let pair");
    browser.wait(mark, &expected(line + 1, 16));
    drop(edit);
    browser.wait(mark, &expected(line, 8));
    // A mistake is marked where it is.
    let edit = Edit::of(&source.replace("Box::new(number)", "Box::new(\"\")"));
    let built = guards();
    assert!(!built.is_empty(), "the guard was built");
    browser.wait("return document.querySelector('.cm-lintRange-error')?.textContent ?? ''", "\"\"");
    let said = "return document.querySelector('#answer').textContent";
    assert!(browser.wait(said, "mismatched types").contains(&format!("line {line}")));
    drop(edit);
    browser.wait(mark, &expected(line, 8));
    // Back to a snippet.
    browser.run(
        "const picker = document.getElementById('examples'); picker.value = 'question_box';
         picker.dispatchEvent(new Event('change'))",
        &[],
    );
    browser.wait(text, "Question 2");
    assert_eq!(browser.text("return String(document.getElementById('target').parentElement.hidden)"), "true");
}
