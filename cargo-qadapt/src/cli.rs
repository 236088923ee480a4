//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use regex::Regex;

use crate::audit::args::{Audit, Merge};
use crate::error::Result;
use crate::prove::assume::{Settings, glob};
use crate::prove::verb::{Which, prove_file};
use crate::prove::verdict::{Answer, Rules};
use crate::prove::{compare, report};
use crate::target::Selection;

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
    Prove(Box<Prove>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Args)]
struct Prove {
    /// Analyses this executable or shared library instead of building one.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["Selection", "profile"])]
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
    /// Exits with 1 unless every region is proven, or every region that matches a glob.
    #[arg(long, value_name = "proven|GLOB")]
    require: Vec<String>,
    /// The profiles to build and compare.
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "dev,release")]
    profile: Vec<String>,
    #[command(flatten)]
    selection: Selection,
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
        let which = self.function.as_ref().map_or(Which::Marked, Which::Functions);
        let mut proofs = Vec::new();
        if let Some(binary) = &self.binary {
            proofs.push(prove_file(binary, which, rules, &settings, None)?);
        } else {
            for profile in &self.profile {
                for built in self.selection.build(profile, &[("QADAPT_MARKS", "1")])? {
                    proofs.push(prove_file(&built.path, which, rules, &settings, Some(profile))?);
                }
            }
        }
        let differences = if proofs.len() > 1 { compare::differences(&proofs) } else { Vec::new() };
        match self.format {
            Format::Text => {
                let mut out: String = proofs.iter().map(report::proof).collect();
                out.push_str(&report::differences(&differences));
                print(&out);
            }
            Format::Json => {
                let json = serde_json::json!({ "version": 1, "proofs": proofs, "differences": differences });
                print(&format!("{json:#}\n"));
            }
        }
        let required: Vec<Regex> = self
            .require
            .iter()
            .chain(&settings.require)
            .map(|pattern| glob(if pattern == "proven" { "*" } else { pattern }))
            .collect();
        let bad = proofs.iter().flat_map(|p| &p.verdicts).any(|v| {
            let must = v.required || required.iter().any(|r| r.is_match(&v.region));
            v.answer == Answer::Allocates || (must && v.answer != Answer::Proven)
        });
        Ok(ExitCode::from(u8::from(bad)))
    }
}

/// Prints; a reader that went away (`| head`) is no failure.
fn print(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}
