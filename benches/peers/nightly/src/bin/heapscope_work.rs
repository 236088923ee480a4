//! The work of `pace KIND` under heapscope, which follows each block: `heapscope_work PROFILE KIND`. `cargo-qadapt/benches/live.rs` measures it
//! beside a trace with live memory.

use std::error::Error;

#[path = "../../../../../cargo-qadapt/tests/packages/audited/pace/src/work.rs"]
mod work;

#[global_allocator]
static ALLOC: heapscope::Alloc = heapscope::Alloc::system();

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(profile), Some(kind)) = (arguments.next(), arguments.next()) else {
        return Err("usage: heapscope_work PROFILE KIND".into());
    };
    // Addresses without names, as in a trace.
    let _profiler = heapscope::Profiler::builder().output(heapscope::Output::native(profile)).build()?;
    println!("{}", work::work(&kind).ok_or("no such kind")?);
    Ok(())
}
