//! The README's first report, from the program as its users run it.

use std::path::Path;
use std::process::Command;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

/// The source, as reports name it.
const FILE: &str = "examples/quickstart/src/main.rs";

fn from_its_first_line(text: &str) -> &str {
    &text[text.find("qadapt: reallocation ").expect("a report")..]
}

/// How many frames of std there are is its own affair.
fn without_counts_of_frames(line: &str) -> String {
    let counts = line.contains(" of std or qadapt)") || line.contains("shows all ");
    line.chars().filter(|letter| !(counts && letter.is_ascii_digit())).collect()
}

#[test]
fn it_names_the_hidden_allocation() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace's folder");
    let output = Command::new(env!("CARGO_BIN_EXE_quickstart"))
        .current_dir(workspace)
        .env_remove("QADAPT_BACKTRACE")
        .env_remove("QADAPT_MODE")
        .env_remove("QADAPT_TRACE")
        .env_remove("RUST_BACKTRACE")
        .output()
        .expect("the program starts");
    let prices = String::from_utf8_lossy(&output.stdout).lines().count();
    let report = String::from_utf8_lossy(&output.stderr);
    if qadapt::is_active() {
        assert_eq!((output.status.code(), prices), (Some(101), 4), "{report}");
        assert!(report.contains("qadapt: reallocation "), "{report}");
        assert!(report.contains("64 bytes (align 8)"), "{report}");
        let source = std::fs::read_to_string(workspace.join(FILE)).expect("the program's source");
        let push = source.lines().position(|line| line.contains("history.push(")).expect("the line is there");
        assert!(report.contains(&format!("--> {FILE}:{}:", push + 1)), "{report}");
        assert!(report.contains("history.push(price);"), "{report}");
        assert!(report.contains("on_price"), "{report}");
        assert!(!report.contains("RawVec"), "frames of std are folded: {report}");
        if cfg!(debug_assertions) {
            let readme = std::fs::read_to_string(workspace.join("README.md")).expect("the README");
            let shown = from_its_first_line(&readme).split_once("\n```\n").expect("the block ends").0;
            let lines = |text: &str| -> Vec<String> {
                text.lines().take(shown.lines().count()).map(without_counts_of_frames).collect()
            };
            assert_eq!(lines(from_its_first_line(&report)), lines(shown));
        }
    } else {
        assert_eq!((output.status.code(), prices), (Some(0), 5), "{report}");
        assert_eq!(report, "", "without checks nothing is said");
    }
}
