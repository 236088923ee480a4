//! Turns every switch that keeps the checks on into one cfg, `qadapt_enforce`.
//!
//! `src/checks.rs` decides with it; see there for the switches. Another cfg, `qadapt_frame_pointers`, says that the
//! program is built with frame pointers.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
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
