//! The arguments of the verb.

use clap::Args;

use crate::format::output::Output;
use crate::report::choice::Choice;

/// Arguments of `cargo qadapt merge`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
An input is a trace (.qtrace), a folder of traces, or a report in JSON. A trace does not know the profile that it \
was made in: write PROFILE=PATH; without that it is the name of the folder that the trace lies in. Traces need the \
programs that wrote them at the same place, for names; reports in JSON need nothing, and so suit CI shards.

Profiles in pprof's format, such as qadapt::profile() writes, are joined to one of them: write --format pprof --output PATH. \
Addresses get names from programs and libraries that lie where they were loaded from.")]
pub struct Merge {
    /// Traces, folders of traces and reports in JSON; or profiles.
    #[arg(required = true, value_name = "[PROFILE=]PATH")]
    pub inputs: Vec<String>,
    /// What is shown of them.
    #[command(flatten)]
    pub choice: Choice,
    /// The report.
    #[command(flatten)]
    pub output: Output,
}
