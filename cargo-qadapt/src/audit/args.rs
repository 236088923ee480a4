//! The arguments of the verb.

use std::ffi::OsString;

use clap::Args;

use crate::format::output::Output;
use crate::report::choice::Choice;
use crate::selection::{Profiles, Selection};

/// Arguments of `cargo qadapt audit`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Without a target the package's binary is run, or its tests if it has none.

Builds with QADAPT_ENFORCE=1 in the environment, in its own target directory (target/qadapt); where the profile has no \
debug information it gets lines, and the guard itself is optimised. While the program is audited no violation stops it, whatever mode its regions have.

Exit codes: 0 nothing disallowed happened, 1 something did, 2 the audit could not be made, or not all of it. A program \
that fails ends with 1 if something disallowed happened until then, otherwise with 2: it is not known to be clean.")]
pub struct Audit {
    /// What is measured.
    #[command(flatten)]
    pub runs: Runs,
    /// Follows each block that a region asks for until it is given back, and not a sample; records each stack.
    #[arg(long)]
    pub live: bool,
    /// What is shown of it.
    #[command(flatten)]
    pub choice: Choice,
    /// The report.
    #[command(flatten)]
    pub output: Output,
}

/// What to build and run, and how.
#[derive(Args, Clone, Debug)]
pub struct Runs {
    /// What to build and run.
    #[command(flatten)]
    pub selection: Selection,
    /// How it is built.
    #[command(flatten)]
    pub profiles: Profiles,
    /// Runs tests with cargo-nextest: one process for each.
    #[arg(long, conflicts_with_all = ["bin", "example", "bench"])]
    pub nextest: bool,
    /// Kills a run that takes longer.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: Option<u64>,
    /// Audits all that the program does between its start and its end, as one region.
    #[arg(long)]
    pub whole_program: bool,
    /// Sees what C code allocates, too, in programs that do not link qadapt-malloc.
    #[arg(long)]
    pub c: bool,
    /// Arguments for the program.
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<OsString>,
}
