//! The file that keeps the baseline: TOML, sorted, a line for each profile and site, nothing of this machine.

use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::path::Path;

use serde::Deserialize;

use super::baseline::{Baseline, Figures, Often, Region};
use super::key::RegionKey;
use super::range::Range;
use super::written::{InvalidRun, SAMPLED, Whole};
use crate::config::{Misread, utf8};
use crate::error::{Error, Result};
use crate::format::output::replace;
use crate::report::op;
use crate::selection::key_of;

/// The name of the file, which lies beside the workspace's manifest.
pub const NAME: &str = "qadapt.lock";

/// The version of the form; it changes when a reader of the old one would misread the new one.
const VERSION: u32 = 1;

const HEAD: &str = "\
# What `cargo qadapt check` compares with: for each region the events and bytes of a whole run.
# `cargo qadapt check --bless` writes it. Commit it.
";

/// Why a text is no baseline.
#[derive(Clone, Debug, PartialEq)]
pub enum Invalid {
    /// It is not TOML, or not of this form.
    Damaged(Misread),
    /// It has a conflict that git has left, with a marker in this line.
    Conflict(usize),
    /// It is of another version.
    Version(u32),
    /// A run does not hold what it should.
    Run {
        /// The run's command.
        command: String,
        /// What is wrong with it.
        source: InvalidRun,
    },
    /// The run of this command is there twice.
    RunTwice(String),
}

/// Reads the file; none if there is none.
///
/// # Errors
/// If it cannot be read or is not valid.
pub fn read(path: &Path) -> Result<Option<Baseline>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let text = utf8(&bytes).map_err(|e| Error::config(path, e))?;
            parse(text).map(Some).map_err(|e| Error::config(path, e))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read the baseline", path, e)),
    }
}

/// Writes the file: whoever reads it finds the old one or the new one, whole.
///
/// # Errors
/// If it cannot be written.
pub fn write(path: &Path, baseline: &Baseline) -> Result<()> {
    replace(path, "new", text(baseline).as_bytes()).map_err(|e| Error::io("write the baseline", path, e))
}

/// The text of the file.
#[must_use]
pub fn text(baseline: &Baseline) -> String {
    let mut out = format!("{HEAD}version = {VERSION}\n");
    for (command, run) in &baseline.runs {
        let profiles: Vec<String> = run.profiles.iter().map(|profile| quoted(profile)).collect();
        let _ =
            write!(out, "\n[[run]]\ncommand = {}\nprofiles = [{}]\n", quoted(command), profiles.join(", "));
        if run.per_entry {
            out.push_str("per = \"entry\"\n");
        }
        if !run.failed.is_empty() {
            let failed: Vec<String> = run.failed.iter().map(|profile| quoted(profile)).collect();
            let _ = writeln!(out, "failed = [{}]", failed.join(", "));
        }
        for (profile, suppressed) in &run.suppressed {
            let suppressed: Vec<String> = suppressed.iter().map(|what| quoted(what)).collect();
            let _ = writeln!(out, "suppressed.{} = [{}]", key_of(profile), suppressed.join(", "));
        }
        for (key, region) in &run.regions {
            write_region(&mut out, key, region);
        }
    }
    out
}

