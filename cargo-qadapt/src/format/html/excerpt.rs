//! The parts of source files that a report is about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use super::super::source::{contents, cut};
use super::super::view::View;
use super::strings::Strings;

/// Lines shown before and after one that matters.
const CONTEXT: u32 = 6;

/// Lines left out between two parts; fewer are shown.
const GAP: u32 = 3;

/// Characters of a line that are shown.
const WIDTH: usize = 400;

/// The parts of one file.
#[derive(Debug, Serialize)]
pub(super) struct Excerpts {
    /// Its path, by number.
    file: usize,
    /// Empty if the file could not be read.
    parts: Vec<Part>,
}

/// Lines that follow each other.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Part {
    /// The first one's number.
    start: u32,
    lines: Vec<String>,
}

/// What to show of each file that has a site or a region.
pub(super) fn excerpts(view: &View<'_>, strings: &mut Strings) -> Vec<Excerpts> {
    let mut wanted: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    let regions = view.report.regions.iter().map(|region| (region.place.file.as_str(), region.place.line));
    let lines =
        view.lines.iter().filter_map(|line| line.at.as_ref()).map(|(file, line)| (file.as_str(), *line));
    for (file, line) in regions.chain(lines).filter(|&(file, line)| !file.is_empty() && line > 0) {
        wanted.entry(file).or_default().insert(line);
    }
    wanted
        .into_iter()
        .map(|(file, lines)| Excerpts {
            file: strings.number(file),
            parts: parts(&view.root.join(file), &lines),
        })
        .collect()
}

fn parts(path: &Path, wanted: &BTreeSet<u32>) -> Vec<Part> {
    let text = contents(path);
    let mut parts: Vec<Part> = Vec::new();
    let ranges = ranges(wanted);
    let mut ranges = ranges.iter().peekable();
    for (number, line) in (1..).zip(text.lines()) {
        while ranges.next_if(|&&(_, end)| end < number).is_some() {}
        let Some(&&(start, _)) = ranges.peek() else { break };
        if number == start {
            parts.push(Part { start, lines: Vec::new() });
        }
        if number >= start
            && let Some(part) = parts.last_mut()
        {
            part.lines.push(cut(line.trim_end(), WIDTH, "    "));
        }
    }
    parts
}

/// First and last lines of what is shown.
fn ranges(wanted: &BTreeSet<u32>) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &line in wanted {
        let (start, end) = (line.saturating_sub(CONTEXT), line.saturating_add(CONTEXT));
        let start = if start <= GAP + 1 { 1 } else { start };
        match ranges.last_mut() {
            Some(last) if start <= last.1.saturating_add(GAP + 1) => last.1 = end,
            _ => ranges.push((start, end)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_lines_are_shown_together() {
        assert_eq!(ranges(&BTreeSet::from([10, 26, 60])), [(1, 32), (54, 66)]);
        assert_eq!(ranges(&BTreeSet::from([u32::MAX])), [(u32::MAX - CONTEXT, u32::MAX)]);
    }

    #[test]
    fn parts_are_of_the_file() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/html/excerpt.rs");
        let text = std::fs::read_to_string(&path).expect("this file");
        let found = parts(&path, &BTreeSet::from([1, 40, 1_000_000]));
        assert_eq!(found.iter().map(|part| part.start).collect::<Vec<_>>(), [1, 34]);
        assert_eq!(found[0].lines[0], "//! The parts of source files that a report is about.");
        assert_eq!(found[1].lines[6], text.lines().nth(39).expect("a line"));
        assert_eq!(parts(Path::new("/"), &BTreeSet::from([1])), []);
    }
}
