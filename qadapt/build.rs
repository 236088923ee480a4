//! Turns every switch that keeps the checks on into one cfg, `qadapt_enforce`.
//!
//! `src/checks.rs` decides with it; see there for the switches.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=QADAPT_ENFORCE");
    println!("cargo::rustc-check-cfg=cfg(qadapt_enforce)");
    match std::env::var("QADAPT_ENFORCE").as_deref() {
        Ok("1") => println!("cargo::rustc-cfg=qadapt_enforce"),
        Ok("" | "0") | Err(std::env::VarError::NotPresent) => {}
        Ok(other) => println!(
            "cargo::error=QADAPT_ENFORCE={other} is not understood: write 1 to keep QADAPT's checks on, 0 or nothing to leave them to the profile"
        ),
        Err(error) => println!("cargo::error=QADAPT_ENFORCE cannot be read: {error}"),
    }
}
