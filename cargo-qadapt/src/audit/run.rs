//! Running what was built, as cargo would, with a trace.

use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

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
}

/// Runs. The program's standard output goes to standard error, so that the report has standard output for itself.
///
/// # Errors
/// If cargo cannot be started or the directory for the traces cannot be made.
pub fn run(build: &Build<'_>, options: &Options<'_>) -> Result<End> {
    make_anew(&options.traces)?;
    let mut command = command(build, options);
    let failed = |e, command: &Command| Error::Cargo(format!("could not start `{}`: {e}", shown(command)));
    let output = std::io::stderr().as_fd().try_clone_to_owned().map_err(|e| failed(e, &command))?;
    command.stdout(Stdio::from(output));
    let mut child = command.spawn().map_err(|e| failed(e, &command))?;
    wait(&mut child, options.timeout).map_err(|e| failed(e, &command))
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

fn make_anew(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(|e| Error::io("remove the old traces in", directory, e))?;
    }
    fs::create_dir_all(directory).map_err(|e| Error::io("make the folder", directory, e))
}

fn wait(child: &mut Child, timeout: Option<Duration>) -> std::io::Result<End> {
    let Some(timeout) = timeout else { return Ok(ended(child.wait()?)) };
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(ended(status));
        }
        let left = timeout.saturating_sub(start.elapsed());
        if left.is_zero() {
            kill_tree(child.id());
            child.wait()?;
            return Ok(End::Timeout);
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

fn ended(status: ExitStatus) -> End {
    if status.success() { End::Success } else { End::Failure(status) }
}

/// Kills a process and all that descend from it, those at the end of the line first.
fn kill_tree(process: u32) {
    for child in children(process) {
        kill_tree(child);
    }
    if let Some(pid) = i32::try_from(process).ok().and_then(Pid::from_raw) {
        // It may have ended meanwhile.
        let _ = kill_process(pid, Signal::KILL);
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
        assert_eq!(wait(&mut child, Some(Duration::ZERO)).expect("it can be waited for"), End::Timeout);
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
        let run = |script| wait(&mut Command::new("sh").args(["-c", script]).spawn().expect("a shell"), None);
        assert_eq!(run("exit 0").expect("it ends"), End::Success);
        assert!(matches!(run("exit 3").expect("it ends"), End::Failure(status) if status.code() == Some(3)));
    }
}
