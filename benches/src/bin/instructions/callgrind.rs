//! Counting instructions with valgrind's callgrind.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Turns of the shorter run; the longer run has twice as many.
const TURNS: u64 = 1_000;

/// The function of the counted programs in which instructions are counted, as part of its mangled name.
const COUNTED: &str = "*counted_from_here*";

/// Fails with what to do if there is no valgrind.
pub(crate) fn find() -> Result<(), String> {
    let found =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match found {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("valgrind does not run ({status}): reinstall it")),
        Err(error) => {
            Err(format!("valgrind is needed to count instructions ({error}): apt-get install valgrind"))
        }
    }
}

/// The instructions of one turn of one half of a shape.
///
/// Two runs that differ in nothing but the number of turns differ in nothing but the turns' instructions: what is
/// spent on finding the shape and on its first turns cancels out.
pub(crate) fn per_turn(program: &Path, place: &str, shape: &str, half: &str) -> Result<u64, String> {
    let once = run(program, &[place, shape, half, &TURNS.to_string()])?;
    let twice = run(program, &[place, shape, half, &(2 * TURNS).to_string()])?;
    if once == 0 {
        return Err(format!("{place} {shape} {half}: no instruction was counted in {COUNTED}"));
    }
    let turns = twice.checked_sub(once).filter(|difference| difference % TURNS == 0);
    turns.map(|turns| turns / TURNS).ok_or_else(|| {
        format!("{place} {shape} {half}: {once} and {twice} instructions in {TURNS} and {} turns: no whole number a turn", 2 * TURNS)
    })
}

/// The instructions of a whole process: the loader's too, and what runs before and after `main`. Left out is how std finds the main
/// thread's stack: it reads a list of mappings, of which there are one more or less with each change of a program's size.
pub(crate) fn all(program: &Path, arguments: &[&str]) -> Result<u64, String> {
    collect(program, arguments, &["--toggle-collect=pthread_getattr_np*", "--collect-atstart=yes"])
}

/// The instructions of one run in [`COUNTED`].
fn run(program: &Path, arguments: &[&str]) -> Result<u64, String> {
    collect(program, arguments, &[&format!("--toggle-collect={COUNTED}")])
}

/// The instructions of one run, as callgrind's `options` say.
fn collect(program: &Path, arguments: &[&str], options: &[&str]) -> Result<u64, String> {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    // Relaxed: only the number matters, and that each run gets another.
    let number = RUNS.fetch_add(1, Ordering::Relaxed);
    let profile = env::temp_dir().join(format!("qadapt-instructions-{}-{number}", process::id()));

    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .args(options)
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args(arguments)
        // The environment reaches the counted program's start-up code, and could set a mode.
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .output()
        .map_err(|error| format!("cannot start valgrind: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} {}: {}\n{said}", program.display(), arguments.join(" "), output.status));
    }
    let text = fs::read_to_string(&profile);
    // A file left behind in the temporary folder does no harm.
    let _ = fs::remove_file(&profile);
    let text = text.map_err(|error| format!("valgrind left no {}: {error}", profile.display()))?;
    total(&text).ok_or_else(|| format!("{}: no line `totals: <instructions>`", profile.display()))
}

/// The total in callgrind's file.
fn total(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn the_total_is_read() {
        assert_eq!(total("events: Ir\nsummary: 12\nfn=(0)\ntotals: 211834\n"), Some(211_834));
        assert_eq!(total("events: Ir\n"), None);
        assert_eq!(total("totals: many\n"), None);
    }
}
