//! Turns the switches in the environment of the build into cfgs: `QADAPT_ENFORCE` into `qadapt_enforce`, which keeps
//! the checks on (`src/checks.rs` decides with it), and `QADAPT_MARKS` into `qadapt_marks`, for a build that
//! `cargo qadapt prove` analyses (`src/mark.rs`).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=QADAPT_MARKS");
    println!("cargo::rustc-check-cfg=cfg(qadapt_marks)");
    if std::env::var("QADAPT_MARKS").is_ok_and(|value| value == "1") {
        println!("cargo::rustc-cfg=qadapt_marks");
    }
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
