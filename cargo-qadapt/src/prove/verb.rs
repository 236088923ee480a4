//! The verb: binary in, verdicts out.

use std::path::Path;

use regex::Regex;
use serde::Serialize;

use super::allocator;
use super::assume::{Applied, Settings};
use super::cfg::Start;
use super::eh::Catches;
use super::graph::Graph;
use super::load::Image;
use super::names::Names;
use super::policy::demangle;
use super::program::Program;
use super::regions::{self, Region};
use super::verdict::{Answer, Rules, Verdict, verdict};
use crate::error::{Error, Result};

/// What counts as a region.
#[derive(Clone, Copy, Debug)]
pub enum Which<'r> {
    /// Functions whose demangled name matches.
    Functions(&'r Regex),
    /// What the guard has marked.
    Marked,
}

impl Which<'_> {
    fn nothing_found(self) -> String {
        match self {
            Self::Functions(pattern) => {
                format!("no function matches `{pattern}`; it may have been inlined or removed as unused")
            }
            Self::Marked => {
                "it has no protected regions; is the guard used, and by code that this program runs? \
                             (--function REGEX takes functions as regions)"
                    .into()
            }
        }
    }
}

/// More unknown regions than that are a survey of functions, for which the first look must do.
const MOST_REFINED: usize = 1000;

/// The verdicts on one binary.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// The file.
    pub binary: String,
    /// What kind of binary the verdicts speak of.
    pub about: String,
    /// The profile it was built in, if it was built for this.
    pub profile: Option<String>,
    /// How many functions were analysed.
    pub analysed: usize,
    /// A verdict for each region.
    pub verdicts: Vec<Verdict>,
}

/// Verdicts on the regions of a file in memory.
///
/// # Errors
/// In words, if the file cannot be analysed.
pub fn prove(
    data: &[u8],
    which: Which<'_>,
    rules: Rules,
    settings: &Settings,
) -> std::result::Result<(Vec<Verdict>, usize), String> {
    let image = Image::parse(data)?;
    if !image.has_symbols() {
        return Err("it has no symbol table, so functions and allocator entries cannot be told; \
                    link it without `strip`"
            .into());
    }
    let names = Names::new(&image, data);
    let regions = match which {
        Which::Functions(pattern) => matching(&image, pattern),
        Which::Marked => regions::marked(&image, &names),
    };
    if regions.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let catches = Catches::parse(data);
    let program = Program::new(&image, &catches);
    let starts: Vec<Start> = regions.iter().map(|r| Start::function(r.addr)).collect();
    let applied = Applied { settings, image: &image, names: &names };
    let graph = Graph::build(&program, &starts, &applied);
    let give = |graph: &Graph, node: u32, region: &Region| {
        verdict(&program, graph, &names, rules, &settings.words, (node, region.clone()))
    };
    let mut verdicts: Vec<Verdict> = (0u32..).zip(&regions).map(|(i, r)| give(&graph, i, r)).collect();
    let unknown: Vec<usize> =
        (0..verdicts.len()).filter(|&i| verdicts[i].answer == Answer::Unknown).collect();
    if unknown.len() <= MOST_REFINED {
        let starts: Vec<Start> = unknown.iter().map(|&i| starts[i].clone()).collect();
        let refined = Graph::refine(&program, &starts, &applied, &graph);
        for (node, i) in (0u32..).zip(unknown) {
            verdicts[i] = give(&refined, node, &regions[i]);
        }
    }
    if let Some(unsure) = allocator::unsure(&program, &names, rules.allow_frees) {
        for verdict in &mut verdicts {
            match &settings.allocator_out_of_line {
                Some(reason) => verdict.assumes.push(format!("the allocator is out of line: {reason}")),
                None => verdict.doubt(unsure),
            }
        }
    }
    applied.conclude();
    verdicts.sort_by(|a, b| a.region.cmp(&b.region));
    Ok((verdicts, graph.len()))
}

fn matching(image: &Image<'_>, pattern: &Regex) -> Vec<Region> {
    let mut regions = Vec::new();
    for f in image.functions() {
        // Identical functions are folded into one: each name is a region of its own.
        for name in f.names.iter().map(|n| demangle(n)).filter(|n| pattern.is_match(n)) {
            regions.push(Region::function(f.addr, name));
        }
    }
    regions
}

/// [`prove`] for functions.
///
/// # Errors
/// As [`prove`].
pub fn prove_functions(
    data: &[u8],
    function: &Regex,
    rules: Rules,
    settings: &Settings,
) -> std::result::Result<Vec<Verdict>, String> {
    prove(data, Which::Functions(function), rules, settings).map(|(verdicts, _)| verdicts)
}

/// [`prove`] for a file on disk.
///
/// # Errors
/// If the file cannot be read or analysed, or has no such region.
pub fn prove_file(
    path: &Path,
    which: Which<'_>,
    rules: Rules,
    settings: &Settings,
    profile: Option<&str>,
) -> Result<Proof> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("open the binary", path, e))?;
    let data = super::map::map(&file).map_err(|e| Error::io("map the binary", path, e))?;
    let (verdicts, analysed) =
        prove(&data, which, rules, settings).map_err(|problem| Error::binary(path, problem))?;
    if verdicts.is_empty() {
        return Err(Error::NoRegions { path: path.to_owned(), problem: which.nothing_found() });
    }
    let about = match which {
        Which::Functions(_) => "this very binary".to_owned(),
        Which::Marked => {
            "a marked build: checks off as when shipped, but each region's function is kept out of line"
                .to_owned()
        }
    };
    Ok(Proof {
        binary: path.display().to_string(),
        about,
        profile: profile.map(str::to_owned),
        analysed,
        verdicts,
    })
}
