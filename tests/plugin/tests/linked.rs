//! Programs and plug-ins as different linkers and settings leave them, each loaded by each: they have one guard.
//!
//! Alone because it only runs Cargo, a C compiler and other programs. The builds go where other tests build.
#![cfg(target_os = "linux")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One way of building.
struct Build {
    name: &'static str,
    /// Arguments of `cargo rustc`; after `--` those of rustc for the file that is linked.
    arguments: &'static [&'static str],
}

const FAT: &str = "profile.release.lto=\"fat\"";
const BFD: &str = "-Clink-arg=-fuse-ld=bfd";
const LLD: &str = "-Clink-arg=-fuse-ld=lld";
/// Beside a linker that is named, the compiler would ask for its own.
const PLUGINS: [Build; 6] = [
    Build { name: "bfd", arguments: &["--crate-type", "cdylib", "--", BFD] },
    Build { name: "lld", arguments: &["--crate-type", "cdylib", "--", LLD] },
    Build { name: "bfd-fat", arguments: &["--crate-type", "cdylib", "--config", FAT, "--", BFD] },
    Build { name: "lld-fat", arguments: &["--crate-type", "cdylib", "--config", FAT, "--", LLD] },
    Build { name: "bfd-dylib", arguments: &["--crate-type", "dylib", "--", BFD] },
    Build { name: "lld-dylib", arguments: &["--crate-type", "dylib", "--", LLD] },
];
const PROGRAMS: [Build; 4] = [
    Build { name: "bfd", arguments: &["--", BFD] },
    Build { name: "lld", arguments: &["--", LLD] },
    Build { name: "bfd-fat", arguments: &["--config", FAT, "--", BFD] },
    Build { name: "lld-fat", arguments: &["--config", FAT, "--", LLD] },
];

/// Builds what `target` says, in release with checks, and keeps its file, which no later build writes over.
fn build(build: &Build, target: &[&str], file: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested/qadapt");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("QADAPT_ENFORCE");
    cargo.args(["rustc", "--quiet", "--offline", "--release", "--features", "enforce"]).args(target);
    cargo.arg("--target-dir").arg(&folder);
    cargo.args(["--config", "profile.release.package.\"*\".opt-level=0"]);
    cargo.args(["--config", "profile.release.package.\"*\".debug=false"]);
    let output = cargo.args(build.arguments).output().expect("Cargo can be started");
    assert!(output.status.success(), "{}: {}", build.name, String::from_utf8_lossy(&output.stderr));
    let kept = folder.join(format!("{}-{file}", build.name));
    fs::copy(folder.join("release").join(file), &kept).expect("the file was built");
    kept
}

/// A C program that loads the plug-ins.
fn c_program() -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin_loads_c");
    let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"]).arg(&program);
    compiler.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("native/loads.c")).arg("-ldl");
    assert!(compiler.status().expect("the C compiler runs").success());
    program
}

/// All builds in one test: Cargo would only make them wait for each other.
#[test]
#[ignore = "builds ten files, four of them with fat LTO: `.ci/run c` runs it"]
fn whoever_links_and_loads_them_they_have_one_guard() {
    let plugins = PLUGINS.map(|how| build(&how, &["--lib"], "libqadapt_plugin.so"));
    let mut programs = PROGRAMS.map(|how| build(&how, &["--bin", "loads"], "loads")).to_vec();
    programs.push(c_program());
    for program in &programs {
        for how in ["local", "global"] {
            // Each is the first of them once, which a program without a guard makes the others' host.
            for first in 0..plugins.len() {
                let (before, after) = plugins.split_at(first);
                let output = Command::new(program).arg(how).args(after).args(before).output();
                let output = output.expect("the program starts");
                let said =
                    [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
                assert!(
                    output.status.success() && said[0] == "all so\n",
                    "{} {how} {}: {said:?}",
                    program.display(),
                    plugins[first].display()
                );
            }
        }
    }
}
