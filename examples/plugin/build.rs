//! Compiles the plug-in's half in C.

fn main() {
    println!("cargo::rerun-if-changed=native");
    cc::Build::new().file("native/smooth.c").debug(true).compile("smooth");
}
