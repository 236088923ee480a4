//! Linux, macOS and other Unix. Only Linux lists a process's children, so that elsewhere a family is its first process.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpgid, getpgrp, kill_process, test_kill_process};
#[cfg(target_os = "linux")]
use rustix::process::{WaitOptions, getpid, set_child_subreaper, wait as wait_for_any};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};

/// Variables without which no program runs.
pub const VARIABLES: &[&str] = &[];

/// Becomes a program that sees itself by this name; returns only if that fails.
pub fn replace(command: &mut Command, name: &OsStr) -> io::Error {
    command.arg0(name).exec()
}

/// A program that runs and all that it has started.
#[derive(Debug)]
pub struct Family {
    child: Child,
    has_ended: bool,
}

impl Family {
    /// Starts the program.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        // So that what a program leaves behind can be waited for; elsewhere it is not.
        #[cfg(target_os = "linux")]
        let _ = set_child_subreaper(Some(getpid()));
        Ok(Self { child: command.spawn()?, has_ended: false })
    }

    /// How the program has ended, if it has.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait().inspect(|status| self.has_ended = status.is_some())
    }

    /// Waits until the program has ended.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().inspect(|_| self.has_ended = true)
    }

    /// Interrupts all of them, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Interrupts those of them that a terminal does not tell of Ctrl-C, since they are in another group than this process.
    pub fn interrupt_apart(&self) {
        let is_apart = |process: &Pid| getpgid(Some(*process)).is_ok_and(|group| group != getpgrp());
        for process in self.heads().into_iter().flat_map(descendants).filter_map(pid).filter(is_apart) {
            let _ = kill_process(process, Signal::INT);
        }
    }

    /// Asks all of them to end, as `kill` does.
    pub fn end(&self) {
        self.signal(Signal::TERM);
    }

    /// Kills all of them.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// What the program has left behind and still runs, once it has ended: these are now this process's children, and theirs.
    #[must_use]
    pub fn others(&self) -> Vec<u32> {
        if !self.has_ended {
            return Vec::new();
        }
        #[cfg(target_os = "linux")]
        while let Ok(Some(_)) = wait_for_any(WaitOptions::NOHANG) {}
        left()
    }

    /// Those of them that write traces into a folder, or are about to: programs with the guard that were told of the folder.
    pub fn writers(&self, folder: &Path, mut has_guard: impl FnMut(&Path) -> bool) -> Vec<u32> {
        let Some(real) = folder.canonicalize().ok().filter(|_| self.has_ended) else { return Vec::new() };
        let mut is_writer = |process: &u32| {
            // A forked child has its parent's trace mapped until another program takes its place.
            has_mapped(*process, &real)
                || is_told(*process, folder)
                    && fs::read_link(of(*process, "exe")).is_ok_and(|program| has_guard(&program))
        };
        let mut known = left();
        for _ in 0..ATTEMPTS {
            let writers: Vec<u32> = known.iter().copied().filter(&mut is_writer).collect();
            let now = left();
            // A process that is looked at after its end is no writer, and can have forked one before.
            if !writers.is_empty() || now == known {
                return writers;
            }
            known = now;
        }
        Vec::new()
    }

    fn signal(&self, signal: Signal) {
        for process in self.heads() {
            self::signal(process, signal);
        }
    }

    /// The program; once it has ended, and its number can be another's, what it has left behind.
    fn heads(&self) -> Vec<u32> {
        if self.has_ended { children(std::process::id()) } else { vec![self.child.id()] }
    }
}

/// How often a list of processes is made that goes on changing.
const ATTEMPTS: u32 = 100;

/// This process's children and all that descend from them.
fn left() -> Vec<u32> {
    let list = || children(std::process::id()).into_iter().flat_map(descendants).collect::<Vec<u32>>();
    let mut known = list();
    for _ in 0..ATTEMPTS {
        let next = list();
        // A process that ends hands its children on: they are missing from a list that is made in that moment.
        if next == known {
            break;
        }
        known = next;
    }
    known
}

