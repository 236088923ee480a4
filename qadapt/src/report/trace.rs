//! Resolved call stacks: which functions and lines the recorded addresses are.

use core::fmt;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use qadapt_advice::{Advice, Frame as Named};
use qadapt_spin::{Lock, Slot, Stack};

use super::c;
use super::origin::{self, Origin};
use super::source;
use super::symbols::{self, Symbol};
use crate::hot::capture::{FRAMES, STACKS};
use crate::hot::setting;
use crate::sys;

/// Stacks that are resolved already: resolving costs milliseconds, and a stack can be reported often.
static RESOLVED: Lock<BTreeMap<usize, Arc<Trace>>> = Lock::new(BTreeMap::new());

/// Resolved stacks that are kept; with one more, all are resolved anew.
const KEPT: usize = 1024;

/// Attempts to take the lock; on failure a stack is resolved again.
const PATIENCE: u32 = 1000;

/// A resolved stack, innermost frame first, and what reports say of it. Empty if the stack was not recorded.
#[derive(Debug, Default)]
pub(super) struct Trace {
    frames: Vec<Frame>,
    /// The line of the user's code, or why there is none.
    site: String,
    /// The frames, a line each.
    stack: String,
    /// For an event of C's: which way it came.
    c: Option<c::Way>,
    /// The last advice that was asked for here, and for which event: a stack's events are alike as a rule.
    advice: Mutex<Option<(Event, Option<Advice>)>>,
}

/// What advice depends on besides the stack: the operation and its sizes in bytes.
type Event = (qadapt_advice::Op, usize, usize);

#[derive(Debug)]
pub(super) struct Frame {
    /// The return address.
    address: usize,
    function: Option<String>,
    file: Option<PathBuf>,
    line: u32,
    column: Option<u32>,
    origin: Origin,
    library: Option<String>,
}

/// A line of the user's own code.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    path: &'a Path,
    line: u32,
    column: Option<u32>,
}

impl<'a> Site<'a> {
    /// The source file, as the debug information names it.
    #[must_use]
    pub fn path(&self) -> &'a Path {
        self.path
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column in bytes, counted from 1, where the debug information has it.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.column
    }
}

/// A function on a violation's call stack. Inlined functions have frames of their own.
#[derive(Clone, Copy, Debug)]
pub struct StackFrame<'a>(&'a Frame);

impl<'a> StackFrame<'a> {
    /// The address that the call returns to; inlined functions have that of the function that they are part of.
    #[must_use]
    pub fn address(&self) -> usize {
        self.0.address
    }

    /// The function's path, if the program has symbols.
    #[must_use]
    pub fn function(&self) -> Option<&'a str> {
        self.0.function.as_deref()
    }

    /// Where in the function the next inner one is called, if the program has debug information.
    #[must_use]
    pub fn site(&self) -> Option<Site<'a>> {
        self.0.site()
    }

    /// The name of the file that the function is in, where that is a library which the program has loaded: a plug-in.
    #[must_use]
    pub fn library(&self) -> Option<&'a str> {
        self.0.library.as_deref()
    }

    /// True for what reports fold: the standard library's, the allocator's and QADAPT's own.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.0.origin.is_internal()
    }
}

/// `file:line:column`, the file relative to the working directory where it lies below it, and from the folder of its
/// crate on where it is a dependency's.
impl fmt::Display for Site<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = std::env::current_dir().unwrap_or_default();
        let path = self.path.strip_prefix(here).unwrap_or(self.path);
        let path = below_registry(path).unwrap_or(path);
        write!(f, "{}:{}", path.display(), self.line)?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

/// What lies below the folder of an index in Cargo's registry: `crate-1.0.0/src/lib.rs`.
fn below_registry(path: &Path) -> Option<&Path> {
    let mut parts = path.components();
    while let Some(part) = parts.next() {
        if part.as_os_str() == "registry" && parts.next()?.as_os_str() == "src" {
            parts.next()?;
            return Some(parts.as_path());
        }
    }
    None
}

impl Trace {
    /// The trace of a recorded stack.
    pub(super) fn of(slot: Slot) -> Arc<Self> {
        if let Some(known) = RESOLVED.lock_within(PATIENCE).and_then(|map| map.get(&slot.index()).cloned()) {
            return known;
        }
        // A stack is not published only while the thread that records it is interrupted.
        let Some(stack) = STACKS.stack(slot) else { return Arc::default() };
        let trace = Arc::new(Self::resolve(stack.frames()));
        if let Some(mut map) = RESOLVED.lock_within(PATIENCE) {
            if map.len() == KEPT {
                map.clear();
            }
            map.insert(slot.index(), Arc::clone(&trace));
        }
        trace
    }

