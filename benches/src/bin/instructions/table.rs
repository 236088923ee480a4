//! The counts: measured, committed, compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

use qadapt_bench::plan::{Place, SHAPES, Shape};

use super::callgrind;
use super::programs::Programs;

/// How to write the committed counts anew.
pub(crate) const BLESS: &str = "cargo run -p qadapt-bench --bin instructions -- --bless";

/// Instructions that a count may go up by before it fails.
const SLACK: i64 = 1;

/// The row of a whole process: loading it, and what runs before and after `main`.
const START_UP: &str = "start-up";

/// Instructions that a start may take more: the loader's part differs from one C library to another.
const START_UP_SLACK: i64 = 3_000;

/// What a start should cost at most.
const START_UP_TARGET: i64 = 10_000;

/// What stands before the compiler's version in the committed file.
const COMPILER: &str = "# counted with ";

/// A shape and a place, as the committed file spells them.
type Name = (String, String);

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<Name, Row>,
}

/// Instructions a turn.
#[derive(Clone, Copy, Debug)]
struct Row {
    bare: u64,
    guarded: u64,
    /// What the guard should add at most, where there is such a target.
    target: Option<i64>,
}

impl Row {
    fn over(self) -> i64 {
        self.guarded.cast_signed() - self.bare.cast_signed()
    }
}

impl Table {
    /// Counts every shape in every place, on all cores.
    pub(crate) fn measure(programs: &Programs) -> Result<Self, String> {
        let work = SHAPES.iter().flat_map(|shape| shape.places.iter().map(move |&place| (shape, place)));
        let queue = Mutex::new(work.collect::<Vec<_>>());
        let rows = Mutex::new(BTreeMap::new());
        let next = || queue.lock().ok()?.pop();
        thread::scope(|scope| {
            let cores = thread::available_parallelism().map_or(1, NonZero::get);
            let work = || -> Result<(), String> {
                while let Some((shape, (place, target))) = next() {
                    let row = row(programs, shape, place, target)?;
                    let name = (shape.name.to_owned(), place.word().to_owned());
                    rows.lock().map_err(|_| "a worker panicked")?.insert(name, row);
                }
                Ok(())
            };
            let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            let mut results = workers.into_iter().map(thread::ScopedJoinHandle::join);
            results.try_for_each(|result| result.unwrap_or_else(|_| Err(String::from("a worker panicked"))))
        })?;
        let mut rows = rows.into_inner().map_err(|_| "a worker panicked")?;
        rows.insert((START_UP.to_owned(), Place::Binary.word().to_owned()), start_up(programs)?);
        Ok(Self { rows })
    }

    /// The committed file's text.
    pub(crate) fn to_file(&self, compiler: &str) -> String {
        let head = format!(
            "# Instructions that QADAPT adds to the bare thing: x86_64 Linux, release, checks on.\n\
             # Written by `{BLESS}`; benches/src/shapes.rs has the shapes.\n\
             {COMPILER}{compiler}\n"
        );
        let lines = self.rows.iter();
        let lines = lines.map(|((shape, place), row)| format!("{shape:<16}{place:<9}{:>+4}\n", row.over()));
        head + &lines.collect::<String>()
    }

    /// Compares with the committed counts.
    pub(crate) fn compare(&self, committed: &Committed) -> Comparison {
        let names: BTreeSet<_> = self.rows.keys().chain(committed.counts.keys()).collect();
        let mut comparison = Comparison::default();
        for name in names {
            let (shape, place) = name;
            let says = |text: String| format!("{shape} ({place}): {text}");
            match (self.rows.get(name).map(|row| row.over()), committed.counts.get(name).copied()) {
                (Some(now), Some(then)) if now > then + slack(shape) => {
                    comparison.worse.push(says(format!("{now:+} instructions, committed {then:+}")));
                }
                (Some(now), Some(then)) if now <= then - slack(shape) => {
                    comparison.better.push(says(format!("{now:+} instructions, committed {then:+}")));
                }
                (Some(now), None) => {
                    comparison.worse.push(says(format!("{now:+} instructions, not committed")));
                }
                (None, Some(_)) => {
                    comparison.worse.push(says(String::from("committed, but no longer counted")));
                }
                _ => {}
            }
        }
        comparison
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<16}{:<9}{:>6}{:>9}{:>6}  target", "shape", "place", "bare", "guarded", "over")?;
        for ((shape, place), row) in &self.rows {
            write!(f, "{shape:<16}{place:<9}{:>6}{:>9}{:>+6}", row.bare, row.guarded, row.over())?;
            match row.target {
                Some(target) if row.over() > target => writeln!(f, "  {target:+} missed")?,
                Some(target) => writeln!(f, "  {target:+}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

fn row(programs: &Programs, shape: &Shape, place: Place, target: Option<i64>) -> Result<Row, String> {
    let count = |program, half| {
        let program = programs.path(place, program);
        callgrind::per_turn(&program, place.argument(), shape.name, half)
    };
    Ok(Row { bare: count(shape.bare, "bare")?, guarded: count(shape.guarded, "guarded")?, target })
}

fn start_up(programs: &Programs) -> Result<Row, String> {
    let [bare, guarded] = &programs.small;
    let of_idle = |program| callgrind::all(program, &["idle"]);
    let (bare, guarded) = (of_idle(bare)?, of_idle(guarded)?);
    Ok(Row { bare, guarded, target: Some(START_UP_TARGET) })
}

/// How much a shape's count may go up.
fn slack(shape: &str) -> i64 {
    if shape == START_UP { START_UP_SLACK } else { SLACK }
}

/// What the committed file says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    /// The compiler's version.
    pub(crate) compiler: String,
    counts: BTreeMap<Name, i64>,
}

impl Committed {
    /// Reads the file's text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let compiler = text.lines().find_map(|line| line.strip_prefix(COMPILER));
        let compiler = compiler.ok_or_else(|| format!("no line that begins with `{COMPILER}`"))?.to_owned();
        let mut counts = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            let mut words = line.split_whitespace();
            let (Some(shape), Some(place), Some(Ok(over)), None) =
                (words.next(), words.next(), words.next().map(str::parse), words.next())
            else {
                return Err(format!("line {number} is not `SHAPE PLACE COUNT`: {line}"));
            };
            if counts.insert((shape.to_owned(), place.to_owned()), over).is_some() {
                return Err(format!("line {number} counts {shape} ({place}) a second time"));
            }
        }
        Ok(Self { compiler, counts })
    }
}

/// How the measured counts differ from the committed ones.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    worse: Vec<String>,
    better: Vec<String>,
}

