//! Finds out whether the compiler has std's `Allocator`, which is unstable: if `probe.rs` compiles, the cfg
//! `qadapt_pool_allocator` is set. `QADAPT_POOL_ALLOCATOR=0` in the environment of the build leaves it out.

use std::env::{self, VarError};
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rustc-check-cfg=cfg(qadapt_pool_allocator)");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=probe.rs");
    println!("cargo::rerun-if-env-changed=QADAPT_POOL_ALLOCATOR");
    println!("cargo::rerun-if-env-changed=RUSTC_BOOTSTRAP");
    match env::var("QADAPT_POOL_ALLOCATOR").as_deref() {
        Ok("0") => {}
        Ok("" | "1") | Err(VarError::NotPresent) => {
            if compiles("probe.rs") {
                println!("cargo::rustc-cfg=qadapt_pool_allocator");
            }
        }
        Ok(other) => println!(
            "cargo::error=QADAPT_POOL_ALLOCATOR={other} is not understood: write 0 to leave std's `Allocator` out"
        ),
        Err(error) => println!("cargo::error=QADAPT_POOL_ALLOCATOR cannot be read: {error}"),
    }
}

/// True if the compiler of this build, with its flags and for its target, compiles a file without an error.
///
/// A compiler that cannot be run compiles nothing; the build of the crate itself will say what is wrong with it.
fn compiles(file: &str) -> bool {
    let [Some(rustc), Some(out)] = ["RUSTC", "OUT_DIR"].map(env::var_os) else { return false };
    let wrappers = ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"].map(env::var_os);
    let mut words = wrappers.into_iter().flatten().filter(|word| !word.is_empty()).chain([rustc]);
    let Some(program) = words.next() else { return false };
    let mut command = Command::new(program);
    command.args(words);
    command.args([
        "--edition=2024",
        "--crate-type=lib",
        "--crate-name=qadapt_pool_probe",
        "--cap-lints=allow",
    ]);
    command.arg("--emit=metadata").arg("-o").arg(PathBuf::from(out).join("probe.rmeta"));
    if let Ok(target) = env::var("TARGET") {
        command.args(["--target", &target]);
    }
    if let Ok(flags) = env::var("CARGO_ENCODED_RUSTFLAGS") {
        command.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()));
    }
    command.arg(file).stderr(Stdio::null()).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
