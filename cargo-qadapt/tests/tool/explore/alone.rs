//! A project that does not know the guard.

use std::path::Path;

use crate::explore::server::command;

#[test]
fn what_to_depend_on_is_what_the_readme_says() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explored-alone");
    std::fs::create_dir_all(folder.join("src")).expect("the folder can be made");
    let manifest = "[package]\nname = \"alone\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    std::fs::write(folder.join("src/main.rs"), "fn main() {}\n").expect("it can be written");
    let output = command(&["--no-sandbox"]).current_dir(&folder).output().expect("the command starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("add `qadapt = { path = \"../qadapt/qadapt\" }`"), "{said}");
    assert!(!said.contains("cargo add qadapt"), "{said}");
}
