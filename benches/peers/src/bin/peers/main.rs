//! Runs the programs of all allocators in turns, and writes a table and a picture of what they cost.
//!
//! ```text
//! cargo run --release --manifest-path benches/peers/Cargo.toml                one run, some minutes
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- --quick     under two minutes once it is built
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- --write     also writes them into the guide
//! ```

mod builds;
mod programs;
mod rounds;
mod show;

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) =
        arguments.iter().find(|argument| !["--quick", "--write"].contains(&argument.as_str()))
    {
        return Err(format!("{unknown} is unknown: write --quick, --write or nothing").into());
    }
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let programs = programs::build()?;
    let rounds = if has("--quick") { 5 } else { 31 };
    let times = rounds::times(&programs, rounds)?;
    let instructions = rounds::instructions(&programs)?;
    let costs = if has("--quick") { Vec::new() } else { builds::costs()? };
    let page = show::page(&programs, &times, &instructions, &costs, rounds);
    print!("{page}");
    if has("--write") {
        let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guide/src");
        std::fs::write(guide.join("measured.md"), &page)?;
        show::picture(&programs, &times, &guide.join("measured.svg"))?;
    }
    Ok(())
}
