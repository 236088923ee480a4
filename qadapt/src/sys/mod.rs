//! The operating system: what the guard needs of a platform, a file each.
//!
//! This is the only folder that asks which platform it is compiled for. All of it may run inside an allocator call and in
//! a signal handler: nothing here allocates through the program's allocator, formats, panics or takes a lock that another
//! thread may hold for ever, unless the list says so.
//!
//! | what | names |
//! |---|---|
//! | a function that runs before `main` | [`before_main!`](start) |
//! | a function that runs when the process ends | [`at_exit`] |
//! | a function that runs in a forked child | [`at_fork`] |
//! | the environment, before `main`; the program's path, its folder, its rights and its number | [`variable`], [`program`], [`working_directory`], [`is_absolute`], [`is_separator`], [`process`], [`parent`] |
//! | standard error, past every lock | [`write_error`], [`wait_for_error`] |
//! | what runs when the process aborts | [`at_abort`], [`abort_as`] |
//! | a stop for the debugger | [`trap`], [`TRAP`] |
//! | processor time that the process has used | [`processor_time`] |
//! | the error of the last system call, kept as the program knows it | [`keeping_error`] |
//! | whole pages of memory, without an allocator | [`map_pages`], [`unmap_pages`] |
//! | the files that are loaded, with their ids | [`locate`], [`for_each_module`] |
//! | notes in the files that are loaded, and keeping one loaded | [`Note`], [`for_each_note`], [`keep_loaded`], [`ask_c`] |
//! | whether stacks can be walked, and the walk | [`HAS_STACKS`], [`for_each_frame`] |
//! | the bounds of a stack | [`stack_around`], [`own_stack`] |
//! | whether the process has one thread | [`look_up_threads`], [`is_alone`] |
//! | system calls that the guard sees before they are made | [`calls`] |
//! | page faults of a thread | [`page_faults`] |
//! | files that are mapped, and room on their disk | [`HAS_TRACES`], [`File`], [`may_have_size`], [`exists`], [`make_directory`], [`size_of_file`] |
//!
//! What a platform lacks is absent there, not made up:
//!
//! | | Linux, Android | other Unix | Windows | WASI | other |
//! |---|---|---|---|---|---|
//! | before `main` | yes | yes | yes | yes | no |
//! | at exit | yes | yes | yes | yes | no |
//! | at an abort | yes | yes | no | no | no |
//! | environment | yes | yes | yes | yes | no |
//! | standard error | yes | yes | yes, but nobody tells whether it is read | the same | no |
//! | forks | yes | yes | there are none | there are none | there are none |
//! | call stacks | yes | yes | yes | no | no |
//! | loaded files, for raw reports and traces | yes | no | yes | no | no |
//! | bounds of stacks | yes | no | yes | no | no |
//! | notes | yes | no | no | no | no |
//! | traces | yes | no | yes | no | no |
//! | system calls | x86-64 Linux | no | no | no | no |
//! | page faults of a thread | yes | no | no | no | no |
//!
//! The declarations are `libc`'s on Unix and WASI, `windows-sys`' on Windows.

pub(crate) mod calls;
pub(crate) mod start;

#[cfg_attr(unix, path = "abort.rs")]
#[cfg_attr(not(unix), path = "no_abort.rs")]
mod abort;

#[cfg_attr(qadapt_elf, path = "notes.rs")]
#[cfg_attr(not(qadapt_elf), path = "no_notes.rs")]
mod notes;

#[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
mod absent;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod mappings;
#[cfg(unix)]
mod posix;

// On 32-bit Arm the unwinder's functions are others.
#[cfg_attr(
    all(any(target_os = "linux", target_os = "android"), not(target_arch = "arm")),
    path = "unwind.rs"
)]
mod walk;

#[cfg_attr(any(target_os = "linux", target_os = "android"), path = "linux.rs")]
#[cfg_attr(all(unix, not(any(target_os = "linux", target_os = "android"))), path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(target_os = "wasi", path = "wasi.rs")]
#[cfg_attr(not(any(unix, windows, target_os = "wasi")), path = "bare.rs")]
mod platform;

pub(crate) use abort::{AtAbort, abort_as, at_abort};
pub(crate) use notes::{Note, ask_c, for_each_note, keep_loaded};
pub(crate) use platform::*;
pub(crate) use walk::for_each_frame;

/// True where a thread's stack can be walked: WebAssembly keeps it out of the program's reach.
pub(crate) const HAS_STACKS: bool = !cfg!(target_family = "wasm");

/// A file that is loaded, with code in it.
pub(crate) struct Module<'a> {
    /// The addresses that it was loaded to.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) path: &'a [u8],
    /// What its linker knows it by; empty where there is no such mark.
    pub(crate) id: &'a [u8],
}
