//! Compiles the tests' C: `habits.c` into them, `counter.c` into a library for `LD_PRELOAD`.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=native");
    // Unoptimised, as a compiler leaves out requests that it sees through.
    cc::Build::new().file("native/habits.c").opt_level(0).debug(true).compile("habits");
    let counter = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder")).join("libcounter.so");
    let compiler = cc::Build::new().get_compiler();
    let mut command: Command = compiler.to_command();
    command.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&counter).arg("native/counter.c");
    let status = command.status().expect("the C compiler runs");
    assert!(status.success(), "{command:?} failed");
    println!("cargo::rustc-env=COUNTER={}", counter.display());
}
