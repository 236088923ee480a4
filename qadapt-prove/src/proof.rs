//! The whole way: binary in, verdicts out.

use std::path::Path;

use regex::Regex;
use serde::Serialize;

use super::allocator;
use super::assume::{Applied, Settings};
use super::bodies::Differences;
use super::debug::{Beside, DebugFiles};
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
    let beside = Beside::default();
    let files = DebugFiles::of(path, &file, &beside);
    // Each byte of it is read below, and a damaged file can be of any size.
    named(&file, files.separate()).map_err(|problem| Error::binary(path, problem))?;
    let identity = Identity::of(&file);
    let digest = files.digest();
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
            && files.digest() == digest
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
    files: &DebugFiles<'_>,
    which: Which<'_>,
    rules: Rules,
    settings: &Settings,
) -> std::result::Result<(Vec<Verdict>, usize), Problem> {
    let separate = files.separate();
    let image = Image::of(file, separate)?;
    named(file, separate)?;
    let names = Names::new(&image, separate.unwrap_or(file), files);
    let names = match &settings.code {
        Some(code) => names.with_code(code),
        None => names,
    };
    let catches = Catches::read(file);
    let program =
        Program::new(&image, &catches, settings.subject).with_initialised(settings.initialised(&image));
    if settings.subject == Subject::Allocation {
        allocator::settle_frees(&program, rules.allow_frees);
    }
    let applied = Applied::to(&image, &names, settings);
    let question = Question { program: &program, names: &names, rules, settings, applied: &applied };
    let (mut verdicts, analysed) = match which {
        Which::Functions(pattern) => question.functions(&matching(&image, pattern)),
        Which::Marked => {
            let marks = Marks::read(file, separate)?;
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::super::elf::PARSED;
    use super::*;

    const PROGRAM: &str = "
        #[inline(never)]
        #[unsafe(no_mangle)]
        fn region(x: u64) -> Box<u64> { Box::new(x) }
        fn main() { std::hint::black_box(region(std::env::args().count() as u64)); }
    ";

    fn run(command: &mut Command) {
        let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn each_file_is_parsed_once_for_a_proof() {
        let folder = std::env::temp_dir().join(format!("qadapt-parsed-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("app.rs"), PROGRAM).expect("it can be written");
        let rustc = |more: &[&str]| {
            let mut rustc = Command::new("rustc");
            rustc.args(["--edition=2024", "-g", "-Clink-arg=-Wl,--build-id", "app.rs"]).args(more);
            run(rustc.current_dir(&folder));
        };
        let objcopy = |arguments: &[&str]| run(Command::new("objcopy").args(arguments).current_dir(&folder));
        let proven = |name: &str| {
            PARSED.set(0);
            let (pattern, rules) =
                (Regex::new("^region$").expect("a pattern"), Rules { allow_frees: false, gaps: 1 });
            let which = Which::Functions(&pattern);
            let proof =
                prove_file(&folder.join(name), which, rules, &Settings::default(), None).expect("a proof");
            let path = &proof.verdicts[0].paths[0];
            assert!(path.at.as_ref().is_some_and(|at| at.file.ends_with("app.rs")), "{name}: {path:?}");
            (PARSED.get(), proof.about)
        };
        rustc(&["-o", "app"]);
        assert_eq!(proven("app").0, 1);
        // Its debug information is where the link says, and where it is looked for without one.
        objcopy(&["--only-keep-debug", "app", "bare.debug"]);
        objcopy(&["--strip-all", "--add-gnu-debuglink=bare.debug", "app", "bare"]);
        let (parsed, about) = proven("bare");
        assert_eq!((parsed, about.matches("bare.debug").count()), (2, 1), "{about}");
        // Of another build.
        std::fs::copy(folder.join("app"), folder.join("other.debug")).expect("it can be copied");
        rustc(&["-Copt-level=1", "-o", "new"]);
        objcopy(&["--add-gnu-debuglink=other.debug", "--strip-debug", "new", "other"]);
        std::fs::copy(folder.join("bare.debug"), folder.join("other.debug")).expect("it can be copied");
        let file = mapped(&folder.join("other")).expect("it is there");
        PARSED.set(0);
        let beside = Beside::default();
        let files = DebugFiles::of(&folder.join("other"), &headers(&file).expect("an ELF file"), &beside);
        assert!(files.separate().is_none() && files.notes().len() == 1, "{:?}", files.notes());
        assert_eq!(PARSED.get(), 2);
        // A file for each unit.
        rustc(&["-Csplit-debuginfo=unpacked", "-Ccodegen-units=2", "-o", "split"]);
        let files = std::fs::read_dir(&folder).expect("a folder").flatten();
        let units =
            files.filter(|file| file.path().extension().is_some_and(|ending| ending == "dwo")).count();
        assert!(units > 0);
        assert_eq!(proven("split").0, 1 + units);
        std::fs::remove_dir_all(folder).expect("it goes");
    }
}
