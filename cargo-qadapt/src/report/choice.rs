//! Which part of a report is shown, and in what order.

use std::cmp::Reverse;
use std::collections::HashMap;

use clap::{Args, ValueEnum};
use qadapt_code::glob::{Glob, InvalidPattern};
use qadapt_code::origin::{is_guards, same_name};

use super::figures::{Counts, LeftOut, Region, RegionKind, RegionPlace, Report, SiteCounts};
use super::line::Line;
use super::lines::lines;

/// What is shown of a report, and what of it comes first.
#[derive(Args, Clone, Debug, Default)]
pub struct Choice {
    /// Tells the entries of each test, or of the threads of each name, apart.
    #[arg(long, value_enum)]
    pub by: Option<Apart>,
    /// What makes a region or a line heavy: the heaviest come first.
    #[arg(long, value_enum, default_value = "events")]
    pub sort: Weight,
    /// Shows the so many heaviest lines, and the regions that they are in.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub top: Option<u32>,
    /// Shows what a crate does: its own lines, and lines of others for which it allocates.
    #[arg(long = "crate", value_name = "NAME")]
    pub from_crate: Option<String>,
    /// Shows regions with this name or file; `*` stands for anything.
    #[arg(long, value_name = "GLOB", value_parser = pattern)]
    pub region: Option<Glob>,
}

/// What is told apart in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Apart {
    /// Tests.
    Test,
    /// Threads.
    Thread,
}

/// What regions and lines are compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Weight {
    /// Disallowed events.
    #[default]
    Events,
    /// Bytes that they asked for.
    Bytes,
    /// Bytes that are alive at the end; of those with as many, bytes at the peak.
    Live,
}

fn pattern(text: &str) -> Result<Glob, InvalidPattern> {
    Glob::try_from(text.to_owned())
}

impl Weight {
    /// Orders lines by region, and those of each: the user's own, those of dependencies, those of the standard library; and
    /// of these the heaviest first.
    pub fn order(self, lines: &mut [Line]) {
        lines.sort_by(|a, b| {
            let order = |line: &Line| (line.region, line.origin, Reverse(self.of_line(line)));
            order(a).cmp(&order(b)).then_with(|| (&a.at, a.op).cmp(&(&b.at, b.op)))
        });
    }

    fn of_line(self, line: &Line) -> (u64, u64) {
        let figure = |counts: &SiteCounts| match self {
            Self::Events => (counts.estimate, 0),
            Self::Bytes => (counts.bytes, 0),
            Self::Live => counts.live.map_or((0, 0), |live| (live.bytes, live.peak_bytes)),
        };
        line.counts.iter().flatten().map(figure).max().unwrap_or((0, 0))
    }

    fn of_region(self, index: usize, region: &Region, lines: &[Line]) -> (u64, u64) {
        let figure = |counts: &Counts| match self {
            Self::Events => (counts.disallowed, 0),
            Self::Bytes => (counts.bytes, 0),
            Self::Live => (0, 0),
        };
        if self == Self::Live {
            let own = lines.iter().filter(|line| line.region == index).map(|line| self.of_line(line));
            return own
                .fold((0, 0), |sum, line| (sum.0.saturating_add(line.0), sum.1.saturating_add(line.1)));
        }
        region.counts.iter().flatten().map(figure).max().unwrap_or((0, 0))
    }
}

impl Choice {
    /// The part of a report that is chosen, and its lines, the heaviest first. What is left out is counted.
    #[must_use]
    pub fn of(&self, mut report: Report) -> (Report, Vec<Line>) {
        let mut lines = lines(&report);
        let all = (report.regions.len(), lines.len());
        lines.retain(|line| {
            report.regions.get(line.region).is_some_and(|region| self.means(&region.place))
                && self.from_crate.as_deref().is_none_or(|package| concerns(&report, line, package))
        });
        if let Some(top) = self.top {
            lines.sort_by_key(|line| Reverse(self.sort.of_line(line)));
            lines.truncate(usize::try_from(top).unwrap_or(usize::MAX));
        }
        let mut kept: Vec<usize> = (0..report.regions.len())
            .filter(|&index| {
                let is_named = self.means(&report.regions[index].place);
                is_named && (!self.is_about_lines() || lines.iter().any(|line| line.region == index))
            })
            .collect();
        kept.sort_by_key(|&index| Reverse(self.sort.of_region(index, &report.regions[index], &lines)));
        let places: HashMap<usize, usize> = kept.iter().enumerate().map(|(new, &old)| (old, new)).collect();
        for line in &mut lines {
            line.region = places.get(&line.region).copied().unwrap_or(0);
        }
        self.sort.order(&mut lines);
        report.regions = kept.into_iter().map(|index| report.regions[index].clone()).collect();
        let mut sites = Vec::new();
        for line in &mut lines {
            let first = sites.len();
            for &site in &line.sites {
                let mut site = report.sites[site].clone();
                site.region = line.region;
                sites.push(site);
            }
            line.sites = (first..sites.len()).collect();
        }
        report.sites = sites;
        let (regions, shown) = (all.0 - report.regions.len(), all.1 - lines.len());
        if regions > 0 || shown > 0 {
            report.left_out.add(LeftOut { regions: regions as u64, lines: shown as u64 });
            report.drop_unused_frames();
        }
        (report, lines)
    }

