//! Whose code a path goes through, where a binary is proven that cargo built before.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::programs::{prove, run};

const HELPER: &str = "#[inline(never)]
pub fn kept(step: u64) -> u64 {
    let kept = Box::new(step);
    *std::hint::black_box(kept)
}
";
const FRONT: &str = "#[inline(never)]
fn step(count: u64) -> u64 {
    helper::kept(count) + 1
}

fn main() {
    println!(\"{}\", step(std::env::args().count() as u64));
}
";
const STEP: [&str; 2] = ["--function", "^front::step$"];

/// The folder of a workspace with a program in one package that calls another one's, and the program.
fn workspace() -> (PathBuf, PathBuf) {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("whose");
    let package = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n{more}")
    };
    let on_helper = "[dependencies]\nhelper = { path = \"../helper\" }\n";
    for (path, text) in [
        ("Cargo.toml", "[workspace]\nmembers = [\"front\", \"helper\"]\nresolver = \"3\"\n"),
        ("helper/Cargo.toml", &package("helper", "")),
        ("helper/src/lib.rs", HELPER),
        ("front/Cargo.toml", &package("front", on_helper)),
        ("front/src/main.rs", FRONT),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("it can be written");
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--offline", "--target-dir", "target"]).current_dir(&root);
    cargo.env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    run(&mut cargo);
    let program = root.join("target/release/front");
    (root, program)
}

/// The line of the user's own on the path of the one region, as JSON has it: from the folder on, with its column left out.
fn line(folder: &Path, root: &Path, arguments: &[&str]) -> Option<String> {
    let (_, said) = prove(folder, &[arguments, &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"));
    let place = report["proofs"][0]["verdicts"][0]["paths"][0]["at"].as_str()?;
    let place = place.strip_prefix(&format!("{}/", root.display())).unwrap_or(place);
    Some(place.split(':').take(2).collect::<Vec<_>>().join(":"))
}

#[test]
fn a_binary_is_proven_by_the_settings_of_its_workspace_from_any_of_its_folders() {
    let (root, program) = workspace();
    let program = program.to_str().expect("a path in UTF-8");
    let arguments = [&["--binary", program], &STEP[..]].concat();
    let (settings, elsewhere) = (root.join("qadapt.toml"), root.join("elsewhere.toml"));
    for (own, expected) in [
        ("workspace", "helper/src/lib.rs:3"),
        ("helper", "helper/src/lib.rs:3"),
        ("front", "front/src/main.rs:3"),
    ] {
        let text = format!("[sites]\nown = [\"{own}\"]\n");
        fs::write(&settings, &text).expect("it can be written");
        for folder in ["", "front", "helper/src"] {
            let found = line(&root.join(folder), &root, &arguments);
            assert_eq!(found.as_deref(), Some(expected), "own = {own}, in `{folder}`");
        }
        let (_, said) = prove(&root.join("front"), &arguments);
        assert!(said.contains(&format!("      at {expected}  ")), "{said}");
        // The same of a file that has another name.
        fs::rename(&settings, &elsewhere).expect("it can be moved");
        let named = [&arguments[..], &["--config", "../elsewhere.toml"]].concat();
        assert_eq!(line(&root.join("front"), &root, &named).as_deref(), Some(expected), "own = {own}");
    }
}

#[test]
fn a_binary_without_a_workspace_is_proven_by_the_settings_of_its_folder() {
    let folder = std::env::temp_dir().join(format!("qadapt-whose-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let text = format!("mod helper {{\n{HELPER}}}\n{FRONT}");
    fs::write(folder.join("front.rs"), text).expect("it can be written");
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "-Copt-level=2", "-Cdebuginfo=line-tables-only", "front.rs"]);
    run(rustc.current_dir(&folder));
    let arguments = [&["--binary", "front"], &STEP[..]].concat();
    for (own, expected) in [("workspace", Some("front.rs:4")), ("helper", None)] {
        fs::write(folder.join("qadapt.toml"), format!("[sites]\nown = [\"{own}\"]\n"))
            .expect("it can be written");
        assert_eq!(line(&folder, &folder, &arguments).as_deref(), expected, "own = {own}");
    }
    fs::remove_dir_all(folder).expect("it goes");
}
