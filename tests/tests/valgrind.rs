//! Under Valgrind blocking calls are not watched, and the guard says so.
//!
//! Alone because it only watches another process.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::process::Command;

use qadapt_tests::child::{command, program, run};

#[test]
#[ignore = "needs valgrind: `.ci/run c`"]
fn calls_are_unmeasured_under_valgrind() {
    assert!(Command::new("valgrind").arg("--version").output().is_ok(), "there is no valgrind");
    for tool in ["memcheck", "none"] {
        let unwatched = program("blocking_unwatched");
        let outcome = run(command("valgrind")
            .arg("--quiet")
            .arg(format!("--tool={tool}"))
            .arg(unwatched)
            .arg("translated"));
        assert!(outcome.status.success(), "{tool}: {outcome:?}");
        assert_eq!(outcome.stdout.trim(), "held", "{tool}");
    }
}