    /// Why nothing is left, if nothing is: what could have been meant instead.
    #[must_use]
    pub fn matches_nothing(&self, report: &Report) -> Option<String> {
        if let Some(glob) = &self.region
            && !report.regions.iter().any(|region| self.means(&region.place))
        {
            let mut names: Vec<String> = report.regions.iter().map(|region| title(&region.place)).collect();
            names.dedup();
            return Some(format!(
                "no region is called `{}`: there are {}",
                glob.as_str(),
                some_of(names, "none")
            ));
        }
        let package = self.from_crate.as_deref()?;
        if report.packages.values().any(|known| same_name(known, package)) {
            return None;
        }
        let mut names: Vec<String> = report.packages.values().cloned().collect();
        names.sort();
        names.dedup();
        Some(format!(
            "no line is of a crate `{package}`, nor inside of it: there are {}",
            some_of(names, "none")
        ))
    }

    const fn is_about_lines(&self) -> bool {
        self.top.is_some() || self.from_crate.is_some()
    }

    fn means(&self, place: &RegionPlace) -> bool {
        self.region.as_ref().is_none_or(|glob| {
            glob.is_match(&title(place))
                || place.kind != RegionKind::WholeProgram
                    && (glob.is_match(&place.file)
                        || glob.is_match(&format!("{}:{}", place.file, place.line)))
        })
    }
}

