//! Under `AddressSanitizer` the tests export what a plug-in needs of it, which lies in the program.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_SANITIZE").is_ok_and(|tools| tools.split(',').any(|tool| tool == "address")) {
        println!("cargo::rustc-link-arg-tests=-Wl,--export-dynamic-symbol=__asan_*");
    }
}
