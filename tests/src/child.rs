//! Child processes with a deadline.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a child may run. Far more than any needs, also under an emulator or callgrind beside other builds: it ends a deadlock, and measures nothing.
pub const DEADLINE: Duration = Duration::from_mins(10);

/// How a child ended and what it wrote.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// What ended a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It aborted.
    Abort,
    /// A trap, or on Windows a breakpoint.
    Trap,
}

impl Signal {
    /// The signal that ended a child, if it was one of these.
    #[cfg(unix)]
    #[must_use]
    pub fn of(status: ExitStatus) -> Option<Self> {
        match std::os::unix::process::ExitStatusExt::signal(&status)? {
            libc::SIGABRT => Some(Self::Abort),
            libc::SIGTRAP => Some(Self::Trap),
            _ => None,
        }
    }

    /// The exception that ended a child, if it was one of these: `STATUS_STACK_BUFFER_OVERRUN`, by which std aborts, and
    /// `STATUS_BREAKPOINT`.
    #[cfg(not(unix))]
    #[must_use]
    pub fn of(status: ExitStatus) -> Option<Self> {
        match status.code()?.cast_unsigned() {
            0xC000_0409 => Some(Self::Abort),
            0x8000_0003 => Some(Self::Trap),
            _ => None,
        }
    }
}

/// A command in the workspace's folder, where the compiler's relative paths lead somewhere, with nothing in its
/// environment that changes what the guard does or what Rust prints.
///
/// `TESTS_RUN_BY` may name what runs this platform's programs where the kernel cannot, with its arguments.
#[must_use]
pub fn command(program: impl Into<PathBuf>) -> Command {
    let runner = env::var("TESTS_RUN_BY").unwrap_or_default();
    let words = runner.split_whitespace().map(OsString::from).chain([program.into().into_os_string()]);
    let mut words = words.collect::<Vec<_>>().into_iter();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("QADAPT_") {
            command.env_remove(name);
        }
    }
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
    command
}

/// The file of one of this package's programs, which Cargo has built beside the running test.
///
/// # Panics
/// If the test does not run where Cargo puts tests.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows its own file");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("a test's file lies in PROFILE/deps");
    folder.join(name).with_extension(env::consts::EXE_EXTENSION)
}

/// Runs a command to its end.
///
/// # Panics
/// If it cannot be started, or has not ended after [`DEADLINE`]; it is killed then.
#[must_use]
pub fn run(command: &mut Command) -> Outcome {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(DEADLINE) else {
        kill(id);
        panic!("{command:?} was killed: it had not ended after {DEADLINE:?}");
    };
    let output = output.expect("the child's output can be read");
    Outcome {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Elsewhere it goes on; the test fails all the same.
#[cfg(not(unix))]
fn kill(_: u32) {}

#[cfg(unix)]
#[expect(unsafe_code, reason = "the child's handle is with the thread that waits for it")]
fn kill(id: u32) {
    let id = i32::try_from(id).expect("a process's number");
    // SAFETY: the child has not been waited for, so that the number is still its own.
    unsafe { libc::kill(id, libc::SIGKILL) };
}
