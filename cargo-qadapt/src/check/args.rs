//! The arguments of the verb.

use clap::Args;

use crate::audit::args::Runs;
use crate::format::output::Output;

/// Arguments of `cargo qadapt check`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Builds and runs as an audit does, and compares with qadapt.lock beside the workspace's manifest: for each region the \
allocations, reallocations, deallocations and bytes of the whole run, and the peak. The file has a part for each \
command: package, target, features and arguments; --bless writes only the part that was run.

qadapt.toml beside it may hold budgets, permits and suppressions.

Exit codes: 0 not more than settled, 1 more, 2 the check could not be made.")]
pub struct Check {
    /// What is measured.
    #[command(flatten)]
    pub runs: Runs,
    /// Writes the baseline instead of comparing with it; budgets hold all the same.
    #[arg(long)]
    pub bless: bool,
    /// Runs so many times; what varies is a range.
    #[arg(long = "runs", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub times: u32,
    /// Prints a table of what changed since this revision's baseline, in Markdown, instead of the report.
    #[arg(long, value_name = "REV", conflicts_with = "format")]
    pub since: Option<String>,
    /// The report.
    #[command(flatten)]
    pub output: Output,
}
