//! The arguments of the verb.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use regex::Regex;

use crate::format::style::Color;
use crate::selection::{Profiles, Selection};

/// How verdicts are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For editors: runs `cargo check` in place of a proof, and after its messages prints what the last run has found.
    RustcJson,
}

/// Arguments of `cargo qadapt prove`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Without a target the package's binary is built, or its tests if it has none.

Builds with QADAPT_MARKS=1 in the environment, in its own target directory (target/qadapt/prove), with debug information \
and unstripped. The verdicts are about that very file: checks are off, and its code is what `cargo build` makes but for a \
label without a byte at the entry of each region, in a section that is not loaded. Ship that file; strip it first if you \
like. A release pipeline sets QADAPT_MARKS=1 (or the feature `marks` of qadapt) itself and gives --binary.

Exit codes: 0 nothing was found, 1 a region allocates, lacks a proof that it needs, or contradicts its proof, 2 the analysis could not be \
made, or not all of it: what is proven until then is printed.")]
pub struct Prove {
    /// What to build.
    #[command(flatten)]
    pub selection: Selection,
    /// How it is built.
    #[command(flatten)]
    pub profiles: Profiles,
    /// Analyses this executable or shared library instead of building one. If it is stripped, its debug information is
    /// looked for beside it (FILE.debug, FILE.dwp, and where its build id or debug link says).
    #[arg(long, value_name = "PATH", conflicts_with_all = ["Selection", "Profiles"])]
    pub binary: Option<PathBuf>,
    /// Also compares the code with that of this file, the same program built without labels, function by function.
    #[arg(long, value_name = "PATH", requires = "binary")]
    pub unlabelled: Option<PathBuf>,
    /// Takes the functions whose demangled name matches as regions.
    #[arg(long, value_name = "REGEX")]
    pub function: Option<Regex>,
    /// Asks whether regions can come to a call in which the thread may wait: sleeps, locks that others may hold, files, sockets, and
    /// the allocator. What the project requires of its regions is about allocation and is left out.
    #[arg(long, conflicts_with_all = ["allow_frees", "trace"])]
    pub blocking: bool,
    /// Lets regions free.
    #[arg(long)]
    pub allow_frees: bool,
    /// Exits with 1 unless every region is proven, or every region that matches a glob.
    #[arg(long, value_name = "proven|GLOB")]
    pub require: Vec<String>,
    /// How many unresolved calls to list for a region, in text and in JSON.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub gaps: usize,
    /// Holds runs against the proofs: traces, folders of traces, or audits in JSON. A proven region that touched the
    /// heap in a run of its profile is reported as contradicted.
    #[arg(long, value_name = "[PROFILE=]PATH")]
    pub trace: Vec<String>,
    /// The configuration file with assumptions [default: `qadapt.toml`, if there].
    #[arg(long, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// How to print the verdicts.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Writes the verdicts to this file instead of standard output.
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// When to colour the verdicts.
    #[arg(long, value_enum, default_value = "auto")]
    pub color: Color,
}
