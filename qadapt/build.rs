//! Turns the switches in the environment of the build into cfgs: `QADAPT_ENFORCE` into `qadapt_enforce`, which keeps
//! the checks on (`src/checks.rs` decides with it), `QADAPT_MARKS` into `qadapt_marks`, for a build that
//! `cargo qadapt prove` analyses (`src/mark.rs`), and the compiler's flags into `qadapt_frame_pointers`, for a program
//! that is built with frame pointers (`src/hot/capture.rs`).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=QADAPT_MARKS");
    println!("cargo::rustc-check-cfg=cfg(qadapt_marks)");
    if std::env::var("QADAPT_MARKS").is_ok_and(|value| value == "1") {
        println!("cargo::rustc-cfg=qadapt_marks");
    }
    println!("cargo::rerun-if-env-changed=QADAPT_ENFORCE");
    println!("cargo::rustc-check-cfg=cfg(qadapt_enforce)");
    println!("cargo::rustc-check-cfg=cfg(qadapt_frame_pointers)");
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    if has_frame_pointers(&std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default()) {
        println!("cargo::rustc-cfg=qadapt_frame_pointers");
    }
    match std::env::var("QADAPT_ENFORCE").as_deref() {
        Ok("1") => println!("cargo::rustc-cfg=qadapt_enforce"),
        Ok("" | "0") | Err(std::env::VarError::NotPresent) => {}
        Ok(other) => println!(
            "cargo::error=QADAPT_ENFORCE={other} is not understood: write 1 to keep QADAPT's checks on, 0 or nothing to leave them to the profile"
        ),
        Err(error) => println!("cargo::error=QADAPT_ENFORCE cannot be read: {error}"),
    }
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
