//! Windows.
#![expect(unsafe_code, reason = "std knows neither jobs nor what the console tells")]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::windows::fs::OpenOptionsExt as _;
use std::os::windows::io::{AsHandle as _, AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::{mem, ptr};

use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_DELETE_ON_CLOSE, FILE_TYPE_DISK, FILE_TYPE_PIPE, GetFileType,
};
use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JobObjectBasicProcessIdList, QueryInformationJobObject,
    TerminateJobObject,
};
use windows_sys::core::BOOL;

/// Variables without which no program runs: the loader and the C library find themselves by them.
pub const VARIABLES: &[&str] = &["SystemRoot", "SystemDrive", "TEMP", "TMP"];

/// Runs a program and ends as that has ended, since no process becomes another program here; nor is its name another than
/// its file's. Returns only if it cannot be started.
pub fn replace(command: &mut Command, _: &OsStr) -> io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// A program that runs and all that it has started: a job.
#[derive(Debug)]
pub struct Family {
    child: Child,
    job: OwnedHandle,
}

impl Family {
    /// Starts the program. What that starts before it is in the job, within microseconds, is not.
    ///
    /// # Errors
    /// If it cannot be started, or the system makes no job.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        // SAFETY: no attributes and no name are both allowed.
        let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        if job.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a handle that was just opened, and that nobody else closes.
        let job = unsafe { OwnedHandle::from_raw_handle(job) };
        let child = command.spawn()?;
        // SAFETY: both handles are open. It fails for a process that has ended already, which has no family either.
        unsafe { AssignProcessToJobObject(job.as_raw_handle(), child.as_raw_handle()) };
        Ok(Self { child, job })
    }

    /// How the program has ended, if it has.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits until the program has ended.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Nothing: the console tells all its processes of Ctrl-C.
    pub fn interrupt(&self) {}

    /// Nothing: nobody asks for that ([`on_end`]).
    pub fn end(&self) {}

    /// Kills all of them.
    pub fn kill(&self) {
        // SAFETY: the handle is open.
        unsafe { TerminateJobObject(self.job.as_raw_handle(), 1) };
    }

    /// Nothing: the console tells all its processes of Ctrl-C.
    pub fn interrupt_apart(&self) {}

    /// The processes of the job that run: the program's own too, until it has ended.
    #[must_use]
    pub fn others(&self) -> Vec<u32> {
        let mut list = Processes { assigned: 0, listed: 0, ids: [0; MOST] };
        let size = u32::try_from(mem::size_of_val(&list)).unwrap_or(0);
        // SAFETY: the handle is open, and what is written to is laid out as the class asks, with room for more processes. It
        // fails where there are more, and has listed as many as there is room for.
        unsafe {
            QueryInformationJobObject(
                self.job.as_raw_handle(),
                JobObjectBasicProcessIdList,
                (&raw mut list).cast(),
                size,
                ptr::null_mut(),
            )
        };
        list.ids.iter().take(list.listed as usize).filter_map(|&id| u32::try_from(id).ok()).collect()
    }

    /// Those of them that have a trace in a folder, whose name has their number.
    #[must_use]
    pub fn writers(&self, folder: &Path, _: impl FnMut(&Path) -> bool) -> Vec<u32> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        let mut writers = self.others();
        writers.retain(|process| names.iter().any(|name| name.contains(&format!("-{process}-"))));
        writers
    }
}

/// False: every process of a job is waited for or killed.
#[must_use]
pub fn is_writing(_: u32, _: &Path) -> bool {
    false
}

/// How many processes of a job are listed.
const MOST: usize = 1024;

/// `JOBOBJECT_BASIC_PROCESS_ID_LIST` with room for more than one.
#[repr(C)]
struct Processes {
    assigned: u32,
    listed: u32,
    ids: [usize; MOST],
}

/// What [`on_interrupt`] was given. Release and acquire: the handler runs on a thread of the system's.
static HANDLER: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// Has a function called at each Ctrl-C, which the console sends to all its processes. Where it returns false the process
/// ends.
///
/// # Errors
/// If the system does not let it be handled.
pub fn on_interrupt(is_seen_to: fn(was_sent: bool) -> bool) -> io::Result<()> {
    HANDLER.store(is_seen_to as *mut (), Ordering::Release);
    // SAFETY: the function lives as long as the program.
    let set = unsafe { SetConsoleCtrlHandler(Some(handle), 1) };
    if set == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Nothing: no other process asks this one to end, but ends it.
///
/// # Errors
/// Never.
pub fn on_end(_: fn() -> bool) -> io::Result<()> {
    Ok(())
}

/// Nothing: the console sends Ctrl-C to a child, too.
pub fn end_too(_: Option<&Child>) {}

/// Called by the system, on a thread of its own: true if nothing else is to be done.
unsafe extern "system" fn handle(event: u32) -> BOOL {
    let handler = HANDLER.load(Ordering::Acquire);
    if handler.is_null() || !matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT) {
        return 0;
    }
    // SAFETY: `on_interrupt` stores such a function there, and nobody stores anything else.
    let is_seen_to = unsafe { mem::transmute::<*mut (), fn(bool) -> bool>(handler) };
    is_seen_to(false).into()
}

/// None: programs write to standard error itself.
///
/// # Errors
/// Always.
pub fn terminal() -> io::Result<(File, File)> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Standard input once more, with its place in common.
///
/// # Errors
/// If the system does not give it out.
pub fn standard_input() -> io::Result<File> {
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}

/// Whether two paths are of one file, which is there. Hard links are not known.
#[must_use]
pub fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// Whether a file can go back to where it was.
#[must_use]
pub fn is_file(file: &File) -> bool {
    kind(file) == FILE_TYPE_DISK
}

/// Whether bytes pass in it once: a pipe or a socket.
#[must_use]
pub fn is_stream(file: &File) -> bool {
    kind(file) == FILE_TYPE_PIPE
}

fn kind(file: &File) -> u32 {
    // SAFETY: the handle is open as long as the file; of one that is none the kind is not known.
    unsafe { GetFileType(file.as_raw_handle()) }
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
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(true).custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
    options.open(path)
}

/// What a process that is started in a folder calls that: as whoever starts it does.
#[must_use]
pub fn working_folder(folder: &Path) -> PathBuf {
    folder.to_owned()
}

/// None: nothing is drawn on it.
#[must_use]
pub fn columns() -> Option<usize> {
    None
}
