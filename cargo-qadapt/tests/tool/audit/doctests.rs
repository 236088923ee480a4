//! Doctests, whose programs rustdoc deletes; and packages among which a program has to be chosen.

use std::path::{Path, PathBuf};

use crate::audit::command::{Run, folder, qadapt};

/// A library whose one doctest allocates in a region, at line 6.
const LIBRARY: &str = "#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

/// ```
/// qadapt::assert_no_alloc(|| {
///     drop(std::hint::black_box(Box::new(1)));
/// });
/// CRATE::documented();
/// ```
pub fn documented() {}
";

const PROGRAM: &str = "fn main() {}\n";

/// A package of one file in this folder.
fn package(folder: &Path, name: &str, edition: &str, more: &str, file: (&str, &str)) {
    let guard = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qadapt").canonicalize().expect("the guard");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"{edition}\"\n{more}\n\
         [dependencies]\nqadapt.path = '{}'\n",
        guard.display()
    );
    let file = (folder.join("src").join(file.0), file.1.replace("CRATE", &name.replace('-', "_")));
    std::fs::create_dir_all(file.0.parent().expect("it has a folder")).expect("the folder can be made");
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    std::fs::write(file.0, file.1).expect("it can be written");
}

/// A folder with this repository's versions.
fn alone(name: &str) -> PathBuf {
    let folder = folder(name);
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    std::fs::copy(lock, folder.join("Cargo.lock")).expect("it can be copied");
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = qadapt(&[arguments, &["--profile", "debug"]].concat());
    command.current_dir(folder).env("CARGO_NET_OFFLINE", "true");
    Run::of(command.output().expect("the command starts"))
}

#[test]
fn doctests_have_lines_as_other_tests_do() {
    let folder = alone("doctests");
    std::fs::create_dir(folder.join(".cargo")).expect("the folder can be made");
    // Without the user's own flags there is nothing in the region to see.
    let library = LIBRARY.replace("    drop(", "    #[cfg(told)] drop(");
    let platform = cargo_qadapt::cargo::host().expect("cargo tells its platform");
    let of_platform = format!("target.{platform}.rustdocflags = ['--cfg', 'told']");
    for (edition, line, flags) in [
        ("2021", "src/lib.rs:", "build.rustdocflags = '--cfg told'"),
        ("2024", "src/lib.rs:6\n", &of_platform),
    ] {
        std::fs::write(folder.join(".cargo/config.toml"), flags).expect("it can be written");
        package(&folder, "documented", edition, "[workspace]\n", ("lib.rs", &library));
        let audit = run(&folder, &["audit"]);
        audit.assert(1, "");
        let sites = audit.stdout.split_once("Sites").expect("there are sites").1;
        assert!(sites.contains(line) && sites.contains("Box::new"), "{edition}: {}", audit.stdout);
        assert!(!audit.stdout.contains("rust_out+"), "{edition}: {}", audit.stdout);
        // The programs of the first run are needed at the end of the second.
        let blessed = run(&folder, &["check", "--bless", "--runs", "2"]);
        blessed.assert(0, "");
        assert!(folder.join("qadapt.lock").exists(), "{}", blessed.stderr);
    }
}

/// What the user has programs started with runs them where rustdoc deletes them.
#[test]
#[cfg(target_os = "linux")]
fn doctests_that_are_gone_are_said_to_be_and_nothing_has_passed() {
    let folder = alone("doctests-gone");
    package(&folder, "documented-gone", "2021", "[workspace]\n", ("lib.rs", LIBRARY));
    let platform = cargo_qadapt::cargo::host().expect("cargo tells its platform");
    let runner = format!("target.{platform}.runner = 'env'");
    let audit = run(&folder, &["audit", "--cargo-config", &runner]);
    audit.assert(2, "rustdoc deletes the programs of doctests");
    assert!(!audit.stdout.contains("the standard library itself"), "{}", audit.stdout);
    let blessed = run(&folder, &["check", "--bless", "--cargo-config", &runner]);
    blessed.assert(2, "was not written: the figures are not whole");
    assert!(!blessed.stdout.contains("check passed"), "{}", blessed.stdout);
}

#[test]
fn programs_of_one_name_are_told_apart_by_their_packages() {
    let folder = alone("one-name");
    let members = "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n";
    std::fs::write(folder.join("Cargo.toml"), members).expect("it can be written");
    for name in ["a", "b"] {
        package(&folder.join(name), &format!("one-name-{name}"), "2024", "", ("bin/same.rs", PROGRAM));
    }
    let several = "there are several programs (same of one-name-a, same of one-name-b): choose with -p PACKAGE --bin NAME";
    run(&folder, &["audit"]).assert(2, several);
    let unknown = run(&folder, &["audit", "-p", "one-name-c"]);
    unknown.assert(2, "`one-name-c` did not match any packages");
    assert!(!unknown.stderr.contains("several programs"), "{}", unknown.stderr);
}
