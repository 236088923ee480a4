//! The page for the guide, and the picture on it.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use plotters::prelude::*;

use crate::builds::Cost;
use crate::programs::Program;
use crate::rounds::{Instructions, Times, WORK};

/// Why QADAPT is slower than another, where that is known.
const WHY: [(&str, &str); 2] = [
    (
        "counted",
        "a count of QADAPT's is a region, which may nest, be left by a panic and close in any order (some 5 ns), and each event\n\
         changes several figures, among them the most that was live",
    ),
    (
        "json",
        "it passes no reallocation on, and makes a new block, a copy and a deallocation of each, which is cheaper where\n\
         blocks are as small as these. So does a wrapper of System that watches nothing",
    ),
];

/// A table for each thing that is measured.
pub(crate) fn page(
    programs: &[Program],
    times: &Times,
    instructions: &Instructions,
    costs: &[Cost],
    rounds: u32,
) -> String {
    let mut page = format!(
        "# Measured beside other tools\n\n\
         Written by `cargo run --release --manifest-path benches/peers/Cargo.toml -- --write`, with {}. Each allocator has a\n\
         program of its own over one workload. The programs run in turns, {rounds} rounds; times are medians in nanoseconds, with\n\
         the quartiles. Instructions are counted by callgrind, which repeats exactly where times do not.\n\n\
         ![A pair beside the system's allocator](measured.svg)\n",
        compiler(),
    );
    for (name, what, _) in WORK {
        let _ = write!(
            page,
            "\n## {}\n\n| | ns | quartiles | of the first | instructions |\n|---|---|---|---|---|\n",
            capital(what)
        );
        let base = times.iter().find(|((work, _), _)| *work == name).map(|(_, rounds)| median(rounds));
        for (index, program) in programs.iter().enumerate() {
            let Some(rounds) = times.get(&(name, index)) else { continue };
            let (middle, low, high) = (median(rounds), quantile(rounds, 1, 4), quantile(rounds, 3, 4));
            let ratio = base.map_or(1.0, |base| middle / base);
            let counted = instructions.get(&(name, index)).map_or_else(String::new, u64::to_string);
            let _ = writeln!(
                page,
                "| {} | {} | {} to {} | {ratio:.2} | {counted} |",
                program.label,
                short(middle),
                short(low),
                short(high)
            );
        }
        if let Some(faster) = faster_than_qadapt(programs, times, name) {
            let why = WHY.iter().find(|(known, _)| *known == name).map_or("", |(_, why)| why);
            let _ =
                writeln!(page, "\n{faster} is faster here{}{why}.", if why.is_empty() { "" } else { ": " });
        }
    }
    if !costs.is_empty() {
        page.push_str(&builds(costs));
    }
    page
}

/// The fastest other tool, where three quarters of its rounds were faster than three quarters of QADAPT's, by a twentieth.
fn faster_than_qadapt<'a>(programs: &'a [Program], times: &Times, name: &str) -> Option<&'a str> {
    let of = |index: usize| {
        times.iter().find(|((work, at), _)| *work == name && *at == index).map(|(_, rounds)| rounds)
    };
    let own = of(programs.iter().position(|program| program.label == "QADAPT, checks on")?)?;
    let is_other = |label: &str| !label.starts_with("QADAPT") && label != "System";
    let others = programs.iter().enumerate().filter(|(_, program)| is_other(program.label));
    let (label, rounds) = others
        .filter_map(|(index, program)| Some((program.label, of(index)?)))
        .min_by(|a, b| median(a.1).total_cmp(&median(b.1)))?;
    (quantile(rounds, 3, 4) * 1.05 < quantile(own, 1, 4)).then_some(label)
}

/// What each adds to a build.
fn builds(costs: &[Cost]) -> String {
    let mut table = String::from(
        "\n## A program that does nothing\n\nBuilt once from nothing, in release, and stripped.\n\n\
         | | crates added | seconds | program, KB |\n|---|---|---|---|\n",
    );
    for Cost { label, crates, seconds, size } in costs {
        let _ = writeln!(table, "| {label} | {crates} | {seconds:.1} | {} |", size / 1000);
    }
    table
}

/// What `rustc --version` says, in two words.
fn compiler() -> String {
    let output = std::process::Command::new("rustc").arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Three digits are as many as a time has.
fn short(nanoseconds: f64) -> String {
    if nanoseconds < 10.0 {
        format!("{nanoseconds:.2}")
    } else if nanoseconds < 100.0 {
        format!("{nanoseconds:.1}")
    } else {
        format!("{nanoseconds:.0}")
    }
}

fn median(sorted: &[f64]) -> f64 {
    quantile(sorted, 1, 2)
}

/// Of sorted figures the one below which so large a part of them lies.
fn quantile(sorted: &[f64], part: usize, of: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * part / of).copied().unwrap_or(f64::NAN)
}

/// Bars of the pair, each as long as its median.
pub(crate) fn picture(programs: &[Program], times: &Times, path: &Path) -> Result<(), Box<dyn Error>> {
    let bars: Vec<(&str, f64)> = (programs.iter().enumerate())
        .filter_map(|(index, program)| Some((program.label, median(times.get(&("pair", index))?))))
        .collect();
    let longest = bars.iter().map(|bar| bar.1).fold(0.0, f64::max);
    let height = 60 + 30 * u32::try_from(bars.len())?;
    let area = SVGBackend::new(path, (760, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let text = ("sans-serif", 15).into_font().color(&RGBColor(40, 40, 40));
    let title = "An allocation of 64 bytes and its deallocation, nothing watched: nanoseconds";
    area.draw(&Text::new(title, (12, 14), text.clone()))?;
    for (row, (label, nanoseconds)) in (0..).zip(bars) {
        let top = 46 + 30 * row;
        #[expect(clippy::cast_possible_truncation, reason = "a place in the picture")]
        let end = 250 + (420.0 * nanoseconds / longest) as i32;
        let colour =
            if label.starts_with("QADAPT") { RGBColor(31, 119, 180) } else { RGBColor(150, 150, 150) };
        area.draw(&Text::new(label, (12, top + 3), text.clone()))?;
        area.draw(&Rectangle::new([(250, top), (end, top + 20)], colour.filled()))?;
        area.draw(&Text::new(short(nanoseconds), (end + 8, top + 3), text.clone()))?;
    }
    area.present()?;
    Ok(())
}