fn write_region(out: &mut String, key: &RegionKey, region: &Region) {
    out.push_str("\n[[run.region]]\n");
    if let Some(name) = &key.name {
        let _ = writeln!(out, "name = {}", quoted(name));
    }
    let _ = writeln!(out, "file = {}", quoted(&key.file));
    if let Some(function) = &key.function {
        let _ = writeln!(out, "function = {}", quoted(function));
    }
    if let Some(test) = &key.test {
        let _ = writeln!(out, "test = {}", quoted(test));
    }
    if key.nth > 1 {
        let _ = writeln!(out, "nth = {}", key.nth);
    }
    for (profile, figures) in &region.counts {
        // Few regions disallow system calls.
        let is_told = |(name, range): &(&&str, Range)| **name != Figures::CALLS || range.max > 0;
        let figures = Figures::NAMES.iter().zip(figures.all()).filter(is_told);
        let figures: Vec<String> =
            figures.map(|(name, range)| format!("{name} = {}", ranged(range))).collect();
        let _ = writeln!(out, "counts.{} = {{ {} }}", key_of(profile), figures.join(", "));
    }
    if region.sites.is_empty() {
        return;
    }
    out.push_str("sites = [\n");
    for (site, times) in &region.sites {
        let mut fields = Vec::new();
        if site.file != key.file {
            fields.push(format!("file = {}", quoted(&site.file)));
        }
        fields.push(format!("function = {}", quoted(&site.function)));
        fields.push(format!("op = {}", quoted(&op::name(site.op))));
        fields.push(format!("code = {}", quoted(&site.code)));
        for (profile, often) in times {
            let often = match often {
                Often::Times(range) => ranged(*range),
                Often::Sampled => quoted(SAMPLED),
            };
            fields.push(format!("times.{} = {often}", key_of(profile)));
        }
        let _ = writeln!(out, "    {{ {} }},", fields.join(", "));
    }
    out.push_str("]\n");
}

fn ranged(range: Range) -> String {
    if range.varies() { range.pair() } else { range.to_string() }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Reads the text of a file.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> std::result::Result<Baseline, Invalid> {
    #[derive(Deserialize)]
    struct Head {
        version: u32,
    }
    let damaged = |e| conflict(text).map_or(Invalid::Damaged(Misread(e)), Invalid::Conflict);
    let head: Head = toml::from_str(text).map_err(damaged)?;
    if head.version != VERSION {
        return Err(Invalid::Version(head.version));
    }
    let whole: Whole = toml::from_str(text).map_err(damaged)?;
    let mut baseline = Baseline::default();
    for run in whole.run {
        let command = run.command.clone();
        let run = run.read().map_err(|source| Invalid::Run { command: command.clone(), source })?;
        if baseline.runs.insert(command.clone(), run).is_some() {
            return Err(Invalid::RunTwice(command));
        }
    }
    Ok(baseline)
}

/// The line of a merge that git could not make, if there is one: no line of the file begins so.
fn conflict(text: &str) -> Option<usize> {
    let is_marker = |line: &str| ["<<<<<<<", ">>>>>>>"].iter().any(|marker| line.starts_with(marker));
    text.lines().position(is_marker).map(|line| line + 1)
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(_) => f.write_str(
                "the baseline is damaged: take it from version control again, or remove it and write it anew with \
                 `cargo qadapt check --bless`",
            ),
            Self::Conflict(line) => write!(
                f,
                "line {line} is a marker that git leaves at a conflict: take one side whole (`git checkout --ours {NAME}`, or \
                 `--theirs`), and then write it anew with `cargo qadapt check --bless`"
            ),
            Self::Version(version) => {
                let advice = if *version > VERSION {
                    "update cargo-qadapt"
                } else {
                    "remove it and write it anew with `cargo qadapt check --bless`"
                };
                write!(f, "the baseline has version {version}, and this command reads {VERSION}: {advice}")
            }
            Self::Run { command, .. } => write!(f, "in the run `{command}`"),
            Self::RunTwice(command) => {
                write!(f, "the run `{command}` is there twice: keep one, and write it with `--bless`")
            }
        }
    }
}

