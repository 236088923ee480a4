//! Turns the switches of the build into cfgs.
//!
//! - `QADAPT_ENFORCE` becomes `qadapt_enforce`, which keeps the checks on (`src/checks.rs` decides with it).
//! - `QADAPT_MARKS` becomes `qadapt_unchecked`, which turns them off, and it or the feature `marks` becomes `qadapt_marks`
//!   where labels can be written: regions begin with one for `cargo qadapt prove` (`src/mark.rs`).
//! - The target becomes `qadapt_elf` where programs are ELF files and the system lists which are loaded: their lines are
//!   read without a lock there (`src/report/symbols/elf.rs`).
//! - The target becomes `qadapt_calls` where a thread's system calls can be handed to the guard (`src/sys/calls/`).
//! - A target without an operating system becomes `qadapt_unhosted`: there is no std, and nothing is watched
//!   (`src/unhosted.rs`).
//! - The feature `install` becomes `qadapt_install`, unless `QADAPT_INSTALL=0` says that programs install allocators of their own:
//!   in a workspace that is built with all features.
//! - A nightly compiler becomes `qadapt_allocator_api` if it takes std's trait `Allocator` as it is implemented here
//!   (`src/hot/values.rs`).
//! - The compiler's flags become `qadapt_frame_pointers` in a program with frame pointers (`src/hot/capture.rs`).

use std::ffi::OsStr;
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/allocator_api.rs");
    println!("cargo::rerun-if-env-changed=QADAPT_MARKS");
    println!("cargo::rustc-check-cfg=cfg(qadapt_marks)");
    println!("cargo::rustc-check-cfg=cfg(qadapt_unchecked)");
    let marks = switch("QADAPT_MARKS", "to mark regions for `cargo qadapt prove`", "to leave them unmarked");
    if marks {
        println!("cargo::rustc-cfg=qadapt_unchecked");
    }
    if (marks || std::env::var_os("CARGO_FEATURE_MARKS").is_some()) && has_labels() {
        println!("cargo::rustc-cfg=qadapt_marks");
    }
    println!("cargo::rustc-check-cfg=cfg(qadapt_elf)");
    if ["android", "linux"].contains(&target("OS").as_str()) {
        println!("cargo::rustc-cfg=qadapt_elf");
    }
    println!("cargo::rustc-check-cfg=cfg(qadapt_calls)");
    if target("OS") == "linux" && target("ARCH") == "x86_64" && target("POINTER_WIDTH") == "64" {
        println!("cargo::rustc-cfg=qadapt_calls");
    }
    println!("cargo::rustc-check-cfg=cfg(qadapt_unhosted)");
    if target("OS") == "none" {
        println!("cargo::rustc-cfg=qadapt_unhosted");
    }
    println!("cargo::rerun-if-env-changed=QADAPT_INSTALL");
    println!("cargo::rustc-check-cfg=cfg(qadapt_install)");
    let is_kept_out = match std::env::var("QADAPT_INSTALL").as_deref() {
        Ok("0") => true,
        Ok("" | "1") | Err(std::env::VarError::NotPresent) => false,
        Ok(other) => {
            println!(
                "cargo::error=QADAPT_INSTALL={other} is not understood: write 0 to leave out the allocator of the feature `install`, 1 or nothing to have it"
            );
            false
        }
        Err(error) => {
            println!("cargo::error=QADAPT_INSTALL cannot be read: {error}");
            false
        }
    };
    if std::env::var_os("CARGO_FEATURE_INSTALL").is_some() && !is_kept_out {
        println!("cargo::rustc-cfg=qadapt_install");
    }
    println!("cargo::rustc-check-cfg=cfg(qadapt_allocator_api)");
    if has_allocator_api() {
        println!("cargo::rustc-cfg=qadapt_allocator_api");
    }
    println!("cargo::rerun-if-env-changed=QADAPT_ENFORCE");
    println!("cargo::rustc-check-cfg=cfg(qadapt_enforce)");
    println!("cargo::rustc-check-cfg=cfg(qadapt_frame_pointers)");
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    if has_frame_pointers(&std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default()) {
        println!("cargo::rustc-cfg=qadapt_frame_pointers");
    }
    if switch("QADAPT_ENFORCE", "to keep QADAPT's checks on", "to leave them to the profile") {
        println!("cargo::rustc-cfg=qadapt_enforce");
    }
}

/// True if a variable is 1. A value that is neither 1, 0 nor nothing stops the build.
fn switch(name: &str, on: &str, off: &str) -> bool {
    match std::env::var(name).as_deref() {
        Ok("1") => return true,
        Ok("" | "0") | Err(std::env::VarError::NotPresent) => {}
        Ok(other) => {
            println!("cargo::error={name}={other} is not understood: write 1 {on}, 0 or nothing {off}");
        }
        Err(error) => println!("cargo::error={name} cannot be read: {error}"),
    }
    false
}

/// True if the prover reads this platform's files: ELF for x86-64, and for aarch64 in its usual form.
fn has_labels() -> bool {
    let is_usual = target("POINTER_WIDTH") == "64" && target("ENDIAN") == "little";
    let systems: &[&str] = match target("ARCH").as_str() {
        "x86_64" => &["android", "freebsd", "linux"],
        "aarch64" if is_usual => &["android", "linux"],
        _ => &[],
    };
    systems.contains(&target("OS").as_str())
}

/// True if the compiler is a nightly one and accepts an implementation of std's unstable trait: the trait may change.
fn has_allocator_api() -> bool {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(&compiler).arg("--version").output();
    if !version.is_ok_and(|output| output.stdout.windows(7).any(|word| word == b"nightly")) {
        return false;
    }
    let folder = std::env::var_os("OUT_DIR").unwrap_or_default();
    let tried = Command::new(compiler)
        .args(["--edition=2021", "--crate-type=lib", "--emit=metadata", "--cap-lints=allow", "--out-dir"])
        .args([&folder, OsStr::new("build/allocator_api.rs")])
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

/// What the compiler's cfg says of the target.
fn target(what: &str) -> String {
    std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default()
}

/// True if these flags, separated by the unit separator, make the compiler keep frame pointers.
fn has_frame_pointers(flags: &str) -> bool {
    let mut settings = flags.split('\u{1f}').filter_map(|flag| {
        flag.trim_start_matches("-C").trim_start_matches("--codegen=").strip_prefix("force-frame-pointers")
    });
    settings
        .next_back()
        .is_some_and(|value| ["", "=y", "=yes", "=on", "=true", "=always", "=non-leaf"].contains(&value))
}
