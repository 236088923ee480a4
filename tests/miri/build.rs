//! Tells the tests whether the compiler is a nightly one.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(nightly)");
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("--version").output().expect("the compiler runs");
    if String::from_utf8_lossy(&version.stdout).contains("nightly") {
        println!("cargo::rustc-cfg=nightly");
    }
}
