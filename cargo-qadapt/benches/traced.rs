//! What a trace costs the program: for each kind of work the ratio of a traced run's processor time to a plain one's, of the
//! program as an audit builds it, best of some interleaved runs.
//!
//! `cargo bench -p cargo-qadapt --bench traced`; figures are in `docs/audit.md`.

use std::path::Path;
use std::process::Command;

use command::{folder, qadapt, target_directory};

#[path = "../tests/tool/audit/command.rs"]
#[allow(dead_code, reason = "the tests of audits need more of it")]
mod command;

const RUNS: usize = 5;

fn main() {
    let kinds = ["clean", "rare", "unprotected", "heavy", "boxes"];
    for (profile, walk, flags) in [
        ("debug", "unwinder", ""),
        ("release", "unwinder", ""),
        ("release", "frame pointers", "-Cforce-frame-pointers=yes"),
    ] {
        let target = target_directory().with_file_name(format!("pace-{}", walk.replace(' ', "-")));
        let audit = qadapt(&["audit", "-p", "pace", "--profile", profile, "--", "clean"])
            .env("CARGO_TARGET_DIR", &target)
            .env("RUSTFLAGS", flags)
            .output()
            .expect("the command starts");
        assert_eq!(audit.status.code(), Some(0), "{audit:?}");
        let program = target.join("qadapt").join(profile).join("pace");
        for kind in kinds {
            let (mut plain, mut traced) = (f64::MAX, f64::MAX);
            for _ in 0..RUNS {
                plain = plain.min(seconds(&program, kind, None));
                traced = traced.min(seconds(&program, kind, Some(&folder("pace"))));
            }
            println!("{kind} ({profile}, {walk}): {:.2} ({plain:.3} s, {traced:.3} s)", traced / plain);
        }
    }
}

/// Seconds of processor time of one run of `pace KIND`, as bash counts them. The kernel knows their sum; what of it was the
/// user's it only samples.
fn seconds(program: &Path, kind: &str, traces: Option<&Path>) -> f64 {
    let mut command = Command::new("bash");
    command
        .args(["-c", "TIMEFORMAT='%3U %3S'; time \"$0\" \"$1\" >/dev/null"])
        .arg(program)
        .arg(kind)
        .env("LC_ALL", "C")
        .env("QADAPT_MODE", "count")
        .env_remove("QADAPT_TRACE");
    if let Some(folder) = traces {
        command.env("QADAPT_TRACE", folder);
    }
    if kind == "boxes" {
        command.env("QADAPT_WHOLE_PROGRAM", "1");
    }
    let output = command.output().expect("bash");
    let text = String::from_utf8_lossy(&output.stderr);
    let numbers = text.split_whitespace().map(str::parse::<f64>);
    numbers.sum::<Result<f64, _>>().unwrap_or_else(|_| panic!("{output:?}"))
}
