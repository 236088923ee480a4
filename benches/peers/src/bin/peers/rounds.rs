//! Times, in interleaved rounds, and instructions.

use std::collections::BTreeMap;
use std::error::Error;
use std::process::Command;

use crate::programs::Program;

/// What is measured, in the order of the table: its name, what it is, and how often a program does it in a round.
pub(crate) const WORK: [(&str, &str, u64); 15] = [
    ("pair", "an allocation of 64 bytes and its deallocation", 1_000_000),
    ("pair-2-threads", "the same on two threads, each half", 1_000_000),
    ("growth", "a `Vec` that grows to 1,000 numbers", 20_000),
    ("zeroed-64-mib", "64 MiB of zeros, untouched", 20),
    ("map", "a map of 100 strings", 1_000),
    ("json", "a JSON text of 20 records, parsed and written", 1_000),
    ("region", "a protected closure", 10_000_000),
    ("enter-exit", "protection between two calls", 3_000_000),
    ("permitted", "a permitted pair in a protected closure", 1_000_000),
    ("counted", "a pair, counted by itself", 500_000),
    ("violating", "a pair in a protected closure, counted as a violation", 500_000),
    ("shown", "the same in one closure, each with its stack", 200_000),
    ("poll", "a poll of a protected future", 5_000_000),
    ("callbacks", "an audio callback: 64 samples through a filter, protected", 100_000),
    ("recorded", "a pair of which the profiler keeps a record", 200_000),
];

/// Nanoseconds a turn in each round, by work and program.
pub(crate) type Times = BTreeMap<(&'static str, usize), Vec<f64>>;
/// Instructions a turn, by work and program.
pub(crate) type Instructions = BTreeMap<(&'static str, usize), u64>;

/// Runs every program once in each round, one after the other, so that what disturbs the machine disturbs all.
pub(crate) fn times(programs: &[Program], rounds: u32) -> Result<Times, Box<dyn Error>> {
    let mut times = Times::new();
    for _ in 0..rounds {
        for (name, _, turns) in WORK {
            for (index, program) in programs.iter().enumerate() {
                if !program.can.iter().any(|known| known == name) {
                    continue;
                }
                let output = Command::new(&program.path).args([name, &turns.to_string()]).output()?;
                if !output.status.success() {
                    let said = String::from_utf8_lossy(&output.stderr);
                    return Err(format!("{} {name}: {}\n{said}", program.label, output.status).into());
                }
                let took: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
                times.entry((name, index)).or_default().push(took / per_turn(turns));
            }
        }
    }
    for rounds in times.values_mut() {
        rounds.sort_by(f64::total_cmp);
    }
    Ok(times)
}

fn per_turn(turns: u64) -> f64 {
    u32::try_from(turns).map_or(f64::INFINITY, f64::from)
}

/// Counts instructions under callgrind; none where there is no valgrind.
pub(crate) fn instructions(programs: &[Program]) -> Result<Instructions, Box<dyn Error>> {
    let mut counts = Instructions::new();
    let is_there =
        Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("note: no valgrind, so no instructions are counted");
        return Ok(counts);
    }
    for (name, _, _) in WORK {
        // Threads and the kernel's work have no number of instructions that says anything.
        if ["pair-2-threads", "zeroed-64-mib"].contains(&name) {
            continue;
        }
        for (index, program) in programs.iter().enumerate() {
            if program.is_counted && program.can.iter().any(|known| known == name) {
                let (once, twice) = (count(program, name, 200)?, count(program, name, 400)?);
                counts.insert((name, index), twice.saturating_sub(once) / 200);
            }
        }
    }
    Ok(counts)
}

fn count(program: &Program, name: &str, turns: u64) -> Result<u64, Box<dyn Error>> {
    let profile = std::env::temp_dir().join(format!("qadapt-peers-{}", std::process::id()));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--toggle-collect=*counted_from_here*"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(&program.path)
        .args([name, &turns.to_string()])
        .output()?;
    if !output.status.success() {
        return Err(format!("{} {name} under callgrind: {}", program.label, output.status).into());
    }
    let text = std::fs::read_to_string(&profile)?;
    std::fs::remove_file(&profile)?;
    let total =
        text.lines().find_map(|line| line.strip_prefix("totals: ")).ok_or("callgrind counted nothing")?;
    Ok(total.trim().parse()?)
}
