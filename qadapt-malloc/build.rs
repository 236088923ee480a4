//! Stops the build where C's allocation functions cannot be replaced, and says what to do instead.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let cfg = |name: &str| env::var(format!("CARGO_CFG_{name}")).unwrap_or_default();
    let has = |name: &str, word: &str| cfg(name).split(',').any(|value| value == word);
    let reason = if cfg("TARGET_OS") != "linux" || cfg("TARGET_ENV") != "gnu" {
        format!(
            "it replaces C's allocation functions on Linux with glibc only, and this build is for {}",
            env::var("TARGET").unwrap_or_default()
        )
    } else if has("TARGET_FEATURE", "crt-static") {
        "a program with glibc linked into it has C's allocation functions in it already".to_owned()
    } else if ["address", "hwaddress", "leak", "memory", "thread"].iter().any(|tool| has("SANITIZE", tool)) {
        "the sanitizer of this build replaces C's allocation functions itself".to_owned()
    } else {
        return;
    };
    println!(
        "cargo::error=qadapt-malloc cannot see what C code allocates here: {reason}. Leave the crate out of this build, for \
         other targets with [target.'cfg(all(target_os = \"linux\", target_env = \"gnu\"))'.dependencies], and watch Rust's \
         allocator alone"
    );
}
