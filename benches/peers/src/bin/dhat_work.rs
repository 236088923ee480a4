//! The work of `pace KIND` under the crate dhat, which follows each block: `dhat_work KIND`. `cargo-qadapt/benches/live.rs` measures it beside a
//! trace with live memory.

use std::error::Error;

#[path = "../../../../cargo-qadapt/tests/packages/audited/pace/src/work.rs"]
mod work;

#[global_allocator]
static ALLOC: dhat::Alloc = dhat::Alloc;

fn main() -> Result<(), Box<dyn Error>> {
    let kind = std::env::args().nth(1).ok_or("usage: dhat_work KIND")?;
    // In testing mode it looks up no names at the end, and writes nothing.
    let _profiler = dhat::Profiler::builder().testing().build();
    println!("{}", work::work(&kind).ok_or("no such kind")?);
    Ok(())
}
