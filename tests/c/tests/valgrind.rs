//! Under Valgrind's memory checker C is not watched, and the guard says so.
//!
//! Alone because it only watches other processes, and where there is no Valgrind it is left out.

use std::process::Command;

use qadapt_tests::child::{command, run};

#[test]
#[ignore = "needs valgrind"]
fn the_guard_says_that_it_does_not_see_c_under_valgrind() {
    assert!(Command::new("valgrind").arg("--version").output().is_ok(), "there is no valgrind");
    let watched = env!("CARGO_BIN_EXE_watched");
    let alone = run(command(watched).arg("active"));
    assert_eq!(alone.stdout.trim(), cfg!(any(debug_assertions, feature = "enforce")).to_string());
    let checked = run(command("valgrind").args(["--quiet", watched, "active"]));
    assert_eq!((checked.stdout.trim(), checked.stderr.trim()), ("false", ""));
}
