//! The page says what the command line says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use cargo_qadapt::explore::examples::EXAMPLES;
use cargo_qadapt::explore::snippet::Program;
use serde_json::{Value, json};

use crate::explore::server::{Server, project, texts};

/// Snippets besides the examples: the project's own crate, regions with verdicts of each kind, ways to end.
const MORE: [(&str, &str); 6] = [
    ("the project's crate", "let number = explored::boxed(3);\nprintln!(\"{number}\");"),
    ("a proven region", "#[allocate_panic]\nfn add() -> u64 {\n    std::hint::black_box(1) + 1\n}"),
    (
        "an unknown region",
        "#[allocate_panic]\nfn call() {\n    std::hint::black_box(work as fn())();\n}\nfn work() {}",
    ),
    (
        "a permit",
        "#[allocate_panic]\nfn some() {\n    qadapt::permit_alloc(|| std::hint::black_box(vec![1]));\n}",
    ),
    ("it fails", "let list = vec![1_u8; 7];\nstd::hint::black_box(&list);\nstd::process::exit(3);"),
    ("a panic", "let list = vec![1_u8; 7];\nstd::hint::black_box(&list);\npanic!(\"{}\", list.len());"),
];

/// The same for what may wait, of which a proof is asked: verdicts of each kind.
const WAITING: [(&str, &str); 2] = [
    ("a sleep", "std::thread::sleep(std::time::Duration::from_millis(1));"),
    (
        "regions that may wait",
        "#[allocate_panic]\nfn add() -> u64 {\n    std::hint::black_box(1) + 1\n}\n\
         #[allocate_panic]\nfn call() {\n    std::hint::black_box(work as fn())();\n}\nfn work() {}\n\
         #[allocate_panic]\nfn yields() {\n    std::thread::park_timeout(std::time::Duration::from_millis(1));\n}",
    ),
];

/// The package that the explorer makes of snippets, in a folder where the command is run.
struct Package {
    folder: PathBuf,
}

impl Package {
    /// Made once the explorer has built what snippets depend on, which is not built again.
    fn new() -> Self {
        let home = project().join("target/qadapt/explore/explored");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explored-cli");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src")).expect("the folder can be made");
        for name in ["Cargo.toml", "Cargo.lock"] {
            fs::copy(home.join("lock").join(name), folder.join(name)).expect("it can be copied");
        }
        let copied = Command::new("cp")
            .args(["-r", "--preserve=timestamps"])
            .args([home.join("built"), folder.join("target")])
            .status();
        assert!(copied.is_ok_and(|status| status.success()), "what the explorer built can be copied");
        Self { folder }
    }

    /// The audit and the proofs of a snippet, as the command prints them.
    fn answers(&self, code: &str, blocking: bool) -> (Value, Value) {
        fs::write(self.folder.join("src/main.rs"), Program::of(code, None).text).expect("it can be written");
        let audit = command_line(&self.folder, &["audit", "--whole-program"]).expect("an audit");
        let mut prove = vec!["prove", "--profile", "release"];
        prove.extend(blocking.then_some("--blocking"));
        // Without an attribute there is no region, and the command would say so.
        let marked = code.contains("#[").then(|| command_line(&self.folder, &prove)).flatten();
        let proven = marked
            .or_else(|| command_line(&self.folder, &[&prove[..], &["--function", "^snippet::"]].concat()))
            .expect("a proof");
        (audit, proven)
    }
}

/// What the command prints in JSON.
fn command_line(folder: &Path, args: &[&str]) -> Option<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"))
        .args(args)
        .args(["--format", "json"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_NET_OFFLINE", "true")
        // As the explorer builds, so that nothing is built anew.
        .env("QADAPT_INSTALL", "0")
        .env_remove("RUSTFLAGS")
        // In the sandbox there is none of it, and it makes a panic allocate.
        .env_remove("RUST_BACKTRACE")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the command starts");
    serde_json::from_slice(&output.stdout).ok()
}

/// The lines of the snippet that a report has: place, operation, and figures of each profile.
fn lines(report: &Value) -> Vec<String> {
    let lines = report["lines"].as_array().expect("lines");
    let own = lines.iter().filter(|line| line["file"] == "src/main.rs");
    let mut shown: Vec<String> = own
        .map(|line| {
            let counts = line["counts"].as_array().expect("counts").iter();
            let counts: Vec<String> =
                counts.map(|counts| format!("{} {}", counts["estimate"], counts["bytes"])).collect();
            format!("{} {} {} {} {:?}", line["line"], line["op"], line["mark"], line["called"], counts)
        })
        .collect();
    shown.sort();
    shown
}

fn regions(report: &Value) -> Vec<String> {
    let regions = report["regions"].as_array().expect("regions");
    let mut shown: Vec<String> = regions
        .iter()
        .map(|region| {
            format!("{} {} {} {}", region["kind"], region["name"], region["line"], region["counts"])
        })
        .collect();
    shown.sort();
    shown
}

/// Region, answer and the kinds of its paths.
fn verdicts(proofs: &Value) -> Vec<String> {
    let verdicts =
        proofs.as_array().into_iter().flatten().filter_map(|proof| proof["verdicts"].as_array()).flatten();
    let mut shown: Vec<String> = verdicts
        .map(|verdict| {
            let paths = verdict["paths"].as_array().expect("paths").iter();
            let paths: Vec<String> =
                paths.map(|path| format!("{} {}", path["what"], path["always"])).collect();
            format!("{} {} {paths:?}", verdict["region"], verdict["answer"])
        })
        .collect();
    shown.sort();
    shown
}

#[test]
#[ignore = "needs bwrap, and builds: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn thirty_snippets_are_answered_as_on_the_command_line() {
    let server = Server::start(&[]);
    // Which of its threads frees last is a race.
    let examples = EXAMPLES.iter().filter(|example| example.name != "thread_spawn");
    let all = examples.map(|example| (example.name, example.code)).chain(MORE);
    let snippets: Vec<(&str, &str, bool)> = all
        .map(|(name, code)| (name, code, false))
        .chain(WAITING.map(|(name, code)| (name, code, true)))
        .collect();
    assert!(snippets.len() >= 30, "only {}", snippets.len());
    server.snippet("let one = 1;");
    let package = Package::new();
    // The page and the command at the same time: each leaves half of a small machine idle.
    let (pages, commands): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let commands = scope
            .spawn(|| snippets.iter().map(|(_, code, blocking)| package.answers(code, *blocking)).collect());
        let page = |(_, code, blocking): &(&str, &str, bool)| {
            server.job(&json!({ "tab": "test", "code": code, "how": { "blocking": blocking } }))
        };
        let pages = snippets.iter().map(page).collect();
        (pages, commands.join().expect("the command answers"))
    });
    let mut different = Vec::new();
    for (((name, ..), events), (audit, proven)) in snippets.iter().zip(pages).zip(commands) {
        assert_eq!(texts(&events, "failed"), "", "{name}");
        let last = |kind: &str| events.iter().rfind(|event| event["event"] == kind);
        let report = &last("report").unwrap_or_else(|| panic!("{name}: {events:?}"))["report"];
        let proofs = &last("proof").unwrap_or_else(|| panic!("{name}: {events:?}"))["proofs"];
        for (what, page, command) in [
            ("lines", lines(report), lines(&audit)),
            ("regions", regions(report), regions(&audit)),
            ("verdicts", verdicts(proofs), verdicts(&proven["proofs"])),
        ] {
            assert!(!page.is_empty() || what == "lines", "{name}: no {what}");
            if page != command {
                different.push(format!("{name}, {what}:\n  page    {page:?}\n  command {command:?}"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
