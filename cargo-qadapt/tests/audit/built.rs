//! How programs are built: what the user says of it stays, and what an audit adds does not contradict it.

use crate::workspace::{GUARDED, alone, package, qadapt_in};

/// Settings of the user's for the packages of the guard, under whatever word.
#[test]
fn packages_of_the_guard_that_have_settings_are_optimised_all_the_same() {
    let folder = alone("overridden");
    let guard = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../qadapt-spin");
    let guard = guard.canonicalize().expect("the guard's package is there");
    let more = format!(
        "[workspace]\n[profile.dev.package.\"qadapt@{version}\"]\nopt-level = 1\n\
         [profile.dev.package.\"file://{guard}#{version}\"]\nopt-level = 1\n\
         [profile.dev.package.\"*\"]\nopt-level = 0\n",
        version = env!("CARGO_PKG_VERSION"),
        guard = guard.display(),
    );
    let text = format!("{GUARDED}fn main() {{}}\n");
    package(&folder, "overridden", &more, &[("overridden", &text)]);
    qadapt_in(&folder, &["audit", "--profile", "debug", "--whole-program"]).assert(1, "");
}

/// A program without any names, of which all that is left could be anybody's.
#[test]
#[cfg(target_os = "linux")]
fn a_program_that_is_linked_without_symbols_has_no_sites() {
    let folder = alone("bare");
    let text = format!(
        "{GUARDED}fn main() {{\n    qadapt::assert_no_alloc(|| drop(std::hint::black_box(Box::new(1))));\n}}\n"
    );
    package(&folder, "bare", "[workspace]\n", &[("bare-one", &text)]);
    let script = "fn main() {\n    println!(\"cargo:rustc-link-arg=-s\");\n}\n";
    std::fs::write(folder.join("build.rs"), script).expect("it can be written");
    let run = qadapt_in(&folder, &["audit", "--profile", "debug"]);
    run.assert(2, "has no debug information");
    assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
    assert!(!run.stdout.contains("standard library itself"), "{}", run.stdout);
    qadapt_in(&folder, &["check", "--profile", "debug", "--bless"]).assert(2, "has no debug information");
    assert!(!folder.join("qadapt.lock").exists(), "a baseline has no addresses");
}
