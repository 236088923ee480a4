//! What the guard counts of C, held against a counter that knows nothing of the guard.
//!
//! Alone because it only watches other processes: the counter is preloaded into one, and must not count a test.

use qadapt_tests::child::{command, run};

#[test]
fn an_independent_counter_counts_the_same() {
    let plain = run(command(env!("CARGO_BIN_EXE_plain")).env("LD_PRELOAD", env!("COUNTER")));
    let watched = run(&mut command(env!("CARGO_BIN_EXE_watched")));
    assert!(plain.status.success() && watched.status.success(), "{plain:?}\n{watched:?}");
    let names: Vec<&str> = plain.stdout.lines().filter_map(|line| Some(line.split_once(": ")?.0)).collect();
    assert_eq!(names.len(), 15);
    for line in plain.stdout.lines() {
        let (_, figures) = line.split_once(": ").expect("a name");
        assert!(!figures.starts_with("0 "), "the counter counts: {line}");
    }
    if cfg!(any(debug_assertions, feature = "enforce")) {
        assert_eq!(watched.stdout, plain.stdout);
    } else {
        let unmeasured: Vec<String> = names.iter().map(|name| format!("{name}: - - - -")).collect();
        assert_eq!(watched.stdout.lines().collect::<Vec<_>>(), unmeasured);
    }
}
