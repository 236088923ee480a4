//! What a stack says of C: which of its allocation functions was called, by whom, and which line of Rust called into C.

use core::fmt;
use std::path::Path;

use qadapt_trace::is_malloc;

use super::frame::{Frame, Site};

/// The functions that `qadapt-malloc` defines.
const FUNCTIONS: [&str; 10] = [
    "aligned_alloc",
    "calloc",
    "free",
    "malloc",
    "memalign",
    "posix_memalign",
    "pvalloc",
    "realloc",
    "reallocarray",
    "valloc",
];

/// The way of a request through C.
#[derive(Debug)]
pub(super) struct Way {
    /// C's allocation function.
    pub(super) function: &'static str,
    /// The function of C's that called it; none where Rust did, or without symbols.
    caller: Option<String>,
    /// The line of Rust that called into C.
    rust: Option<String>,
}

/// Frames that may lie between the guard and C's allocation function: those of an unoptimised build.
const INSIDE: usize = 4;

/// The number of the frame of C's allocation function that a stack begins in, innermost first. Rust's allocator begins in none.
pub(super) fn begin(frames: &[Frame]) -> Option<usize> {
    frames.iter().take(INSIDE).position(|frame| function(frame).is_some())
}

/// The same for a program without debug information, which has the name alone.
fn function(frame: &Frame) -> Option<&'static str> {
    let is_defined_here = frame.file().is_none_or(|file| is_malloc(&file.to_string_lossy()));
    let name = frame.function().filter(|_| is_defined_here)?;
    FUNCTIONS.into_iter().find(|known| *known == name)
}

impl Way {
    /// Of a stack that [begins](begin) in C, at this frame.
    pub(super) fn of(frames: &[Frame], begin: usize) -> Option<Self> {
        let function = function(frames.get(begin)?)?;
        let outer = frames.get(begin + 1..)?;
        let caller = outer.first().filter(|frame| !is_rust(frame)).and_then(Frame::function);
        let rust = outer.iter().find(|frame| !frame.is_internal() && frame.file().is_some_and(is_rust_file));
        let rust = rust.and_then(Frame::site).map(|site: Site<'_>| site.to_string());
        Some(Self { function, caller: caller.map(str::to_owned), rust })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "   = in C: `{}`", self.function)?;
        if let Some(caller) = &self.caller {
            write!(f, ", called by `{caller}`")?;
        }
        if let Some(rust) = &self.rust {
            let link = if self.caller.is_some() { "; called from Rust" } else { ", called from Rust" };
            write!(f, "{link} at {rust}")?;
        }
        writeln!(f)
    }
}

/// True for a frame of Rust code: by its file, and where there is none by its path of names.
fn is_rust(frame: &Frame) -> bool {
    match frame.file() {
        Some(file) => is_rust_file(file),
        None => frame.function().is_some_and(|name| name.contains("::") && !name.contains('(')),
    }
}

fn is_rust_file(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "rs")
}
