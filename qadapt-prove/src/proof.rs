//! The whole way: binary in, verdicts out.

use std::path::Path;

use regex::Regex;
use serde::Serialize;

use super::allocator;
use super::assume::{Applied, Settings};
use super::bodies::Differences;
use super::debug::DebugFiles;
use super::eh::Catches;
use super::elf::{Elf, headers, named};
use super::identity::Identity;
use super::kept::Entry;
use super::load::Image;
use super::mapped::mapped;
use super::marked;
use super::marks::Marks;
use super::names::Names;
use super::problem::Problem;
use super::program::Program;
use super::question::Question;
use super::regions::Region;
use super::subject::Subject;
use super::symbol;
use super::verdict::{Answer, Rules, Verdict};
use crate::error::{Error, Result};

/// What counts as a region.
///
/// # Examples
/// ```
/// use qadapt_prove::Which;
/// let pattern = regex::Regex::new("^audio::")?;
/// assert!(matches!(Which::Functions(&pattern), Which::Functions(pattern) if pattern.is_match("audio::mix")));
/// # Ok::<(), regex::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Which<'r> {
    /// Functions whose demangled name matches.
    Functions(&'r Regex),
    /// What the guard has marked.
    Marked,
}

/// The verdicts on one binary. The [crate] has an example.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// The file.
    pub binary: String,
    /// Which file exactly.
    #[serde(flatten)]
    pub identity: Identity,
    /// What was asked of its regions.
    pub subject: Subject,
    /// What the verdicts speak of.
    pub about: String,
    /// The profile it was built in, if it was built for this.
    pub profile: Option<String>,
    /// How many functions were analysed.
    pub analysed: usize,
    /// A verdict for each region.
    pub verdicts: Vec<Verdict>,
    /// How the code differs from that of the file without labels, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Differences>,
}

/// Verdicts on the regions of a file in memory, without files beside it.
///
/// Returns the verdicts by the names of regions, and how many functions were analysed; no verdicts, if no region is found.
///
/// # Errors
/// If the file cannot be analysed.
///
/// # Examples
/// ```
/// use qadapt_prove::{Rules, Settings, Which, prove};
/// let rules = Rules { allow_frees: false, gaps: 3 };
/// let problem = prove(b"#!/bin/sh", Which::Marked, rules, &Settings::default()).expect_err("no program");
/// assert_eq!(problem.to_string(), "it is not an ELF file; give the linked executable or shared library");
/// ```
pub fn prove(
    data: &[u8],
    which: Which<'_>,
    rules: Rules,
    settings: &Settings,
) -> std::result::Result<(Vec<Verdict>, usize), Problem> {
    prove_with(&headers(data)?, &DebugFiles::default(), which, rules, settings)
}

/// [`prove`] for functions whose demangled names match.
///
/// # Errors
/// As [`prove`].
///
/// # Examples
/// ```
/// # #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use qadapt_prove::{Answer, Rules, Settings, prove_functions};
///
/// #[inline(never)]
/// #[unsafe(no_mangle)]
/// fn louder(sample: f32) -> Box<f32> {
///     Box::new(sample * 2.0)
/// }
///
/// std::hint::black_box(louder(0.25));
/// let program = std::fs::read(std::env::current_exe()?)?;
/// let rules = Rules { allow_frees: false, gaps: 3 };
/// let verdicts = prove_functions(&program, &regex::Regex::new("^louder$")?, rules, &Settings::default())?;
/// assert_eq!(verdicts[0].answer, Answer::Allocates);
/// assert_eq!(verdicts[0].paths[0].what, "allocates");
/// # Ok(())
/// # }
/// # #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
/// # fn main() {}
/// ```
pub fn prove_functions(
    data: &[u8],
    function: &Regex,
    rules: Rules,
    settings: &Settings,
) -> std::result::Result<Vec<Verdict>, Problem> {
    prove(data, Which::Functions(function), rules, settings).map(|(verdicts, _)| verdicts)
}