/// The first few of a list in words.
fn some_of(mut names: Vec<String>, nothing: &str) -> String {
    /// Names that are listed.
    const MOST: usize = 10;
    if names.is_empty() {
        return nothing.to_owned();
    }
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    let names = names.join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

/// A region's name, or its place where it has none.
fn title(place: &RegionPlace) -> String {
    match (&place.name, place.kind) {
        (Some(name), _) => name.clone(),
        (None, RegionKind::WholeProgram) => "the whole program".to_owned(),
        (None, _) => format!("{}:{}", place.file, place.line),
    }
}

/// True if a line is this package's, or on one of its stacks the package asks for memory between the line and the
/// allocator.
fn concerns(report: &Report, line: &Line, package: &str) -> bool {
    let is_in = |file: &str| report.packages.get(file).is_some_and(|known| same_name(known, package));
    if line.at.as_ref().is_some_and(|(file, _)| is_in(file)) {
        return true;
    }
    let stacks = line.sites.iter().filter_map(|&site| report.sites.get(site)).map(|site| &site.stack);
    stacks.into_iter().any(|stack| {
        let frames = stack.iter().filter_map(|&frame| report.frames.get(frame as usize));
        let inner = frames.take_while(|frame| {
            let is_line =
                |(file, line): &(String, u32)| frame.file.as_ref() == Some(file) && frame.line == *line;
            !line.at.as_ref().is_some_and(is_line)
        });
        inner.into_iter().any(|frame| {
            // The compiler's entry to the allocator has the line of `#[global_allocator]`.
            let file = frame.file.as_deref().filter(|file| !is_guards(file, &frame.function));
            file.is_some_and(is_in)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Frame, Op, Site, VERSION};
    use super::*;
    use qadapt_code::origin::Origin;

    /// Two regions; the first has two lines, of which the second asks for more bytes in a crate `bytes`.
    fn report() -> Report {
        let mut report = Report { version: VERSION, ..Report::default() };
        report.profile("debug");
        let region = |name: &str, line, disallowed| Region {
            place: RegionPlace {
                file: "src/main.rs".into(),
                line,
                column: 1,
                name: Some(name.to_owned()),
                kind: RegionKind::Plain,
                by: None,
            },
            counts: vec![Some(Counts { calls: 1, disallowed, bytes: 100 - disallowed, ..Counts::default() })],
        };
        report.regions = vec![region("quiet", 1, 1), region("loud", 9, 7), region("clean", 20, 0)];
        let frame = |function: &str, file: &str, line, origin| Frame {
            function: function.into(),
            file: Some(file.into()),
            line,
            column: 1,
            origin,
        };
        report.frames = vec![
            frame("quiet", "src/main.rs", 2, Origin::Own),
            frame("often", "src/main.rs", 10, Origin::Own),
            frame("put", "/u/registry/src/i/bytes-1.0.0/src/buf.rs", 5, Origin::Dependency),
            frame("large", "src/main.rs", 11, Origin::Own),
            frame("main", "src/main.rs", 30, Origin::Own),
        ];
        let site = |region, stack: &[u32], count, bytes| Site {
            region,
            op: Op::Alloc,
            stack: stack.to_vec(),
            counts: vec![Some(SiteCounts { count, estimate: count, bytes, ..SiteCounts::default() })],
        };
        report.sites = vec![site(0, &[0, 4], 1, 8), site(1, &[1, 4], 6, 48), site(1, &[2, 3, 4], 1, 900)];
        report.packages = [("src/main.rs", "app"), ("/u/registry/src/i/bytes-1.0.0/src/buf.rs", "bytes")]
            .map(|(file, package)| (file.to_owned(), package.to_owned()))
            .into();
        report
    }

    fn chosen(choice: &Choice) -> (Vec<String>, Vec<u32>, LeftOut) {
        let (report, lines) = choice.of(report());
        assert!(report.is_consistent());
        for line in &lines {
            assert!(line.sites.iter().all(|&site| report.sites[site].region == line.region));
        }
        let regions = report.regions.iter().filter_map(|region| region.place.name.clone()).collect();
        let places = lines.iter().filter_map(|line| Some(line.at.as_ref()?.1)).collect();
        (regions, places, report.left_out)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn the_heaviest_comes_first() {
        let all = chosen(&Choice::default());
        assert_eq!(all, (names(&["loud", "quiet", "clean"]), vec![10, 11, 2], LeftOut::default()));
        let bytes = chosen(&Choice { sort: Weight::Bytes, ..Choice::default() });
        assert_eq!((bytes.0, bytes.1), (names(&["clean", "quiet", "loud"]), vec![2, 11, 10]));
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let top = chosen(&Choice { top: Some(1), sort: Weight::Bytes, ..Choice::default() });
        assert_eq!(top, (names(&["loud"]), vec![11], LeftOut { regions: 2, lines: 2 }));
        let glob = |text: &str| Some(Glob::try_from(text.to_owned()).expect("it is valid"));
        let named = chosen(&Choice { region: glob("*t"), ..Choice::default() });
        assert_eq!(named, (names(&["quiet"]), vec![2], LeftOut { regions: 2, lines: 2 }));
        let placed = chosen(&Choice { region: glob("src/main.rs:20"), ..Choice::default() });
        assert_eq!(placed.0, names(&["clean"]), "a region without lines is shown where it is asked for");
    }

    #[test]
    fn a_crate_has_its_lines_and_those_that_it_allocates_for() {
        let of = |name: &str| chosen(&Choice { from_crate: Some(name.to_owned()), ..Choice::default() }).1;
        assert_eq!((of("bytes"), of("app"), of("other")), (vec![11], vec![10, 11, 2], vec![]));
        let choice = Choice { from_crate: Some("other".into()), ..Choice::default() };
        let why = choice.matches_nothing(&report()).expect("there is no such crate");
        assert!(why.ends_with("there are app, bytes"), "{why}");
        assert!(
            Choice { from_crate: Some("bytes".into()), ..Choice::default() }
                .matches_nothing(&report())
                .is_none()
        );
    }

    #[test]
    fn frames_that_nothing_shows_are_left_out() {
        let choice = Choice { from_crate: Some("bytes".into()), ..Choice::default() };
        let (report, _) = choice.of(report());
        let functions: Vec<&str> = report.frames.iter().map(|frame| frame.function.as_str()).collect();
        assert_eq!(functions, ["put", "large", "main"]);
    }
}
