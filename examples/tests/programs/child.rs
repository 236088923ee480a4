//! Runs an example and keeps what it printed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// How an example ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// What follows a label at the start of a line of the standard output.
    #[track_caller]
    pub(crate) fn value(&self, label: &str) -> &str {
        let line = self.out.lines().find_map(|line| line.strip_prefix(label));
        line.unwrap_or_else(|| panic!("no line starts with {label}: {self:#?}")).trim()
    }
}

/// Runs an example in the workspace's folder, with nothing of the caller's settings.
pub(crate) fn run(example: &str, arguments: &[&str]) -> Outcome {
    let output = command(example).args(arguments).output().unwrap_or_else(|error| {
        panic!("{example}: {error}; `cargo build -p qadapt-examples --examples` builds it")
    });
    let text = |bytes| String::from_utf8(bytes).expect("examples print UTF-8");
    Outcome { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// An example in the workspace's folder, with nothing of the caller's settings.
pub(crate) fn command(example: &str) -> Command {
    let mut command = Command::new(program(example));
    command.current_dir(workspace());
    for setting in ["QADAPT_BACKTRACE", "QADAPT_MODE", "QADAPT_TRACE", "RUST_BACKTRACE"] {
        command.env_remove(setting);
    }
    command
}

/// `file:line:` of the one line of a source file that contains `code`, as reports print it.
pub(crate) fn site(file: &str, code: &str) -> String {
    let source = std::fs::read_to_string(workspace().join(file)).expect("the package's own source");
    let mut lines = (1..).zip(source.lines()).filter(|(_, line)| line.contains(code));
    let (number, _) = lines.next().expect("the line is there");
    assert_eq!(lines.next(), None, "only one line is meant");
    format!("{file}:{number}:")
}

/// Cargo puts examples beside the folder of test programs.
pub(crate) fn program(example: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test program knows where it is");
    let profile = own.parent().and_then(Path::parent).expect("it lies in the folder deps of its profile");
    profile.join("examples").join(format!("{example}{}", std::env::consts::EXE_SUFFIX))
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace")
}
