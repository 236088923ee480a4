//! The system's allocator, by itself.

#[global_allocator]
static ALLOC: std::alloc::System = std::alloc::System;

fn main() -> std::process::ExitCode {
    qadapt_peers::main_with(&qadapt_peers::Ways { is_bare: true, ..qadapt_peers::Ways::default() })
}