impl Comparison {
    /// True if nothing costs more than it may.
    pub(crate) fn holds(&self) -> bool {
        self.worse.is_empty()
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.better {
            writeln!(f, "better: {line}")?;
        }
        for line in &self.worse {
            writeln!(f, "FAILED: {line}")?;
        }
        if !self.better.is_empty() || !self.worse.is_empty() {
            writeln!(f, "to commit these counts: {BLESS}")?;
        }
        if self.holds() {
            writeln!(f, "no count is more than {SLACK} above the committed one")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "# counted with rustc 1\nregion          binary     +4\nregion          library   +12\n";

    fn measured(counts: &[(&str, &str, u64)]) -> Table {
        let row = |guarded| Row { bare: 10, guarded, target: None };
        let rows = counts.iter().map(|&(shape, place, guarded)| ((shape.into(), place.into()), row(guarded)));
        Table { rows: rows.collect() }
    }

    /// Each row of the table in DEVELOPMENT.md has the committed counts of a shape.
    #[test]
    fn the_documented_counts_are_the_committed_ones() {
        let text = include_str!("../../../../DEVELOPMENT.md");
        let (_, table) = text.split_once("| | binary | library | fat LTO |\n").expect("the table");
        let committed = Committed::parse(include_str!("../../../../.ci/instructions.txt")).unwrap();
        let count =
            |shape: &str, place| committed.counts.get(&(shape.to_owned(), String::from(place))).copied();
        let shapes: BTreeSet<[Option<i64>; 3]> = committed
            .counts
            .keys()
            .map(|(shape, _)| ["binary", "library", "fat-lto"].map(|place| count(shape, place)))
            .collect();
        let rows: Vec<&str> = table.lines().skip(1).take_while(|line| line.starts_with('|')).collect();
        assert!(rows.len() > 20, "{rows:?}");
        for row in rows {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let [_, _, binary, library, fat, _] = cells[..] else { panic!("{row}") };
            let counts = [binary, library, fat].map(|cell| cell.replace(',', "").parse().ok());
            assert!(shapes.contains(&counts), "no shape has these counts: {row}");
        }
    }

    #[test]
    fn one_instruction_more_holds_and_two_fail() {
        let committed = Committed::parse(FILE).unwrap();
        let compare = |binary, library| {
            measured(&[("region", "binary", binary), ("region", "library", library)]).compare(&committed)
        };
        assert!(compare(14, 22).holds());
        assert!(compare(15, 23).holds());
        let worse = compare(16, 22);
        assert!(!worse.holds());
        assert!(worse.to_string().contains("FAILED: region (binary): +6 instructions, committed +4"));
        let better = compare(14, 20);
        assert!(better.holds());
        assert!(better.to_string().contains("better: region (library): +10 instructions, committed +12"));
        assert!(better.to_string().contains(BLESS));
    }

    #[test]
    fn a_count_on_one_side_only_fails() {
        let committed = Committed::parse(FILE).unwrap();
        let missing = measured(&[("region", "binary", 14)]).compare(&committed);
        assert!(missing.to_string().contains("region (library): committed, but no longer counted"));
        assert!(!missing.holds());
        let new = [("region", "binary", 14), ("region", "library", 22), ("poll", "binary", 18)];
        let new = measured(&new).compare(&committed);
        assert!(new.to_string().contains("poll (binary): +8 instructions, not committed"));
        assert!(!new.holds());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let table = measured(&[("region", "library", 22), ("region", "binary", 14)]);
        let text = table.to_file("rustc 1");
        assert!(text.ends_with(FILE.split_once('\n').unwrap().1), "{text}");
        assert_eq!(Committed::parse(&text), Committed::parse(FILE));
    }

    #[test]
    fn a_broken_file_is_refused() {
        let broken = |text: &str| Committed::parse(text).unwrap_err();
        assert!(broken("region binary +4\n").contains("no line that begins with"));
        assert!(broken(&FILE.replace("+12", "twelve")).starts_with("line 3 is not"));
        assert!(broken(&FILE.replace("library", "binary")).contains("a second time"));
    }
}