/// [`prove`] for a file on disk, with the debug information that lies beside it. `profile` is the one that it was built in, as
/// [`Proof`] repeats it.
///
/// # Errors
/// If the file cannot be read or analysed, or has no such region.
///
/// # Examples
/// The [crate] has one.
pub fn prove_file(
    path: &Path,
    which: Which<'_>,
    rules: Rules,
    settings: &Settings,
    profile: Option<&str>,
) -> Result<Proof> {
    let data = mapped(path).map_err(|e| Error::io("open the binary", path, e))?;
    let file = headers(&data).map_err(|problem| Error::binary(path, problem))?;
    let files = DebugFiles::beside(path, &file);
    // Each byte of it is read below, and a damaged file can be of any size.
    named(&file, files.separate().and_then(|data| Elf::parse(data).ok()).as_ref())
        .map_err(|problem| Error::binary(path, problem))?;
    let identity = Identity::of(&file);
    let beside = files.digest();
    let functions = match which {
        Which::Functions(pattern) => Some(pattern),
        Which::Marked => None,
    };
    let entry = Entry::of(&identity, &files, functions, rules, settings);
    let kept = entry.as_ref().and_then(Entry::read);
    let (verdicts, analysed) = if let Some(kept) = kept {
        kept
    } else {
        let found = prove_with(&file, &files, which, rules, settings);
        let (verdicts, analysed) = found.map_err(|problem| Error::binary(path, problem))?;
        // If somebody has written to the files meanwhile, it is not known what of them was read.
        if let Some(entry) = entry
            && Identity::of(&file) == identity
            && files.digest() == beside
        {
            entry.write(&verdicts, analysed);
        }
        (verdicts, analysed)
    };
    if verdicts.is_empty() {
        let pattern = functions.map(|pattern| pattern.as_str().to_owned());
        return Err(Error::NoRegions { path: path.to_owned(), pattern });
    }
    let about = match which {
        Which::Functions(_) => "functions of this very file",
        Which::Marked => "regions of this very file",
    };
    let about = [&[about.to_owned()], files.notes()].concat().join("; ");
    Ok(Proof {
        binary: path.display().to_string(),
        identity,
        subject: settings.subject,
        about,
        profile: profile.map(str::to_owned),
        analysed,
        verdicts,
        code: None,
    })
}

/// [`prove`] for a file whose headers are read, with the debug information that lies beside it.
fn prove_with(
    file: &Elf<'_>,
    files: &DebugFiles,
    which: Which<'_>,
    rules: Rules,
    settings: &Settings,
) -> std::result::Result<(Vec<Verdict>, usize), Problem> {
    let separate = files.separate().and_then(|data| Elf::parse(data).ok());
    let image = Image::of(file, separate.as_ref())?;
    named(file, separate.as_ref())?;
    let names = Names::new(&image, separate.as_ref().unwrap_or(file), files);
    let names = match &settings.code {
        Some(code) => names.with_code(code),
        None => names,
    };
    let catches = Catches::read(file);
    let program =
        Program::new(&image, &catches, settings.subject).with_initialised(settings.initialised(&image));
    let applied = Applied::to(&image, &names, settings);
    let question = Question { program: &program, names: &names, rules, settings, applied: &applied };
    let (mut verdicts, analysed) = match which {
        Which::Functions(pattern) => question.functions(&matching(&image, pattern)),
        Which::Marked => {
            let marks = Marks::read(file, separate.as_ref())?;
            marked::verdicts(&question, marks, file.data(), files)
        }
    };
    if verdicts.is_empty() {
        return Ok((verdicts, 0));
    }
    // Whatever an inlined allocator does, it waits in a call that can be seen.
    // It takes a look at all of the debug information.
    let has_proofs = verdicts.iter().any(|verdict| verdict.answer == Answer::Proven);
    if settings.subject == Subject::Allocation
        && has_proofs
        && let Some(unsure) = allocator::unsure(&program, &names, rules.allow_frees)
    {
        for verdict in &mut verdicts {
            match &settings.allocator_out_of_line {
                Some(reason) => verdict.assumes.push(format!("the allocator is out of line: {reason}")),
                None => verdict.doubt(unsure),
            }
        }
    }
    applied.conclude();
    verdicts.sort_by(|a, b| a.region.cmp(&b.region));
    Ok((verdicts, analysed))
}

fn matching(image: &Image<'_>, pattern: &Regex) -> Vec<Region> {
    let mut regions = Vec::new();
    for f in image.functions() {
        // Identical functions are folded into one: each name is a region of its own.
        for name in f.names.iter().map(|n| symbol::name(n)).filter(|n| pattern.is_match(n)) {
            regions.push(Region::function(f.addr, name));
        }
    }
    regions
}
