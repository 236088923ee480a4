//! Packages that a test writes for itself, in a workspace of their own.

use std::path::{Path, PathBuf};

use crate::audit::command::{Run, folder, qadapt};

/// What makes the guard a program's allocator.
pub(crate) const GUARDED: &str = "#[global_allocator]\nstatic ALLOC: qadapt::QADAPT = qadapt::QADAPT;\n\n";

/// Where a package of the guard's lies.
pub(crate) fn guard(package: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package);
    folder.canonicalize().expect("the guard's package is there")
}

/// A package in this folder with these programs.
pub(crate) fn package(folder: &Path, name: &str, more: &str, programs: &[(&str, &str)]) {
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}\n\
         [dependencies]\nqadapt.path = '{}'\n",
        guard("qadapt").display()
    );
    let write = |path: PathBuf, text: &str| std::fs::write(path, text).expect("it can be written");
    std::fs::create_dir_all(folder.join("src/bin")).expect("the folder can be made");
    write(folder.join("Cargo.toml"), &manifest);
    for (program, text) in programs {
        write(folder.join(format!("src/bin/{program}.rs")), text);
    }
}

/// A workspace of its own with this repository's versions.
pub(crate) fn alone(name: &str) -> PathBuf {
    let folder = folder(name);
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    std::fs::copy(lock, folder.join("Cargo.lock")).expect("it can be copied");
    folder
}

/// `cargo qadapt ARGS` in this folder, without a network.
pub(crate) fn qadapt_in(folder: &Path, arguments: &[&str]) -> Run {
    let output = qadapt(arguments).current_dir(folder).env("CARGO_NET_OFFLINE", "true").output();
    Run::of(output.expect("the command starts"))
}