impl StdError for Invalid {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Damaged(source) => Some(source),
            Self::Run { source, .. } => Some(source),
            Self::Conflict(_) | Self::Version(_) | Self::RunTwice(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::check::baseline::Run;
    use crate::check::key::SiteKey;
    use crate::report::op::{Call, Op};

    /// One of everything, with names that a careless writer would break on.
    fn baseline() -> Baseline {
        let mut region = Region::default();
        let figures = Figures {
            allocs: Range { min: 3, max: 5, per_entry: false },
            bytes: Range::exactly(96),
            blocking_calls: Range::exactly(7),
            ..Figures::default()
        };
        region.counts.insert("debug".into(), figures);
        region.counts.insert("große".into(), Figures::default());
        let mut site = SiteKey {
            file: "src/\"odd\"\n.rs".into(),
            function: "f<'a>::{{closure}}".into(),
            code: "let s = \"a\\n'''\"; // \u{7f} ] }".into(),
            op: Op::AllocZeroed,
        };
        region.sites.entry(site.clone()).or_default().insert("debug".into(), Often::Sampled);
        site.op = Op::SystemCall(Call { number: 202, class: 1 });
        region.sites.entry(site.clone()).or_default().insert("debug".into(), Often::Times(Range::exactly(7)));
        site.op = Op::Dealloc;
        region
            .sites
            .entry(site)
            .or_default()
            .insert("große".into(), Often::Times(Range { min: 1, max: 2, per_entry: false }));
        let key = |nth| RegionKey {
            file: "src/a.rs".into(),
            function: Some("f".into()),
            test: Some("one::long".into()),
            nth,
            ..RegionKey::default()
        };
        let mut run = Run::default();
        run.profiles.extend(["debug".to_owned(), "große".to_owned()]);
        run.failed.insert("debug".into());
        run.suppressed.entry("debug".into()).or_default().insert("function `a`".into());
        run.regions.insert(key(2), region.clone());
        run.regions.insert(key(1), Region { sites: BTreeMap::new(), ..region.clone() });
        run.regions
            .insert(RegionKey { name: Some("mix".into()), function: None, test: None, ..key(1) }, region);
        let mut baseline = Baseline::default();
        baseline.runs.insert("-p a --bin 'b c'".into(), run);
        baseline.runs.insert(String::new(), Run::default());
        let zero = Range::of_entries(0, 1);
        let nothing = Figures {
            allocs: zero,
            reallocs: zero,
            deallocs: zero,
            bytes: zero,
            peak_bytes: Range::exactly(8),
            blocking_calls: zero,
        };
        let figures = Figures {
            allocs: Range::of_entries(201, 100),
            bytes: Range::of_entries(7, 1).or(Range::of_entries(8, 1)),
            ..nothing
        };
        let counts = BTreeMap::from([("release".to_owned(), figures)]);
        let region = Region { counts, sites: BTreeMap::new() };
        let mut bench = Run { per_entry: true, ..Run::default() };
        bench.regions.insert(key(1), region);
        baseline.runs.insert("--bench b".into(), bench);
        baseline
    }

    #[test]
    fn what_is_written_is_read_back() {
        let baseline = baseline();
        let text = text(&baseline);
        assert_eq!(parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}")), baseline);
        assert_eq!(super::text(&parse(&text).expect("it was read before")), text);
        assert!(text.contains(
            "counts.debug = { allocs = [3, 5], reallocs = 0, deallocs = 0, bytes = 96, peak_bytes = 0, blocking_calls = 7 }\n"
        ));
        assert!(text.contains(
            "allocs = 2.01, reallocs = 0.00, deallocs = 0.00, bytes = [7.00, 8.00], peak_bytes = 8 }\n"
        ));
        assert_eq!(parse(&super::text(&Baseline::default())), Ok(Baseline::default()));
    }

    /// Whoever writes by hand leaves decimals out.
    #[test]
    fn a_whole_number_for_each_entry_is_that_many() {
        let good = text(&baseline()).replace("2.01", "2.00");
        let whole = good.replace("2.00", "2").replace("[7.00, 8.00]", "[7, 8]");
        assert_ne!(whole, good);
        assert_eq!(parse(&whole), parse(&good));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let good = text(&baseline());
        let twice = format!("{good}\n[[run]]\ncommand = \"\"\nprofiles = []\n");
        for (bad, named) in [
            ("", "missing field `version`"),
            ("version = 2\nnew = 1", "update cargo-qadapt"),
            ("version = 0", "write it anew"),
            ("version = 1\nruns = 1", "unknown field `runs`"),
            (&good[..good.len() / 2], "take it from version control again"),
            (&good.replace("allocs = [3, 5]", "allocs = [5, 3]"), "runs backwards"),
            (&good.replace("allocs = [3, 5]", "allocs = \"few\""), "`few` is no number"),
            (&good.replace("allocs = [3, 5]", "allocs = -1"), "-1 is no figure"),
            (&good.replace("allocs = 2.01", "allocs = -2.01"), "-2.01 is no figure"),
            (&good.replace("bytes = 96", "bytes = 96.0"), "damaged: 96.0 is no figure of a whole run"),
            (&good.replace("allocs = [3, 5]", "allocs = [3.0, 5.5]"), "damaged: 5.5 is no figure"),
            (&good.replace("= [1, 2]", "= 1.5"), "damaged: 1.5 is no figure"),
            (&good.replace("\"dealloc\"", "\"drop\""), "`drop` is no operation"),
            (&good.replace("futex (lock)", "futex (wait)"), "`futex (wait)` is no operation"),
            (&good.replace("nth = 2\n", ""), "is there twice"),
            (&twice, "the run `` is there twice"),
            (
                "version = 1\n<<<<<<< HEAD\n=======\n>>>>>>> b\n",
                "line 2 is a marker that git leaves at a conflict: take one side",
            ),
        ] {
            let problem = Error::config(Path::new(NAME), parse(bad).expect_err(bad)).whole();
            assert!(problem.contains(named), "no `{named}` in: {problem}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_kind() {
        let run = |more: &str| format!("version = 1\n[[run]]\ncommand = \"a\"\nprofiles = []\n{more}");
        let region = |allocs: &str| {
            let counts =
                format!("{{ allocs = {allocs}, reallocs = 0, deallocs = 0, bytes = 0, peak_bytes = 0 }}");
            format!("[[run.region]]\nfile = \"f\"\ncounts.debug = {counts}\n")
        };
        let is = |text: &str, expected: Invalid| assert_eq!(parse(text), Err(expected), "{text}");
        is("version = 2", Invalid::Version(2));
        is("version = 1\n>>>>>>> b\n", Invalid::Conflict(2));
        is(&format!("{}[[run]]\ncommand = \"a\"\nprofiles = []", run("")), Invalid::RunTwice("a".to_owned()));
        let of = |text: &str, source| is(&run(text), Invalid::Run { command: "a".to_owned(), source });
        of(&region("-1"), InvalidRun::NoFigure(-1.0));
        of(&region("1.5"), InvalidRun::Decimal(1.5));
        of(&region("\"few\""), InvalidRun::NoNumber("few".to_owned()));
        of(&region("[5, 3]"), InvalidRun::Backwards(Range { min: 5, max: 3, per_entry: false }));
        let decimals = format!("per = \"entry\"\n{}", region("[5.5, 3.0]"));
        of(&decimals, InvalidRun::Backwards(Range { min: 550, max: 300, per_entry: true }));
        of(&region("0").repeat(2), InvalidRun::RegionTwice("f".to_owned()));

        let damaged = parse(&run("run = 1")).expect_err("there is no such key");
        let source: Option<&Misread> = damaged.source().and_then(|source| source.downcast_ref());
        assert!(source.is_some_and(|misread| misread.0.message().contains("unknown field")), "{damaged:?}");
        let wrong = parse(&run(&region("-1"))).expect_err("it is no figure");
        let source: Option<&InvalidRun> = wrong.source().and_then(|source| source.downcast_ref());
        assert_eq!(source, Some(&InvalidRun::NoFigure(-1.0)));
    }
}