    /// The trace of a stack that is reported once.
    pub(super) fn once(stack: &Stack<FRAMES>) -> Arc<Self> {
        Arc::new(Self::resolve(stack.frames()))
    }

    fn resolve(addresses: &[usize]) -> Self {
        let full = setting::shows_full_stacks();
        let mut frames = Vec::new();
        // Inlined functions come first, each with the line of its call.
        symbols::resolve(addresses, |address, symbol| {
            let is_start = symbol.function.as_deref().is_some_and(is_start);
            frames.push(Frame::new(address, symbol));
            full || !is_start
        });
        Self::of_frames(frames)
    }

    /// Says what reports say of these frames: once, since it reads source files and the working directory.
    fn of_frames(frames: Vec<Frame>) -> Self {
        let (frames, c) = told_apart(frames);
        let mut trace = Self { frames, c, ..Self::default() };
        let (mut site, mut stack) = (String::new(), String::new());
        // Writing to a String does not fail.
        let _ = match trace.site() {
            Some(found) => source::excerpt(&mut site, &found),
            None => trace.fmt_without_site(&mut site),
        };
        let _ = trace.fmt_stack(&mut stack);
        (trace.site, trace.stack) = (site, stack);
        trace
    }

    /// The frames, innermost first.
    pub(super) fn frames(&self) -> impl Iterator<Item = StackFrame<'_>> {
        self.frames.iter().map(StackFrame)
    }

    /// The line of the user's code with its source, or why there is none.
    pub(super) fn excerpt(&self) -> &str {
        if self.frames.is_empty() { NO_STACK } else { &self.site }
    }

    /// For an event of C's: which way it came.
    pub(super) fn c(&self) -> Option<&c::Way> {
        self.c.as_ref()
    }

    /// What to do instead of this event.
    pub(super) fn advice(&self, op: qadapt_advice::Op, size: usize, old_size: usize) -> Option<Advice> {
        let event = (op, size, old_size);
        if let Some((known, advice)) = self.advice.try_lock().ok().and_then(|last| *last) {
            if known == event {
                return advice;
            }
        }
        let frames = self.names();
        let advice = qadapt_advice::advise(&qadapt_advice::Event { op, size, old_size, frames: &frames });
        if let Ok(mut last) = self.advice.try_lock() {
            *last = Some((event, advice));
        }
        advice
    }

    /// The first line of the user's own code; failing that, of a dependency's.
    pub(super) fn site(&self) -> Option<Site<'_>> {
        let of =
            |origin| self.frames.iter().filter(move |frame| frame.origin == origin).find_map(Frame::site);
        of(Origin::Own).or_else(|| of(Origin::Dependency))
    }

    /// The frames from the allocator's caller to the edge of the region, as the catalogue of advice takes them.
    fn names(&self) -> Vec<Named<'_>> {
        let caller = self.frames.iter().skip_while(|frame| frame.origin.is_inside());
        caller.take_while(|frame| frame.origin != Origin::Guard).map(Frame::named).collect()
    }

    /// Says where the stack is when no frame has a line.
    fn fmt_without_site(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let Some(frame) = self.frames.iter().find(|frame| !frame.origin.is_internal()) else {
            return f.write_str(if self.frames.is_empty() { NO_STACK } else { NOT_THE_USERS });
        };
        write!(f, " --> ")?;
        frame.fmt_name(f)?;
        writeln!(
            f,
            "\n   = no lines: build with debug information (`debug = \"line-tables-only\"` in the profile)"
        )
    }

    /// The frames, a line each, internal ones folded unless `QADAPT_BACKTRACE=full`.
    fn fmt_stack(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let full = setting::shows_full_stacks();
        if self.frames.is_empty() {
            return Ok(());
        }
        writeln!(f, "   = stack, innermost call first:")?;
        let mut folded = 0;
        let mut frames = self.frames.iter().peekable();
        while let Some(frame) = frames.next() {
            if full || !frame.origin.is_internal() {
                frame.fmt_line(f)?;
            } else {
                let mut whose = "std or qadapt";
                let mut hidden = 0;
                let mut next = Some(frame);
                while let Some(frame) = next {
                    hidden += 1;
                    if frame.origin == Origin::Allocator {
                        whose = "std, qadapt or the allocator around it";
                    }
                    next = frames.next_if(|frame| frame.origin.is_internal());
                }
                folded += hidden;
                writeln!(f, "       ({hidden} of {whose})")?;
            }
        }
        if folded > 0 {
            writeln!(f, "   = QADAPT_BACKTRACE=full shows all {} frames", self.frames.len())?;
        }
        Ok(())
    }
}

