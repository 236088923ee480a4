//! Two versions of QADAPT in one program: each is its allocator once, of the other there are only regions. They have one guard.
//!
//! Alone because it only runs Cargo and another program. The builds go where other tests build.
#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What the program links, as folders of the workspace.
const CRATES: [&str; 7] = [
    "qadapt",
    "qadapt-advice",
    "qadapt-calls",
    "qadapt-macro",
    "qadapt-spin",
    "qadapt-symbols",
    "qadapt-trace",
];

/// The program: `ALLOCATOR` is its allocator, and each of the two watches what that allocates.
const PROGRAM: &str = r#"
use std::hint::black_box;
use std::panic::catch_unwind;

#[global_allocator]
static ALLOC: ALLOCATOR::QADAPT = ALLOCATOR::QADAPT;

fn allocate() {
    drop(black_box(Box::new(5_u32)));
}

macro_rules! watches {
    ($one:ident, $other:ident) => {
        let seen = $other::violations();
        $one::Policy::new().mode($one::Mode::Count).run(|| allocate());
        assert_eq!($other::violations() - seen, 2);
        $one::assert_no_alloc(|| $other::permit_alloc(|| allocate()));
        assert_eq!($one::violations() - seen, 2);
        let report = catch_unwind(|| $one::assert_no_alloc(|| allocate())).expect_err("a panic");
        let report = report.downcast::<String>().expect("a report");
        assert!(report.contains("allocation of 4 bytes"), "{report}");
        $one::enter_protected();
        assert_eq!($one::protection_level(), 1);
        $one::exit_protected();
        assert!($one::is_active());
    };
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    watches!(ours, theirs);
    watches!(theirs, ours);
    std::thread::spawn(|| { watches!(theirs, ours); }).join().expect("no panic");
    // What one of them cannot count it does not give for none.
    let (in_ours, ()) = ours::count_alloc(|| allocate());
    let (in_theirs, ()) = theirs::count_alloc(|| allocate());
    assert!(!in_ours.is_measured() || in_ours.allocs() == 1);
    assert!(!in_theirs.is_measured() || in_theirs.allocs() == 1);
    let (counts, ()) = ALLOCATOR::count_alloc(|| ours::assert_no_alloc(|| theirs::permit_alloc(|| allocate())));
    assert_eq!(counts.allocs(), 1);
    println!("all so");
}
"#;

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("the folder can be made");
    fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// Copies a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("a folder of sources") {
        let from = entry.expect("an entry").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        }
    }
}

#[test]
#[ignore = "builds the guard twice: `.ci/run c` runs it"]
fn two_versions_in_one_program_have_one_guard() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace");
    // Not below this workspace, whose version Cargo would take for the other's.
    let folder = env::temp_dir().join(format!("qadapt-versions-{}", std::process::id()));
    // The other version: the same crates under another number, in a workspace of its own.
    let manifest = fs::read_to_string(workspace.join("Cargo.toml")).expect("the workspace's manifest");
    let version = format!("\"{}\"", env!("CARGO_PKG_VERSION"));
    let lines = manifest.lines().filter(|line| !line.starts_with("exclude = "));
    let lines = lines.map(|line| match line.strip_prefix("members = ") {
        Some(_) => format!("members = {CRATES:?}"),
        None => line.replace(&version, "\"0.9.0\""),
    });
    write(&folder.join("theirs/Cargo.toml"), &lines.collect::<Vec<_>>().join("\n"));
    for name in CRATES {
        copy(&workspace.join(name), &folder.join("theirs").join(name));
    }
    fs::copy(workspace.join("README.md"), folder.join("theirs/README.md")).expect("it can be copied");
    let program = folder.join("program");
    for allocator in ["ours", "theirs"] {
        let file = program.join("src/bin").join(allocator).with_extension("rs");
        write(&file, &PROGRAM.replace("ALLOCATOR", allocator));
    }
    let guard = |name: &str, path: &Path| {
        format!("{name} = {{ package = \"qadapt\", path = {path:?}, features = [\"enforce\"] }}\n")
    };
    let manifest = format!(
        "[package]\nname = \"two_versions\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{}{}",
        guard("ours", &workspace.join("qadapt")),
        guard("theirs", &folder.join("theirs/qadapt"))
    );
    write(&program.join("Cargo.toml"), &manifest);
    // The same dependencies; of crates without a source it knows one version each.
    let lock = fs::read_to_string(workspace.join("Cargo.lock")).expect("the lock file");
    let kept =
        lock.split("\n\n").filter(|part| !part.contains("[[package]]") || part.contains("\nsource = "));
    write(&program.join("Cargo.lock"), &kept.collect::<Vec<_>>().join("\n\n"));

    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested/qadapt");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(&program).env_remove("QADAPT_ENFORCE");
    cargo.args(["build", "--quiet", "--offline", "--release", "--target-dir"]).arg(&target);
    cargo.args(["--config", "profile.release.package.\"*\".opt-level=0"]);
    cargo.args(["--config", "profile.release.package.\"*\".debug=false"]);
    let output = cargo.output().expect("Cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // One of them is the other's host, whichever is the allocator.
    for allocator in ["ours", "theirs"] {
        let output =
            Command::new(target.join("release").join(allocator)).output().expect("the program starts");
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success() && said == ["all so\n", ""], "{allocator}: {said:?}");
    }
    let _ = fs::remove_dir_all(&folder);
}
