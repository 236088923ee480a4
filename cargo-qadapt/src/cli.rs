//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use regex::Regex;

use crate::audit::args::{Audit, Merge};
use crate::error::{Error, Result};
use crate::prove::assume::Settings;
use crate::prove::report;
use crate::prove::verb::prove_binary;
use crate::prove::verdict::{Answer, Rules};

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
    /// Joins traces and reports of several runs, processes or machines.
    Merge(Merge),
    /// Prints a script that completes commands in a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Says of each protected region whether it can reach the allocator on any path.
    Prove(Prove),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Require {
    Proven,
}

#[derive(Debug, Args)]
struct Prove {
    /// Analyses this executable or shared library instead of building one.
    #[arg(long, value_name = "PATH", requires = "function")]
    binary: Option<PathBuf>,
    /// Takes the functions whose demangled name matches as regions.
    #[arg(long, value_name = "REGEX")]
    function: Option<Regex>,
    /// How to print the verdicts.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Lets regions free.
    #[arg(long)]
    allow_frees: bool,
    /// Exits with 1 unless every region is proven.
    #[arg(long, value_enum)]
    require: Option<Require>,
    /// How many unresolved calls to list for a region.
    #[arg(long, value_name = "N", default_value_t = 10)]
    gaps: usize,
    /// The configuration file with assumptions [default: `qadapt.toml`, if there].
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    // `cargo qadapt` starts `cargo-qadapt qadapt`.
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|a| a == "qadapt") {
        args.remove(1);
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
        Verb::Merge(merge) => merge.run(),
        Verb::Completions { shell } => {
            let command = &mut <Cli as clap::CommandFactory>::command();
            clap_complete::generate(shell, command, "cargo-qadapt", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Verb::Prove(prove) => prove.run(),
    };
    match result {
        Ok(code) => code,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::from(2)
        }
    }
}

impl Prove {
    fn run(&self) -> Result<ExitCode> {
        let settings = match &self.config {
            Some(path) => Settings::read(path)?,
            None if std::path::Path::new("qadapt.toml").exists() => Settings::read("qadapt.toml".as_ref())?,
            None => Settings::default(),
        };
        let rules = Rules { allow_frees: self.allow_frees, gaps: self.gaps };
        let (Some(binary), Some(function)) = (&self.binary, &self.function) else {
            return Err(Error::Usage("give --binary PATH and --function REGEX".into()));
        };
        let verdicts = prove_binary(binary, function, rules, &settings)?;
        let mut out = String::new();
        match self.format {
            Format::Text => {
                for v in &verdicts {
                    out.push_str(&report::text(v));
                }
                out.push_str(&report::summary(&verdicts));
            }
            Format::Json => {
                out = serde_json::to_string_pretty(&verdicts)
                    .map_err(|e| Error::Usage(format!("could not write JSON: {e}")))?;
                out.push('\n');
            }
        }
        print(&out);
        let bad = verdicts.iter().any(|v| match self.require {
            Some(Require::Proven) => v.answer != Answer::Proven,
            None => v.answer == Answer::Allocates,
        });
        Ok(ExitCode::from(u8::from(bad)))
    }
}

/// Prints; a reader that went away (`| head`) is no failure.
fn print(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
