//! Counts the instructions that the guard adds, and compares them with the committed counts.
//!
//! ```text
//! cargo run -p qadapt-bench --bin instructions              compare
//! cargo run -p qadapt-bench --bin instructions -- --bless   write .ci/instructions.txt
//! ```
//! Exit code: 0 no count went up by more than one instruction, 1 one did, 2 could not count.

mod callgrind;
mod programs;
mod table;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use table::{BLESS, Table};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, String> {
    let bless = match env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--bless" => true,
        _ => return Err(String::from("usage: instructions [--bless]")),
    };
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Err(String::from("the committed counts are for x86_64 Linux: count there"));
    }
    callgrind::find()?;
    let programs = programs::build()?;
    let measured = Table::measure(&programs)?;
    print!("{measured}");

    let path = committed();
    if bless {
        fs::write(&path, measured.to_file(&programs.compiler))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("wrote {}", path.display());
        return Ok(true);
    }
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}; write it with `{BLESS}`", path.display()))?;
    let committed = table::Committed::parse(&text)
        .map_err(|error| format!("{}: {error}; write it anew with `{BLESS}`", path.display()))?;
    if committed.compiler != programs.compiler {
        println!("note: committed counts are of {}, these of {}", committed.compiler, programs.compiler);
    }
    let comparison = measured.compare(&committed);
    print!("{comparison}");
    Ok(comparison.holds())
}

/// The committed counts.
fn committed() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).join(".ci/instructions.txt")
}
