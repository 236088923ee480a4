//! The archive by which the command is installed without a compiler.

use std::path::Path;
use std::process::Command;

use crate::audit::command::{folder, repository};

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// `.ci/archive` names the archive, and puts the program into it, as the manifest tells `cargo binstall`.
#[test]
fn it_is_what_the_manifest_names() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let manifest: toml::Table = manifest.expect("the manifest can be read").parse().expect("it is TOML");
    let recipe = &manifest["package"]["metadata"]["binstall"];
    let filled = |key: &str| {
        let known = [
            ("name", "cargo-qadapt"),
            ("bin", "cargo-qadapt"),
            ("target", TARGET),
            ("version", env!("CARGO_PKG_VERSION")),
            ("archive-suffix", ".tgz"),
            ("binary-ext", ""),
        ];
        let template = recipe[key].as_str().expect("a text").to_owned();
        known.iter().fold(template, |text, (name, value)| text.replace(&format!("{{ {name} }}"), value))
    };
    assert_eq!(recipe["pkg-fmt"].as_str(), Some("tgz"));

    let folder = folder("archive");
    let mut archive = Command::new(repository().join(".ci/archive"));
    archive.arg(TARGET).arg(env!("CARGO_BIN_EXE_cargo-qadapt")).arg(&folder);
    let output = archive.output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    let path = String::from_utf8(output.stdout).expect("a path");
    let path = Path::new(path.trim_end());
    let address = filled("pkg-url");
    let (_, file) = address.rsplit_once('/').expect("an address");
    assert_eq!(path, folder.join(file));
    assert_eq!(address, format!("{{ repo }}/releases/download/v{}/{file}", env!("CARGO_PKG_VERSION")));

    let status = Command::new("tar").arg("-xzf").arg(path).arg("-C").arg(&folder).status();
    assert!(status.expect("tar starts").success());
    let program = folder.join(filled("bin-dir"));
    let output = Command::new(&program).args(["qadapt", "--version"]).output().expect("it starts");
    let version = String::from_utf8_lossy(&output.stdout);
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{output:?}");
    let beside = program.parent().expect("a folder");
    for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
        assert!(beside.join(file).is_file(), "{file} is in the archive");
    }
}
