//! The work of `pace mixed` under heapscope, which follows each block: `heapscope_mixed PROFILE`. `cargo-qadapt/tests/audit/pace.rs` measures it
//! beside a trace with live memory.

use std::error::Error;

#[path = "../../../../../cargo-qadapt/tests/packages/audited/pace/src/mixed.rs"]
mod mixed;

#[global_allocator]
static ALLOC: heapscope::Alloc = heapscope::Alloc::system();

fn main() -> Result<(), Box<dyn Error>> {
    let profile = std::env::args().nth(1).ok_or("usage: heapscope_mixed PROFILE")?;
    // Addresses without names, as in a trace.
    let _profiler = heapscope::Profiler::builder().output(heapscope::Output::native(profile)).build()?;
    println!("{}", mixed::mixed(1_000_000));
    Ok(())
}
