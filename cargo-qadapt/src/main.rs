//! The `cargo-qadapt` command; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_qadapt::cli::main()
}
