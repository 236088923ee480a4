//! Running what was built, as cargo would, with a trace.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::doctest;
use super::input::Input;
use super::launch;
use super::preload;
use super::screen::Screen;
use super::wait::{End, Wait};
use crate::build::{Build, shown};
use crate::cargo::cargo;
use crate::error::{Error, Result};
use crate::interrupt::Interrupts;
use crate::progress::line;
use crate::system::Family;

/// Cargo's command that runs a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    /// `cargo run`.
    Run,
    /// `cargo test`.
    Test,
    /// `cargo nextest run`.
    Nextest,
    /// `cargo bench`.
    Bench,
}

/// What a run is given besides its build.
#[derive(Debug)]
pub struct Options<'a> {
    /// Cargo's command.
    pub runner: Runner,
    /// The directory for the traces; it is made anew.
    pub traces: PathBuf,
    /// Whether the whole program is one region.
    pub whole_program: bool,
    /// What the loader loads before the program's libraries.
    pub preload: Option<OsString>,
    /// Whether threads are told apart.
    pub threads: bool,
    /// Whether blocks are followed.
    pub live: bool,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// The program's own arguments.
    pub arguments: &'a [OsString],
    /// The platform for which cargo is told to start programs by [`launch`]; none if it is not.
    pub launched_on: Option<&'a str>,
    /// Names of the variables that the program gets; all but the machine's own if there are none.
    pub environment: Option<&'a [String]>,
    /// What it reads.
    pub input: &'a Input,
}

/// Runs. The program's standard output goes to standard error, so that the report has standard output for itself; on a
/// terminal a line below says `what` runs. An interrupt is the program's, and so is what asks for an end: a second one kills it.
/// Processes that the program leaves behind are waited for where they write traces.
///
/// # Errors
/// If cargo cannot be started or the directory for the traces cannot be made.
pub fn run(build: &Build<'_>, options: &Options<'_>, what: String) -> Result<End> {
    make_anew(&options.traces)?;
    let mut command = command(build, options);
    let failed = |source, command: &Command| Error::Start { program: shown(command), source };
    let interrupts = Interrupts::count().map_err(|e| failed(e, &command))?;
    let screen = Screen::open(what);
    let mut start = || {
        command.stdin(options.input.next()?);
        match &screen {
            Some(screen) => command.stdout(screen.stdio()?).stderr(screen.stdio()?),
            None => command.stdout(Stdio::from(std::io::stderr())),
        };
        Family::spawn(&mut command)
    };
    let family = start();
    let say = |what: &str| match &screen {
        // Whoever reads no more misses nothing else.
        Some(screen) => screen.say(what).unwrap_or_default(),
        None => line(what),
    };
    let wait = Wait { timeout: options.timeout, traces: &options.traces, interrupts: &interrupts, say: &say };
    let ended = family.and_then(|mut family| wait.until_ended(&mut family));
    // The command holds the program's end of the screen.
    let name = shown(&command);
    drop(command);
    if let Some(screen) = screen {
        screen.close();
    }
    let doctests = doctest::folder(&options.traces);
    doctest::tidy(&options.traces, &doctests)
        .map_err(|e| Error::io("remove needless programs of doctests in", &doctests, e))?;
    ended.map_err(|source| Error::Start { program: name, source })
}

fn command(build: &Build<'_>, options: &Options<'_>) -> Command {
    let mut command = cargo();
    command.args(match options.runner {
        Runner::Run => ["run", "--quiet"].as_slice(),
        Runner::Test => &["test", "--no-fail-fast"],
        Runner::Nextest => &["nextest", "run", "--no-fail-fast"],
        Runner::Bench => &["bench"],
    });
    build.add_to(&mut command);
    if options.runner == Runner::Nextest {
        // There the word `profile` means nextest's own.
        let arguments: Vec<_> = command
            .get_args()
            .map(
                |argument| {
                    if argument == "--profile" { "--cargo-profile".into() } else { argument.to_owned() }
                },
            )
            .collect();
        let mut renamed = cargo();
        renamed.args(arguments).envs(build.environment.iter().map(|(name, value)| (name, value)));
        command = renamed;
    }
    command.env("QADAPT_TRACE", &options.traces).env("QADAPT_MODE", "count");
    if options.runner == Runner::Test {
        let (flags, value) = doctest::for_lines(&build.cargo_config());
        command.env(doctest::VARIABLE, doctest::folder(&options.traces)).env(flags, value);
    }
    if let Some(runner) = options.launched_on.and_then(launcher) {
        command.arg("--config").arg(runner);
    }
    if let Some(kept) = options.environment {
        command.env(launch::KEEP, kept.join(","));
    }
    if options.whole_program {
        command.env("QADAPT_WHOLE_PROGRAM", "1");
    } else {
        command.env_remove("QADAPT_WHOLE_PROGRAM");
    }
    if let Some(library) = &options.preload {
        // Cargo itself, which gets it too, has no guard to tell.
        command.env(preload::VARIABLE, library);
    }
    if options.threads {
        command.env("QADAPT_TRACE_THREADS", "1");
    } else {
        command.env_remove("QADAPT_TRACE_THREADS");
    }
    if options.live {
        command.env("QADAPT_TRACE_LIVE", "1");
    } else {
        command.env_remove("QADAPT_TRACE_LIVE");
    }
    if !options.arguments.is_empty() {
        command.arg("--").args(options.arguments);
    }
    command
}

/// The setting that makes this command start programs on a platform.
fn launcher(platform: &str) -> Option<String> {
    let own = std::env::current_exe().ok()?;
    let words = toml::Value::Array(vec![own.to_str()?.into(), launch::VERB.into()]);
    Some(format!("target.{platform}.runner = {words}"))
}

/// Removes what is left of other runs. The names of what this one has run already are looked up at its end.
fn make_anew(directory: &Path) -> Result<()> {
    let own = doctest::folder(directory);
    let remove = |path: &Path| {
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
    };
    fs::create_dir_all(directory).map_err(|e| Error::io("make the folder", directory, e))?;
    let failed = |e| Error::io("remove the old traces in", directory, e);
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path != own {
            remove(&path).map_err(failed)?;
        }
    }
    Ok(())
}
