//! Copies that do not fit together: each says so once and watches its own allocations.
//!
//! Alone because the program must have no guard, and the test runs itself as a child to read what that says.
#![cfg(all(target_os = "linux", any(debug_assertions, feature = "enforce")))]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

mod loaded;
use loaded::Plugin;

/// A library with a note as another version of QADAPT would have it: its number, and a table of this size.
fn other_version(name: &str, number: u32, size: usize) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.so", std::process::id()));
    let source = format!(
        "static const unsigned long table[16] = {{ {size} }};
         __attribute__((section(\".note.qadapt\"), used, aligned(8)))
         static const struct {{ unsigned name, size, kind; char text[12]; const void *table; }} note =
             {{ 12, sizeof(void *), {number}, \"QADAPT\", table }};"
    );
    let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
    let compiler = compiler.args(["-shared", "-fPIC", "-Wa,--no-warn", "-x", "c", "-", "-o"]).arg(&file);
    let mut child = compiler.stdin(Stdio::piped()).spawn().expect("a C compiler");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), source.as_bytes()).expect("it reads");
    assert!(child.wait().expect("it ends").success());
    file
}

extern "C" fn nothing() {}

/// What the child does: it loads the other version's library, then the plug-in, twice.
fn load(other: &Path) {
    let _other = Plugin::load(other);
    let file = loaded::another("apart");
    let (first, second) = (Plugin::load(&loaded::file()), Plugin::load(&file));
    let _ = fs::remove_file(file);
    first.counts_only(true);
    assert_eq!(first.protect(nothing), "");
    thread_local! {
        static SECOND: std::cell::RefCell<Option<Plugin>> = const { std::cell::RefCell::new(None) };
    }
    extern "C" fn allocate() {
        SECOND.with_borrow(|second| second.as_ref().expect("set").allocate(1));
    }
    second.allocate(1);
    SECOND.set(Some(second));
    first.protect(allocate);
    println!("{} violations", first.violations());
}

#[test]
fn another_version_is_told_and_left_alone() {
    if let Some(other) = env::var_os("OTHER_VERSION") {
        return load(Path::new(&other));
    }
    // A number of its own; and a table that ends before what this version asks for.
    for (name, number, size) in [("newer", 2, 4096), ("older", 1, 16)] {
        let other = other_version(name, number, size);
        let mut child = Command::new(env::current_exe().expect("the test's own path"));
        let output =
            child.arg("--nocapture").env("OTHER_VERSION", &other).output().expect("it can be started");
        let _ = fs::remove_file(&other);
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name}: {stdout}{stderr}");
        assert!(stdout.contains("2 violations"), "{name}: {stdout}{stderr}");
        let file = other.display();
        let line = format!(
            "qadapt: the copies in {file} and in a file loaded later do not fit together; each watches its own allocations only\n"
        );
        assert_eq!(stderr.matches(&line).count(), 2, "{name}, by each plug-in once: {stderr}");
    }
}