/// A file of proc(5).
fn of(process: u32, name: &str) -> PathBuf {
    format!("/proc/{process}/{name}").into()
}

/// Whether a process has mapped this file, or one of this folder.
fn has_mapped(process: u32, path: &Path) -> bool {
    let maps = fs::read(of(process, "maps")).unwrap_or_default();
    maps.split(|&byte| byte == b'\n').any(|line| {
        let start = line.iter().position(|&byte| byte == b'/').unwrap_or(line.len());
        Path::new(OsStr::from_bytes(&line[start..])).starts_with(path)
    })
}

/// Whether the guard, if a process has one, writes its trace into this folder.
fn is_told(process: u32, folder: &Path) -> bool {
    let variable = [b"QADAPT_TRACE=", folder.as_os_str().as_bytes()].concat();
    fs::read(of(process, "environ")).is_ok_and(|all| all.split(|&byte| byte == 0).any(|one| one == variable))
}

/// A process and all that descend from it, those at the end of the line first.
fn descendants(process: u32) -> Vec<u32> {
    children(process).into_iter().flat_map(descendants).chain([process]).collect()
}

fn pid(process: u32) -> Option<Pid> {
    i32::try_from(process).ok().and_then(Pid::from_raw)
}

/// Sends a signal to a process and all that descend from it, those at the end of the line first.
fn signal(process: u32, signal: Signal) {
    for process in descendants(process).into_iter().filter_map(pid) {
        // It may have ended meanwhile.
        let _ = kill_process(process, signal);
    }
}

/// Whether a process lives that writes this trace, as far as the system tells.
#[must_use]
pub fn is_writing(process: u32, trace: &Path) -> bool {
    if cfg!(target_os = "linux") {
        trace.canonicalize().is_ok_and(|trace| has_mapped(process, &trace))
    } else {
        // One of another user lives, too.
        pid(process).is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
    }
}

/// The children of a process, as the kernel lists them (proc(5)); none where it does not.
#[must_use]
pub fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    threads
        .filter_map(Result::ok)
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace().filter_map(|number| number.parse().ok()).collect::<Vec<u32>>()
        })
        .collect()
}

/// Has a function called at each SIGINT, with whether another process sent it to this one alone (the terminal sends to all of
/// a group). Where it returns false the process ends.
///
/// # Errors
/// If the system does not let the signal be handled.
pub fn on_interrupt(is_seen_to: fn(was_sent: bool) -> bool) -> io::Result<()> {
    // SI_USER, and what else processes send; the kernel's own are positive (sigaction(2)).
    on_signal(libc::SIGINT, move |info| is_seen_to(info.si_code <= 0))
}

/// Has a function called at each SIGTERM and SIGHUP. Where it returns false the process ends. `nohup` has SIGHUP ignored, which
/// stays so.
///
/// # Errors
/// If the system does not let a signal be handled.
pub fn on_end(is_seen_to: fn() -> bool) -> io::Result<()> {
    on_signal(libc::SIGTERM, move |_| is_seen_to())?;
    if is_ignored(libc::SIGHUP)? { Ok(()) } else { on_signal(libc::SIGHUP, move |_| is_seen_to()) }
}

/// The child that ends with this process; 0 if there is none.
static ENDS_TOO: AtomicI32 = AtomicI32::new(0);

/// Has a child end where a handled signal ends this process. Nobody may wait for it while it is set.
pub fn end_too(child: Option<&Child>) {
    let number = child.and_then(|child| i32::try_from(child.id()).ok()).unwrap_or(0);
    // Relaxed: a number that a handler reads, and that orders nothing.
    ENDS_TOO.store(number, Ordering::Relaxed);
}