/// The frames, a line each.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stack)
    }
}

/// Where a stack was not recorded.
const NO_STACK: &str = if sys::HAS_STACKS {
    " --> at an unknown place: its call stack could not be recorded, since there is no room for more stacks\n"
} else {
    " --> at an unknown place: call stacks cannot be walked on this platform\n"
};

/// Where all frames are std's or QADAPT's: what ends a process or a thread.
const NOT_THE_USERS: &str = " --> in the standard library, which no code of the program's has called\n";

/// The standard library calls a program's `main`, and each of its threads, through this function. What lies further
/// out is nobody's code, and takes longer to resolve than all the rest, since it is the C library's.
fn is_start(function: &str) -> bool {
    function.contains("__rust_begin_short_backtrace")
}

/// Takes what lies between QADAPT and the program's call of its allocator for the allocator's, and C's allocation function for
/// QADAPT's, which defines it.
fn told_apart(mut frames: Vec<Frame>) -> (Vec<Frame>, Option<c::Way>) {
    if let Some(begin) = c::begin(&frames) {
        for frame in frames.iter_mut().take(begin + 1) {
            frame.origin = Origin::Guard;
        }
        let way = c::Way::of(&frames, begin);
        return (frames, way);
    }
    let is_outside = |frame: &Frame| origin::is_outside(frame.file.as_deref(), frame.function.as_deref());
    let inside = frames.iter().position(is_outside).unwrap_or(0);
    for frame in frames.iter_mut().take(inside).filter(|frame| !frame.origin.is_internal()) {
        frame.origin = Origin::Allocator;
    }
    (frames, None)
}

impl Frame {
    fn new(address: usize, symbol: Symbol) -> Self {
        let Symbol { function, file, line, column, is_system, library } = symbol;
        let origin = if is_system { Origin::Std } else { Origin::of(file.as_deref(), function.as_deref()) };
        Self { address, function, file, line, column, origin, library }
    }

    fn named(&self) -> Named<'_> {
        let function = self.function.as_deref().unwrap_or_default();
        let file = self.file.as_deref().and_then(Path::to_str).unwrap_or_default();
        if self.origin == Origin::Own { Named::own(function, file) } else { Named::foreign(function, file) }
    }

    /// Its function's name, where it is known.
    pub(super) fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// Its source file, where it is known.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// True for what reports fold.
    pub(super) fn is_internal(&self) -> bool {
        self.origin.is_internal()
    }

    /// Its line, where it is known.
    pub(super) fn site(&self) -> Option<Site<'_>> {
        let path = self.file.as_deref()?;
        (self.line > 0).then_some(Site { path, line: self.line, column: self.column })
    }

    fn fmt_line(&self, f: &mut impl fmt::Write) -> fmt::Result {
        write!(f, "       ")?;
        self.fmt_name(f)?;
        if let Some(site) = self.site() {
            write!(f, "  {site}")?;
        }
        match &self.library {
            Some(library) if self.function.is_some() => writeln!(f, "  ({library})"),
            _ => writeln!(f),
        }
    }

    /// The function; failing that, the file that the address was loaded from and the place in it.
    fn fmt_name(&self, f: &mut impl fmt::Write) -> fmt::Result {
        if let Some(function) = &self.function {
            return f.write_str(function);
        }
        write!(f, "{:#x}", self.address)?;
        let mut place = None;
        // The address is the one that the frame returns to; the call is the byte before.
        sys::locate(self.address.saturating_sub(1), |module, offset| {
            place = Some((String::from_utf8_lossy(module).into_owned(), offset));
        });
        place.map_or(Ok(()), |(module, offset)| write!(f, " in {module}+{offset:#x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_without_the_users_code_is_said_to_be_one() {
        let symbol = Symbol {
            function: Some("std::rt::cleanup".into()),
            file: Some("/rustc/0/library/std/src/rt.rs".into()),
            line: 7,
            column: None,
            is_system: false,
            library: None,
        };
        let trace = Trace::of_frames(vec![Frame::new(16, symbol)]);
        assert_eq!(trace.excerpt(), NOT_THE_USERS);
        assert_eq!(Trace::of_frames(Vec::new()).excerpt(), NO_STACK);
    }

    #[test]
    fn a_dependency_is_named_by_its_crate() {
        let below = below_registry(Path::new("/home/u/.cargo/registry/src/index-1/memchr-2.7.0/src/lib.rs"));
        assert_eq!(below, Some(Path::new("memchr-2.7.0/src/lib.rs")));
        assert_eq!(below_registry(Path::new("/home/u/registry/main.rs")), None);
        assert_eq!(below_registry(Path::new("/registry/src")), None);
    }
}
