//! Running what was built, as cargo would, with a trace.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::interrupt::Interrupts;
use super::launch;
use super::preload;
use super::screen::Screen;
use crate::build::{Build, shown};
use crate::cargo::cargo;
use crate::error::{Error, Result};
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

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, successfully.
    Success,
    /// By itself, otherwise.
    Failure(ExitStatus),
    /// It took too long and was killed.
    Timeout,
    /// The user interrupted it, or another process ended it.
    Interrupted,
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
}

/// Runs. The program's standard output goes to standard error, so that the report has standard output for itself; on a
/// terminal a line below says `what` runs. An interrupt is the program's, and so is what asks for an end: a second one kills it.
///
/// # Errors
/// If cargo cannot be started or the directory for the traces cannot be made.
pub fn run(build: &Build<'_>, options: &Options<'_>, what: String) -> Result<End> {
    make_anew(&options.traces)?;
    let mut command = command(build, options);
    let failed = |e, command: &Command| Error::Cargo(format!("could not start `{}`: {e}", shown(command)));
    let interrupts = Interrupts::count().map_err(|e| failed(e, &command))?;
    let screen = Screen::open(what);
    let mut start = || {
        match &screen {
            Some(screen) => command.stdout(screen.stdio()?).stderr(screen.stdio()?),
            None => command.stdout(Stdio::from(std::io::stderr())),
        };
        Family::spawn(&mut command)
    };
    let family = start();
    let ended = family.and_then(|mut family| wait(&mut family, options.timeout, &interrupts));
    // The command holds the program's end of the screen.
    let name = shown(&command);
    drop(command);
    if let Some(screen) = screen {
        screen.close();
    }
    ended.map_err(|e| Error::Cargo(format!("could not start `{name}`: {e}")))
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

fn make_anew(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(|e| Error::io("remove the old traces in", directory, e))?;
    }
    fs::create_dir_all(directory).map_err(|e| Error::io("make the folder", directory, e))
}

fn wait(family: &mut Family, timeout: Option<Duration>, interrupts: &Interrupts) -> std::io::Result<End> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    let mut ending = Ending::default();
    loop {
        if let Some(status) = family.try_wait()? {
            if interrupts.seen() + interrupts.ends() == 0 {
                return Ok(ended(status));
            }
            family.wait_for_others(PATIENCE);
            return Ok(End::Interrupted);
        }
        let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            family.kill();
            family.wait()?;
            return Ok(End::Timeout);
        }
        match ending.next(interrupts.seen(), interrupts.ends(), Instant::now()) {
            Next::Kill => family.kill(),
            Next::End => family.end(),
            Next::Nothing if interrupts.take_sent() > 0 => family.interrupt(),
            Next::Nothing => {}
        }
        std::thread::sleep(left.map_or(pause, |left| pause.min(left)));
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// How long a program that is asked to end may take, and what an interrupted one has started.
const PATIENCE: Duration = Duration::from_secs(5);

/// Within what time a second request is the same one: `timeout` sends it to the command and to its group, so that it comes twice.
const SAME: Duration = Duration::from_secs(1);

/// What becomes of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    /// It is asked to end.
    End,
    Kill,
}

/// How far a program is towards its end.
#[derive(Clone, Copy, Debug, Default)]
struct Ending {
    /// When it was first interrupted or asked to end.
    first: Option<Instant>,
    /// When it was asked to end.
    asked: Option<Instant>,
    /// How many interrupts and requests there were.
    known: u32,
}

impl Ending {
    /// What follows from so many interrupts and requests to end.
    fn next(&mut self, interrupts: u32, ends: u32, now: Instant) -> Next {
        let all = interrupts + ends;
        if all == 0 {
            return Next::Nothing;
        }
        let since = |then: Instant| now.saturating_duration_since(then);
        let is_repeated = all > self.known && since(*self.first.get_or_insert(now)) >= SAME;
        self.known = all;
        let is_late = self.asked.is_some_and(|asked| since(asked) >= PATIENCE);
        if interrupts > 1 || is_repeated || is_late {
            return Next::Kill;
        }
        if ends > 0 && self.asked.is_none() {
            self.asked = Some(now);
            return Next::End;
        }
        Next::Nothing
    }
}

fn ended(status: ExitStatus) -> End {
    if status.success() { End::Success } else { End::Failure(status) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_takes_too_long_is_killed() {
        let mut command = Command::new("sh");
        let mut family = Family::spawn(command.args(["-c", "sleep 600"])).expect("a shell");
        let interrupts = Interrupts::count().expect("a handler can be set");
        let end = wait(&mut family, Some(Duration::ZERO), &interrupts);
        assert_eq!(end.expect("it can be waited for"), End::Timeout);
    }

    #[test]
    fn the_way_a_process_ends_is_told() {
        let interrupts = Interrupts::count().expect("a handler can be set");
        let run = |script| {
            let mut family = Family::spawn(Command::new("sh").args(["-c", script])).expect("a shell");
            wait(&mut family, None, &interrupts)
        };
        assert_eq!(run("exit 0").expect("it ends"), End::Success);
        assert!(matches!(run("exit 3").expect("it ends"), End::Failure(status) if status.code() == Some(3)));
    }

    #[test]
    fn a_second_request_kills_and_so_does_patience() {
        use Next::{End, Kill, Nothing};
        let start = Instant::now();
        // Milliseconds, interrupts and requests until then, and what follows.
        let histories: [&[(u64, u32, u32, Next)]; 6] = [
            // An interrupt has no bound: it is a program's to see to.
            &[(0, 1, 0, Nothing), (60_000, 1, 0, Nothing), (60_001, 2, 0, Kill)],
            // A second interrupt is one, however soon it comes.
            &[(0, 1, 0, Nothing), (1, 2, 0, Kill)],
            // A request comes once, and twice from `timeout`.
            &[(0, 0, 1, End), (1, 0, 2, Nothing), (4_999, 0, 2, Nothing), (5_000, 0, 2, Kill)],
            &[(0, 0, 2, End), (1_000, 0, 3, Kill)],
            // A job that is cancelled is interrupted first.
            &[(0, 1, 0, Nothing), (7_500, 1, 1, Kill)],
            // Who interrupts may have it ended at once by another.
            &[(0, 1, 0, Nothing), (1, 1, 1, End), (5_000, 1, 1, Nothing), (5_001, 1, 1, Kill)],
        ];
        for history in histories {
            let mut ending = Ending::default();
            assert_eq!(ending.next(0, 0, start), Nothing);
            for &(milliseconds, interrupts, ends, expected) in history {
                let now = start + Duration::from_millis(milliseconds);
                let next = ending.next(interrupts, ends, now);
                assert_eq!(next, expected, "after {milliseconds} ms in {history:?}");
            }
        }
    }
}