/// Has a function called at each such signal, which touches atomics alone. Where it returns false the process ends.
#[expect(unsafe_code, reason = "who sent a signal is only told to a handler")]
fn on_signal(
    number: i32,
    is_seen_to: impl Fn(&libc::siginfo_t) -> bool + Send + Sync + 'static,
) -> io::Result<()> {
    let handle = move |info: &libc::siginfo_t| {
        if !is_seen_to(info) {
            let child = ENDS_TOO.load(Ordering::Relaxed);
            if child != 0 {
                // Where a shell has this one ignore SIGINT, as those that run in the background, the child does too.
                // SAFETY: it may be called in a signal handler (signal-safety(7)). The number is the child's still: nobody has waited for it.
                unsafe { libc::kill(child, libc::SIGTERM) };
            }
            // SAFETY: it may be called in a signal handler, and returns never.
            unsafe { libc::_exit(128 + number) };
        }
    };
    // SAFETY: the handler calls the function, which touches atomics alone, `kill` and `_exit`, which handlers may.
    unsafe { signal_hook_registry::register_sigaction(number, handle) }.map(|_| ())
}

/// Whether whoever started this process has it ignore a signal.
#[expect(unsafe_code, reason = "std does not tell")]
fn is_ignored(number: i32) -> io::Result<bool> {
    let mut now = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action it only writes the present one, for which there is room.
    if unsafe { libc::sigaction(number, ptr::null(), now.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it has written it.
    Ok(unsafe { now.assume_init() }.sa_sigaction == libc::SIG_IGN)
}

/// Both ends of a terminal that looks like standard error's: what is written to the second is read from the first.
///
/// # Errors
/// If the system has no more.
pub fn terminal() -> io::Result<(File, File)> {
    // Cloned, so that programs do not inherit it: not every system opens one so.
    let own = File::from(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?).try_clone()?;
    grantpt(&own)?;
    unlockpt(&own)?;
    let name = ptsname(&own, Vec::new())?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(libc::O_NOCTTY);
    let program = options.open(name.to_string_lossy().as_ref())?;
    if let Ok(mut attributes) = tcgetattr(io::stderr()) {
        // What the real terminal does to output is done once.
        attributes.output_modes.remove(OutputModes::OPOST);
        tcsetattr(&program, OptionalActions::Now, &attributes)?;
    }
    if let Ok(size) = tcgetwinsize(io::stderr()) {
        tcsetwinsize(&program, size)?;
    }
    Ok((own, program))
}

/// What a process that is started in a folder calls that: without symbolic links.
#[must_use]
pub fn working_folder(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// Standard input once more, with its place in common.
///
/// # Errors
/// If the system has no more file descriptors.
pub fn standard_input() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// Whether two paths are of one file, which is there.
#[must_use]
pub fn is_same(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| path.metadata().map(|metadata| (metadata.dev(), metadata.ino()));
    identity(one).is_ok_and(|one| identity(other).is_ok_and(|other| one == other))
}

/// Whether a file can go back to where it was: a regular one or a disk.
#[must_use]
pub fn is_file(file: &File) -> bool {
    let kind = file.metadata().map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_file() || kind.is_block_device())
}

/// Whether bytes pass in it once.
#[must_use]
pub fn is_stream(file: &File) -> bool {
    let kind = file.metadata().map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

/// A file in a folder that is gone as soon as nobody has it open.
///
/// # Errors
/// If it cannot be made.
pub fn nameless(folder: &Path) -> io::Result<File> {
    static MADE: AtomicU32 = AtomicU32::new(0);
    // Relaxed: a number that orders nothing.
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("nameless-{}-{number}", std::process::id()));
    // One that was left behind by a command that was killed in between.
    let _ = fs::remove_file(&path);
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// How wide the terminal is that standard error is; none if it is none, or does not say.
#[must_use]
pub fn columns() -> Option<usize> {
    let size = tcgetwinsize(io::stderr()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_family_is_killed_with_its_children() {
        let mut command = Command::new("sh");
        let mut family = Family::spawn(command.args(["-c", "sleep 600 & wait"])).expect("a shell");
        // The shell has its child when the kernel lists it.
        let grandchild = loop {
            if let [child] = children(family.child.id())[..] {
                break child;
            }
            std::thread::yield_now();
        };
        family.kill();
        family.wait().expect("it can be waited for");
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
}
