//! Resolved call stacks, and what reports say of them.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use qadapt_advice::{Advice, Frame as Named};
use qadapt_spin::{Lock, Slot, Stack};

use super::c;
use super::frame::{Frame, Site, StackFrame};
use super::origin::{self, Origin};
use super::source;
use super::symbols;
use crate::checks;
use crate::hot::capture::STACKS;
use crate::hot::setting;
use crate::hot::stacks::FRAMES;
use crate::sys;

/// Stacks that are resolved already: resolving costs milliseconds, and a stack can be reported often.
static KNOWN: Lock<BTreeMap<usize, Arc<Resolved>>> = Lock::new(BTreeMap::new());

/// Resolved stacks that are kept; with one more, all are resolved anew.
const KEPT: usize = 1024;

/// Attempts to take the lock; on failure a stack is resolved again.
const PATIENCE: u32 = 1000;

/// A resolved stack, innermost frame first, and what reports say of it. Empty if the stack was not recorded.
#[derive(Debug, Default)]
pub(super) struct Resolved {
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

impl Resolved {
    /// A recorded stack, resolved.
    pub(super) fn of(slot: Slot) -> Arc<Self> {
        if let Some(known) = KNOWN.lock_within(PATIENCE).and_then(|map| map.get(&slot.index()).cloned()) {
            return known;
        }
        // A stack is not published only while the thread that records it is interrupted.
        let Some(stack) = STACKS.stack(slot) else { return Arc::default() };
        let resolved = Arc::new(Self::resolve(stack.frames()));
        if let Some(mut map) = KNOWN.lock_within(PATIENCE) {
            if map.len() == KEPT {
                map.clear();
            }
            map.insert(slot.index(), Arc::clone(&resolved));
        }
        resolved
    }

    /// A stack that is reported once, resolved.
    pub(super) fn once(stack: &Stack<FRAMES>) -> Arc<Self> {
        Arc::new(Self::resolve(stack.frames()))
    }

    fn resolve(addresses: &[usize]) -> Self {
        // Nothing is recorded without the checks: what reads debug information is a third of what would be compiled.
        if !checks::ON {
            return Self::default();
        }
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
        let mut resolved = Self { frames, c, ..Self::default() };
        let (mut site, mut stack) = (String::new(), String::new());
        // Writing to a String does not fail.
        let _ = match resolved.site() {
            Some(found) => source::excerpt(&mut site, &found),
            None => resolved.fmt_without_site(&mut site),
        };
        let _ = resolved.fmt_stack(&mut stack);
        (resolved.site, resolved.stack) = (site, stack);
        resolved
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
impl fmt::Display for Resolved {
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
    let is_outside = |frame: &Frame| origin::is_outside(frame.file(), frame.function());
    let inside = frames.iter().position(is_outside).unwrap_or(0);
    for frame in frames.iter_mut().take(inside).filter(|frame| !frame.origin.is_internal()) {
        frame.origin = Origin::Allocator;
    }
    (frames, None)
}

#[cfg(test)]
mod tests {
    use super::symbols::Symbol;
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
        let resolved = Resolved::of_frames(vec![Frame::new(16, symbol)]);
        assert_eq!(resolved.excerpt(), NOT_THE_USERS);
        assert_eq!(Resolved::of_frames(Vec::new()).excerpt(), NO_STACK);
    }
}
