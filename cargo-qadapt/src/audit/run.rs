//! Running what was built, as cargo would, with a trace.

use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, wait as wait_for_any,
};

use super::interrupt::Interrupts;
use super::launch;
use super::screen::Screen;
use crate::build::{Build, cargo, shown};
use crate::error::{Error, Result};

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
    /// The user interrupted it.
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
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// The program's own arguments.
    pub arguments: &'a [std::ffi::OsString],
    /// The platform for which cargo is told to start programs by [`launch`]; none if it is not.
    pub launched_on: Option<&'a str>,
    /// Names of the variables that the program gets; all but the machine's own if there are none.
    pub environment: Option<&'a [String]>,
}

/// Runs. The program's standard output goes to standard error, so that the report has standard output for itself; on a
/// terminal a line below says `what` runs. An interrupt is the program's: a second one kills it.
///
/// # Errors
/// If cargo cannot be started or the directory for the traces cannot be made.
pub fn run(build: &Build<'_>, options: &Options<'_>, what: String) -> Result<End> {
    make_anew(&options.traces)?;
    let mut command = command(build, options);
    let failed = |e, command: &Command| Error::Cargo(format!("could not start `{}`: {e}", shown(command)));
    let interrupts = Interrupts::count().map_err(|e| failed(e, &command))?;
    // So that what a program leaves behind that was interrupted can be waited for; elsewhere it is not.
    let _ = set_child_subreaper(Some(getpid()));
    let screen = Screen::open(what);
    let mut start = || {
        match &screen {
            Some(screen) => command.stdout(screen.stdio()?).stderr(screen.stdio()?),
            None => command.stdout(Stdio::from(std::io::stderr().as_fd().try_clone_to_owned()?)),
        };
        command.spawn()
    };
    let child = start();
    let ended = child.and_then(|mut child| wait(&mut child, options.timeout, &interrupts));
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

fn wait(child: &mut Child, timeout: Option<Duration>, interrupts: &Interrupts) -> std::io::Result<End> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            if interrupts.seen() == 0 {
                return Ok(ended(status));
            }
            wait_for_others();
            return Ok(End::Interrupted);
        }
        let left = timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            kill_tree(child.id(), Signal::KILL);
            child.wait()?;
            return Ok(End::Timeout);
        }
        if interrupts.seen() > 1 {
            kill_tree(child.id(), Signal::KILL);
        } else if interrupts.take_sent() > 0 {
            kill_tree(child.id(), Signal::INT);
        }
        std::thread::sleep(left.map_or(pause, |left| pause.min(left)));
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Waits for what an interrupted program leaves behind, which are now this process's children, and kills what does not end
/// soon: cargo goes before the tests that it has started.
fn wait_for_others() {
    let own = std::process::id();
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        while let Ok(Some(_)) = wait_for_any(WaitOptions::NOHANG) {}
        if children(own).is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    for child in children(own) {
        kill_tree(child, Signal::KILL);
    }
}

/// How long an interrupted program's children may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

fn ended(status: ExitStatus) -> End {
    if status.success() { End::Success } else { End::Failure(status) }
}

/// Sends a signal to a process and all that descend from it, those at the end of the line first.
fn kill_tree(process: u32, signal: Signal) {
    for child in children(process) {
        kill_tree(child, signal);
    }
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        // It may have ended meanwhile.
        let _ = kill_process(pid, signal);
    }
}

/// The children of a process, as the kernel lists them (proc(5)).
fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    threads
        .filter_map(std::result::Result::ok)
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace().filter_map(|number| number.parse().ok()).collect::<Vec<u32>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_takes_too_long_is_killed_with_its_children() {
        let mut child = Command::new("sh").args(["-c", "sleep 600 & wait"]).spawn().expect("a shell");
        // The shell has its child when the kernel lists it.
        let grandchild = loop {
            if let [child] = children(child.id())[..] {
                break child;
            }
            std::thread::yield_now();
        };
        let interrupts = Interrupts::count().expect("a handler can be set");
        let end = wait(&mut child, Some(Duration::ZERO), &interrupts);
        assert_eq!(end.expect("it can be waited for"), End::Timeout);
        // A killed process may take its time to die; one that was not killed would sleep for minutes.
        let end = Instant::now() + Duration::from_mins(1);
        let lives = || {
            let state = fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
            !state.is_empty() && !state.contains(") Z ")
        };
        while lives() {
            assert!(Instant::now() < end, "{grandchild} lives on");
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_way_a_process_ends_is_told() {
        let interrupts = Interrupts::count().expect("a handler can be set");
        let run = |script| {
            let mut child = Command::new("sh").args(["-c", script]).spawn().expect("a shell");
            wait(&mut child, None, &interrupts)
        };
        assert_eq!(run("exit 0").expect("it ends"), End::Success);
        assert!(matches!(run("exit 3").expect("it ends"), End::Failure(status) if status.code() == Some(3)));
    }
}
