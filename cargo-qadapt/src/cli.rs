//! The command line.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::audit::args::Audit;
use crate::audit::launch;
use crate::check::args::Check;
#[cfg(target_os = "linux")]
use crate::explore::{args::Explore, work};
use crate::format::output::deliver;
use crate::format::style::Color;
use crate::merge::args::Merge;
use crate::progress::line;
use crate::prove::args::Prove;

#[derive(Debug, Parser)]
#[command(name = "cargo-qadapt", bin_name = "cargo qadapt", version, about)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Runs a program in debug and release and says what it allocates where.
    Audit(Box<Audit>),
    /// Compares a run with what was settled, and fails if it does more.
    Check(Box<Check>),
    /// Serves a page that says of a snippet, while it is typed, where it allocates.
    #[cfg(target_os = "linux")]
    Explore(Explore),
    /// Joins traces and reports of several runs, processes or machines.
    Merge(Merge),
    /// Prints a script that completes commands in a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Says of each protected region whether it can reach the allocator on any path.
    Prove(Box<Prove>),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    // `cargo qadapt` starts `cargo-qadapt qadapt`.
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|a| a == "qadapt") {
        args.remove(1);
    }
    if args.get(1).is_some_and(|verb| verb == launch::VERB) {
        return launch::launch(args.into_iter().skip(2));
    }
    #[cfg(target_os = "linux")]
    if args.get(1).is_some_and(|verb| verb == work::VERB) {
        return work::work(args.into_iter().nth(2));
    }
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) => {
            // If standard output is closed there is no one to tell.
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    let result = match cli.verb {
        Verb::Audit(audit) => audit.run(),
        Verb::Check(check) => check.run(),
        #[cfg(target_os = "linux")]
        Verb::Explore(explore) => explore.run(),
        Verb::Merge(merge) => merge.run(),
        Verb::Completions { shell } => {
            let command = &mut <Cli as clap::CommandFactory>::command();
            let mut script = Vec::new();
            clap_complete::generate(shell, command, "cargo-qadapt", &mut script);
            deliver(script, false, None, Color::Never).map(|()| ExitCode::SUCCESS)
        }
        Verb::Prove(prove) => prove.run(),
    };
    match result {
        Ok(code) => code,
        Err(e) => {
            for error in e.each() {
                line(&format!("error: {}", error.whole()));
            }
            ExitCode::from(2)
        }
    }
}
