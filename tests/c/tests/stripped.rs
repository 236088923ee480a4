//! What a program without symbols says of C: it exports C's allocation functions, as the C library needs them.
//!
//! Alone because it only watches another process, whose symbols it takes away.

use std::path::Path;
use std::process::Command;

use qadapt_tests::child::{command, run};

#[test]
fn an_event_of_c_is_known_without_symbols() {
    let stripped = Path::new(env!("CARGO_TARGET_TMPDIR")).join("told");
    let status = Command::new("strip")
        .args(["--strip-all", "-o"])
        .arg(&stripped)
        .arg(env!("CARGO_BIN_EXE_told"))
        .status();
    assert!(status.is_ok_and(|status| status.success()), "strip is part of what links programs");
    let outcome = run(&mut command(stripped));
    assert!(outcome.status.success(), "{outcome:?}");
    if cfg!(any(debug_assertions, feature = "enforce")) {
        assert!(
            outcome.stderr.starts_with("qadapt: C allocation of 77 bytes (align 16)"),
            "{}",
            outcome.stderr
        );
        assert!(outcome.stderr.contains("   = in C: `malloc`\n"), "{}", outcome.stderr);
    } else {
        assert_eq!(outcome.stderr, "");
    }
}
