//! Finds the test suites of the dependencies where cargo keeps their sources.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=Cargo.lock");
    let cargo = env::var("CARGO").expect("cargo says where it is");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform"])
        .arg(env::var("TARGET").expect("cargo says for what"))
        .output()
        .expect("cargo starts");
    let text = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo says where"));
    for (name, suite) in [
        ("arrayvec", "tests/tests.rs"),
        ("bytes", "tests/test_bytes.rs"),
        ("indexmap", "tests/tests.rs"),
        ("itoa", "tests/test.rs"),
        ("rtrb", "tests/chunks.rs"),
        ("slab", "tests/slab.rs"),
    ] {
        let manifest = manifest(&text, name).unwrap_or_else(|| panic!("no manifest of {name}"));
        let path = Path::new(&manifest).with_file_name(suite);
        assert!(path.exists(), "{} has no {suite}", path.display());
        // A suite that loads macros is a crate's root; one with inner attributes cannot be included.
        let text = if name == "arrayvec" {
            format!("include!({path:?});\n")
        } else {
            format!("#[path = {path:?}]\nmod suite;\n")
        };
        fs::write(out.join(format!("{name}.rs")), text).expect("it is writable");
    }
}

/// The manifest of this package in a registry, out of cargo's JSON.
fn manifest(text: &str, name: &str) -> Option<String> {
    let marker = "\"manifest_path\":\"";
    text.split(marker).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).find(|path| {
        let folder = Path::new(path).parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        folder.strip_prefix(name).is_some_and(|rest| ["-0.", "-1.", "-2."].iter().any(|version| rest.starts_with(version)))
    })
}
