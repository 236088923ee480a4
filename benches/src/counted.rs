//! The command line of a counted program.

use std::env;
use std::hint::black_box;
use std::process::ExitCode;

/// Runs what the arguments name: `WHERE SHAPE HALF TURNS`, say `binary region guarded 1000`.
///
pub(crate) fn main(run: fn(&str, bool, u64) -> Option<u64>) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [place, shape, half, turns] = arguments.as_slice() else { return usage() };
    let run = match place.as_str() {
        "binary" => run,
        "library" => qadapt_bench::run_in_library,
        _ => return usage(),
    };
    let (Some(guarded), Ok(turns)) = (guarded(half), turns.parse()) else { return usage() };
    match counted_from_here(run, shape, guarded, turns) {
        Some(_) => ExitCode::SUCCESS,
        None => usage(),
    }
}

/// Instructions are counted inside this function only, which the counting tool knows by its name: what the process
/// does before `main` differs by a few instructions from run to run.
#[inline(never)]
fn counted_from_here(
    run: fn(&str, bool, u64) -> Option<u64>,
    shape: &str,
    guarded: bool,
    turns: u64,
) -> Option<u64> {
    black_box(run(shape, guarded, turns))
}

fn guarded(half: &str) -> Option<bool> {
    match half {
        "bare" => Some(false),
        "guarded" => Some(true),
        _ => None,
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: binary|library SHAPE bare|guarded TURNS");
    ExitCode::from(2)
}
