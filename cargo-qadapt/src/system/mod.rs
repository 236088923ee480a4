//! The operating system, a file a platform: nothing else in this crate asks for the platform.
//!
//! Each gives
//! - `replace`: becomes another program, or stands for it until it ends;
//! - [`Family`]: a program that runs and all that it has started, which can be interrupted, asked to end, killed and
//!   waited for, and of which is known which processes write traces;
//! - `is_writing`: whether a process writes a trace, where that can be known;
//! - `on_interrupt`: calls a function at Ctrl-C, which says whether that is seen to;
//! - `on_end`: the same for what asks a process to end, where the system has such a thing;
//! - `end_too`: has a child end where such a thing ends this process;
//! - `children`: the children of a process, on Unix;
//! - `working_folder`: what a process that is started in a folder calls that;
//! - `standard_input`, and whether such a file `is_file`, which can go back, or `is_stream`, a pipe or a socket, whose bytes pass once;
//! - `is_same`: whether two paths are of one file;
//! - `nameless`: a file that is gone as soon as nobody has it open;
//! - `columns`: how wide the terminal is that standard error is;
//! - `terminal`: both ends of a terminal like standard error's, where there is such a thing.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

#[cfg(unix)]
pub use platform::children;
pub use platform::{
    Family, VARIABLES, columns, end_too, is_file, is_same, is_stream, is_writing, nameless, on_end,
    on_interrupt, replace, standard_input, terminal, working_folder,
};
