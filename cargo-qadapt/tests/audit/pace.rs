//! What a trace costs the program: figures for `docs/audit.md`, which nothing asserts.

use std::path::Path;
use std::process::Command;

use crate::command::{fixtures, folder, target_directory};

const RUNS: usize = 5;

/// User seconds of one run of `pace KIND`, as bash counts them.
fn seconds(program: &Path, kind: &str, traces: Option<&Path>) -> f64 {
    let mut command = Command::new("bash");
    command
        .args(["-c", "TIMEFORMAT=%3U; time \"$0\" \"$1\" >/dev/null"])
        .arg(program)
        .arg(kind)
        .env("LC_ALL", "C")
        .env("QADAPT_MODE", "count")
        .env_remove("QADAPT_TRACE");
    if let Some(folder) = traces {
        command.env("QADAPT_TRACE", folder);
    }
    let output = command.output().expect("bash");
    let text = String::from_utf8_lossy(&output.stderr);
    text.trim().parse().unwrap_or_else(|_| panic!("{output:?}"))
}

/// Prints for each kind of work the ratio of a traced run's user time to a plain one's, best of some interleaved runs.
#[test]
#[ignore = "measures: cargo test -p cargo-qadapt --test audit -- --ignored --nocapture pace"]
fn pace_with_and_without_a_trace() {
    for (walk, flags) in [("unwinder", ""), ("frame pointers", "-Cforce-frame-pointers=yes")] {
        let target = target_directory().with_file_name(format!("pace-{}", walk.replace(' ', "-")));
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--release", "-p", "pace", "--target-dir"])
            .arg(&target)
            .env("QADAPT_ENFORCE", "1")
            .env("RUSTFLAGS", flags)
            .current_dir(fixtures())
            .status();
        assert!(built.expect("cargo starts").success());
        let program = target.join("release/pace");
        for kind in ["clean", "rare", "unprotected", "heavy"] {
            let (mut plain, mut traced) = (f64::MAX, f64::MAX);
            for _ in 0..RUNS {
                plain = plain.min(seconds(&program, kind, None));
                traced = traced.min(seconds(&program, kind, Some(&folder("pace"))));
            }
            println!("{kind} ({walk}): {:.2} ({plain:.2} s, {traced:.2} s)", traced / plain);
        }
    }
}
