//! The source files that a report is about.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::super::source::{contents, cut};
use super::super::view::View;
use super::strings::Strings;

/// Bytes of source that a page has: files beyond that have only the lines round those that matter.
const WHOLE: usize = 16 << 20;

/// Lines before and after one that matters, of a file that is not there as a whole.
const CONTEXT: u32 = 6;

/// Lines left out between two parts; fewer are shown.
const GAP: u32 = 3;

/// Characters of a line that are shown.
const WIDTH: usize = 400;

/// What there is of one file: one part where it is all of it.
#[derive(Debug, Serialize)]
pub(super) struct Excerpts {
    /// Its path, by number.
    file: usize,
    /// Empty if the file could not be read.
    parts: Vec<Part>,
    is_whole: bool,
}

/// Lines that follow each other.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Part {
    /// The first one's number.
    start: u32,
    lines: Vec<String>,
}

/// The files that have a site or a region, each once, and read when it is asked for.
pub(super) fn excerpts<'a>(
    view: &'a View<'_>,
    strings: &'a RefCell<Strings>,
) -> impl Iterator<Item = Excerpts> + use<'a> {
    let mut wanted: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    let regions = view.report.regions.iter().map(|region| (region.place.file.as_str(), region.place.line));
    let lines =
        view.lines.iter().filter_map(|line| line.at.as_ref()).map(|(file, line)| (file.as_str(), *line));
    for (file, line) in regions.chain(lines).filter(|&(file, line)| !file.is_empty() && line > 0) {
        wanted.entry(file).or_default().insert(line);
    }
    let mut room = WHOLE;
    wanted.into_iter().map(move |(file, lines)| {
        let text = contents(&view.root.join(file));
        let left = room.checked_sub(text.len());
        let is_whole = left.is_some();
        room = left.unwrap_or(room);
        let ranges = if is_whole { vec![(1, u32::MAX)] } else { ranges(&lines) };
        Excerpts { file: strings.borrow_mut().number(file), parts: parts(&text, &ranges), is_whole }
    })
}

fn parts(text: &str, ranges: &[(u32, u32)]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
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
    use std::path::PathBuf;

    use super::*;
    use crate::report::figures::{Region, RegionKind, RegionPlace, Report};

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("qadapt-excerpts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("it can be made");
        folder
    }

    fn region(file: &str) -> Region {
        let place = RegionPlace {
            file: file.into(),
            line: 100,
            column: 1,
            name: None,
            kind: RegionKind::Plain,
            by: None,
        };
        Region { place, counts: Vec::new() }
    }

    #[test]
    fn near_lines_are_shown_together() {
        assert_eq!(ranges(&BTreeSet::from([10, 26, 60])), [(1, 32), (54, 66)]);
        assert_eq!(ranges(&BTreeSet::from([u32::MAX])), [(u32::MAX - CONTEXT, u32::MAX)]);
    }

    #[test]
    fn parts_are_of_the_file() {
        let text = include_str!("excerpt.rs");
        let found = parts(text, &ranges(&BTreeSet::from([1, 40, 1_000_000])));
        assert_eq!(found.iter().map(|part| part.start).collect::<Vec<_>>(), [1, 34]);
        assert_eq!(found[0].lines[0], "//! The source files that a report is about.");
        assert_eq!(found[1].lines[6], text.lines().nth(39).expect("a line"));
        let whole = parts(text, &[(1, u32::MAX)]);
        assert_eq!((whole.len(), whole[0].lines.len()), (1, text.lines().count()));
        assert_eq!(parts("", &[(1, u32::MAX)]), []);
    }

    #[test]
    fn files_are_whole_as_long_as_there_is_room() {
        let folder = folder();
        let report = Report {
            regions: (0..6).map(|file| region(&format!("{file}.rs"))).collect(),
            ..Report::default()
        };
        let text = format!("{}\n", "x".repeat(3_999)).repeat(1_000);
        for file in 0..6 {
            std::fs::write(folder.join(format!("{file}.rs")), &text).expect("it can be written");
        }
        let (view, strings) = (View::new(&report, &folder), RefCell::default());
        let found: Vec<_> = excerpts(&view, &strings).collect();
        let lines = |file: &Excerpts| file.parts.iter().map(|part| part.lines.len()).sum::<usize>();
        let shown: Vec<_> = found.iter().map(|file| (file.is_whole, lines(file))).collect();
        assert_eq!(shown, [vec![(true, 1_000); 4], vec![(false, 13); 2]].concat());
        std::fs::remove_dir_all(folder).expect("it was there");
    }
}
