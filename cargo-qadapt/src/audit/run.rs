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
use crate::build::{Build, Verb, shown};
use crate::cargo::cargo;
use crate::error::{Error, Result};
use crate::interrupt::Interrupts;
use crate::progress::line;
use crate::system::Family;

/// Cargo's command that runs a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CargoCommand {
    /// `cargo run`.
    Run,
    /// `cargo test`.
    Test,
    /// `cargo nextest run`.
    Nextest,
    /// `cargo bench`.
    Bench,
}

impl CargoCommand {
    /// The one that runs what this one builds; with nextest the tests, also of a package that has a program.
    #[must_use]
    pub fn of(verb: Verb, nextest: bool) -> Self {
        match verb {
            _ if nextest => Self::Nextest,
            Verb::Build => Self::Run,
            Verb::Test => Self::Test,
            Verb::Bench => Self::Bench,
        }
    }

    /// The one that builds what it runs.
    #[must_use]
    pub fn builds(self) -> Verb {
        match self {
            Self::Run => Verb::Build,
            Self::Test | Self::Nextest => Verb::Test,
            Self::Bench => Verb::Bench,
        }
    }
}

/// Who starts programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starter<'a> {
    /// Cargo, or what the user has set.
    Cargo,
    /// This command, by this [setting](launch::setting).
    Own(&'a str),
    /// The same but for doctests: before Rust 1.89 rustdoc starts those by itself.
    OwnButDoctests(&'a str),
}

/// What a run is given besides its build.
#[derive(Debug)]
pub struct Options<'a> {
    /// Cargo's command.
    pub command: CargoCommand,
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
    /// Who starts programs.
    pub starter: Starter<'a>,
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
    let doctests = doctest::folder(&options.traces);
    let before =
        doctest::there(&doctests).map_err(|e| Error::io("read the programs of doctests in", &doctests, e))?;
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
    doctest::tidy(&options.traces, &doctests, &before)
        .map_err(|e| Error::io("remove needless programs of doctests in", &doctests, e))?;
    ended.map_err(|source| Error::Start { program: name, source })
}

fn command(build: &Build<'_>, options: &Options<'_>) -> Command {
    let mut command = cargo();
    command.args(match options.command {
        CargoCommand::Run => ["run", "--quiet"].as_slice(),
        CargoCommand::Test => &["test", "--no-fail-fast"],
        CargoCommand::Nextest => &["nextest", "run", "--no-fail-fast"],
        CargoCommand::Bench => &["bench"],
    });
    build.add_to(&mut command);
    if options.command == CargoCommand::Nextest {
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
        // A test that fails here fails each time, as one does that expects a region's panic.
        renamed.env("NEXTEST_RETRIES", "0");
        command = renamed;
    }
    if options.command == CargoCommand::Test {
        let (flags, value) = doctest::for_lines(&build.cargo_config());
        command.env(doctest::VARIABLE, doctest::folder(&options.traces)).env(flags, value);
    }
    if let Starter::Own(setting) | Starter::OwnButDoctests(setting) = options.starter {
        command.args(["--config", setting]);
    }
    if let Some(kept) = options.environment {
        command.env(launch::KEEP, kept.join(","));
    }
    give(&mut command, options);
    if !options.arguments.is_empty() {
        command.arg("--").args(options.arguments);
    }
    command
}

/// Gives the program what tells its guard to write a trace. Where this command starts it, cargo and what cargo runs besides get none
/// of that.
fn give(command: &mut Command, options: &Options<'_>) {
    let mut given: Vec<(&str, OsString)> =
        vec![(launch::TRACE, options.traces.clone().into()), (launch::MODE, "count".into())];
    for (name, is_asked) in [
        (launch::WHOLE_PROGRAM, options.whole_program),
        (launch::THREADS, options.threads),
        (launch::LIVE, options.live),
    ] {
        if is_asked {
            given.push((name, "1".into()));
        } else {
            command.env_remove(name);
        }
    }
    given.extend(options.preload.clone().map(|library| (preload::VARIABLE, library)));
    for (name, value) in given {
        if options.starter != Starter::Cargo {
            command.env(launch::gives(name), &value);
        }
        if !matches!(options.starter, Starter::Own(_)) {
            command.env(name, value);
        }
    }
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
