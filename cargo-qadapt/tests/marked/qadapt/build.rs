//! Keeps the region functions out of line when a proof is being made.

fn main() {
    println!("cargo::rerun-if-env-changed=QADAPT_MARKS");
    println!("cargo::rustc-check-cfg=cfg(qadapt_marks)");
    if std::env::var("QADAPT_MARKS").is_ok_and(|v| v == "1") {
        println!("cargo::rustc-cfg=qadapt_marks");
    }
}
