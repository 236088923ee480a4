//! What an event does on a watched thread.

use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering};

use super::capture::Captured;
use super::copies::{self, Verdict};
use super::request::{Cause, Request};
use super::{
    announce, budget, calls, counters, end, inject, measured, pending, setting, step, table, trace, word,
};
use crate::model::{Mode, Op, Ops, SystemCall};
use crate::sys;

/// Whether the request goes on to the inner allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Proceed,
    /// The request gets no memory.
    Refuse,
    /// The guard around this one has seen the event already.
    PassOn,
}

/// What an event needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// Nothing of it is kept but counts: see [`count`].
    Simple,
    /// The same, and it is a violation, of which nothing but the number is kept: see [`count_violation`].
    Violating,
    /// A closer look.
    Close,
}

/// What an event needs, as far as the fewest instructions tell.
#[inline(always)]
pub(super) fn care(ops: Ops) -> Care {
    let word = word::get();
    if !word::is_simple_in_count(word) || setting::looks_closely() {
        Care::Close
    } else if word::policy_disallows(word, ops) {
        Care::Violating
    } else {
        Care::Simple
    }
}

/// The same where the process's mode may be the one that acts.
#[inline(always)]
pub(super) fn care_by_default(ops: Ops) -> Care {
    let word = word::get();
    if !word::is_simple(word) || setting::looks_closely() {
        Care::Close
    } else if !word::disallows(word, ops) {
        Care::Simple
    } else if word::has_default_mode(word) && !setting::counts_by_default() {
        Care::Close
    } else {
        Care::Violating
    }
}

/// Counts a [violation](Care::Violating) of which nothing else is kept; while the thread panics it is none.
#[inline(always)]
pub(super) fn count_violation() {
    if !std::thread::panicking() {
        pending::count_violation();
        count_for_region();
    }
}

/// Counts a violation of which nothing is said for its region, where that is asked for.
#[inline(always)]
fn count_for_region() {
    #[cfg(feature = "process-counts")]
    pending::push_counted();
}

/// True if a counting region is open.
#[inline(always)]
pub(super) fn is_counted() -> bool {
    word::get() & word::COUNTING != 0
}

/// Counts a simple event: `succeeded` says whether there was memory.
#[inline(always)]
pub(super) fn count(request: &Request, succeeded: bool) {
    if is_counted() {
        counters::count(request, succeeded);
    }
    count_for_process(request, succeeded);
}

/// Counts an event for the process, where that is asked for.
#[inline(always)]
pub(super) fn count_for_process(request: &Request, succeeded: bool) {
    #[cfg(feature = "process-counts")]
    super::process::count(request, succeeded);
    #[cfg(not(feature = "process-counts"))]
    let _ = (request, succeeded);
}

/// What anything in the word can mean for an event.
const MATTERS: i64 = word::LEVELS | word::POLICY | word::COUNTING | word::RECORDING;

/// Before the inner allocator is called. `mark` lies on the stack of the allocator's method; `is_outermost` tells whether that
/// is the program's outermost guard.
#[inline(always)]
pub(super) fn before(request: &Request, mark: *const c_void, is_outermost: fn() -> bool) -> Outcome {
    let word = word::get();
    if word & (word::UNLINKED | word::QUIET) != 0 || setting::looks_closely() {
        return seldom(request, mark, word, is_outermost);
    }
    if word & MATTERS == 0 && !trace::is_on() {
        return Outcome::Proceed;
    }
    before_known(request, mark)
}

/// The process's first event or the thread's, the probe, what happens while an allocator is at work, and what is traced.
#[cold]
#[inline(never)]
fn seldom(request: &Request, mark: *const c_void, word: i64, is_outermost: fn() -> bool) -> Outcome {
    // The first event of the process tells which guard is the outermost. To ask takes some time, which each event of a
    // traced program would need.
    let is_quiet = word & word::QUIET != 0;
    let is_inner = (is_quiet || setting::awaits_first()) && !is_outermost();
    if is_quiet && is_inner {
        return Outcome::PassOn;
    }
    if word & word::UNLINKED != 0 {
        if word & word::OWN_WORK != 0 {
            // The probe needs no memory, only an answer.
            word::set(word::get() & !word::PROBE);
            return Outcome::Refuse;
        }
        step::link();
    }
    if setting::is_guest() {
        return before_as_guest(request, mark);
    }
    before_known(request, mark)
}

/// In a copy of the guard that has another one for its host, which judges the event. What only this copy's own regions ask for, stacks
/// and refusals, is theirs.
#[cold]
#[inline(never)]
fn before_as_guest(request: &Request, mark: *const c_void) -> Outcome {
    let word = word::get();
    if word & word::OWN_WORK != 0 {
        return Outcome::Proceed;
    }
    let is_panicking = std::thread::panicking();
    if !is_panicking {
        keep_stack(request, mark, word);
    }
    match copies::before(request, mark, is_panicking) {
        None => return Outcome::PassOn,
        Some(Verdict::REFUSE) => return Outcome::Refuse,
        Some(_) => {}
    }
    if is_panicking { Outcome::Proceed } else { refuse_if_due(request, mark, word) }
}

fn before_known(request: &Request, mark: *const c_void) -> Outcome {
    let word = word::get();
    if word & word::OWN_WORK != 0 || std::thread::panicking() {
        return Outcome::Proceed;
    }
    keep_stack(request, mark, word);
    if !word::is_protected(word) {
        if trace::is_whole_program() {
            if let Some(trace) = trace::active() {
                witness(trace, request, mark, word);
            }
        }
        return Outcome::Proceed;
    }
    let outcome = cause(request, word).map_or(Outcome::Proceed, |cause| violate(request, mark, cause, word));
    if outcome == Outcome::Refuse {
        return outcome;
    }
    refuse_if_due(request, mark, word)
}

/// Keeps the stack of an event for an open measurement.
#[inline(always)]
pub(super) fn keep_stack(request: &Request, mark: *const c_void, word: i64) {
    if word & word::RECORDING != 0 && word & word::BUSY == 0 {
        word::set(word | word::BUSY);
        measured::push(request, &Captured::here(mark));
        word::set(word::get() & !word::BUSY);
    }
}

/// Refuses the request if it is the one that an open region refuses.
#[inline(always)]
fn refuse_if_due(request: &Request, mark: *const c_void, word: i64) -> Outcome {
    if word & word::INJECT != 0 && request.op != Op::Dealloc && inject::is_due() {
        if inject::is_swept() && word::get() & word::BUSY == 0 {
            word::set(word::get() | word::BUSY);
            inject::keep(request, &Captured::here(mark));
            word::set(word::get() & !word::BUSY);
        }
        return Outcome::Refuse;
    }
    Outcome::Proceed
}

/// After it: `succeeded` says whether there was memory.
#[inline(always)]
pub(super) fn after(request: &Request, succeeded: bool) {
    let word = word::get();
    if word & word::COUNTING != 0 {
        counters::count(request, succeeded);
    }
    if word & word::BUDGET != 0 && succeeded {
        spend(request);
    }
    if setting::is_guest() {
        copies::after(request, succeeded);
    }
    if trace::is_on() && word & word::OWN_WORK == 0 {
        trace::count(request, succeeded);
    }
    #[cfg(feature = "process-counts")]
    if word & word::OWN_WORK == 0 {
        super::process::count(request, succeeded);
    }
}

#[cold]
#[inline(never)]
fn spend(request: &Request) {
    // What a panic asks for is not taken off the budget, as it is no violation either.
    if !std::thread::panicking() {
        budget::take(request);
    }
}

#[inline(always)]
fn cause(request: &Request, word: i64) -> Option<Cause> {
    if word::disallows(word, request.ops()) {
        Some(Cause::Disallowed)
    } else if word & word::BUDGET != 0 && budget::is_exceeded_by(request) {
        Some(Cause::OverBudget)
    } else {
        None
    }
}

/// Records an event that is disallowed, or that the whole program's region sees.
fn witness(trace: &trace::Trace, request: &Request, mark: *const c_void, word: i64) {
    if word & word::BUSY != 0 {
        // As in `violate`.
        trace.count_all_disallowed();
        return;
    }
    word::set(word | word::BUSY);
    trace::disallow(trace, request, mark);
    word::set(word::get() & !word::BUSY);
}

fn violate(request: &Request, mark: *const c_void, mut cause: Cause, mut word: i64) -> Outcome {
    if setting::is_moved() {
        // What would be violated may have ended on another thread.
        end::look_for_moved();
        word = word::get();
        match self::cause(request, word) {
            Some(now) => cause = now,
            None => return Outcome::Proceed,
        }
    }
    pending::count_violation();
    if let Some(trace) = trace::active() {
        // A traced run goes on whatever it violates, so that all of it is seen: every mode counts.
        witness(trace, request, mark, word);
        count_for_region();
        return Outcome::Proceed;
    }
    let mode = word::mode(word, setting::default_mode());
    if mode == Mode::Count {
        count_for_region();
        return Outcome::Proceed;
    }
    speak(request, mark, cause, mode)
}

/// A system call that a permit allows, or budgets do.
pub(super) fn allowed_call(request: &Request) {
    if trace::is_on() {
        trace::count(request, true);
    }
}

/// A system call that a region disallows: `word` is what the word was before it. What is refused is the end of the program, by
/// `exec`, with which a panic that is due would be lost.
pub(super) fn call(request: &Request, mark: *const c_void, word: i64, cause: Cause) -> Outcome {
    pending::count_violation();
    calls::count_violation();
    if let Some(trace) = trace::active() {
        // The word as it is now, in which the thread calls the kernel as it likes.
        witness(trace, request, mark, word::get());
        trace::count(request, true);
        count_for_region();
        return Outcome::Proceed;
    }
    let mode = word::mode(word, setting::default_mode());
    if mode == Mode::Count {
        count_for_region();
        return Outcome::Proceed;
    }
    let outcome = speak(request, mark, cause, mode);
    let ends_program = SystemCall::unpacked(request.size, request.old_size).ends_program();
    if ends_program && mode == Mode::Panic { Outcome::Refuse } else { outcome }
}

/// What a violation does in the modes that do something.
#[cold]
#[inline(never)]
fn speak(request: &Request, mark: *const c_void, cause: Cause, mode: Mode) -> Outcome {
    if word::get() & word::BUSY != 0 {
        // A signal handler interrupted the lines below on this thread, or an edge, and is protected.
        pending::push_lost(table::reporter(), mode);
        return Outcome::Proceed;
    }
    word::set(word::get() | word::BUSY);
    let outcome = act(request, mark, cause, mode);
    // What is pending now is told at an edge.
    word::set(word::get() & !word::BUSY | if pending::is_empty() { 0 } else { word::ATTENTION });
    outcome
}

/// Writes a call with which the program ends, if it succeeds: there is no edge then that would report it.
fn tell_before_end(request: &Request, stack: &Captured) {
    if SystemCall::unpacked(request.size, request.old_size).ends_program() {
        announce::violation(request, stack, table::innermost_place(), &[b"; the program ends with it"]);
    }
}

/// Refusals without a place in the table of stacks. Relaxed: nothing depends on its order.
static UNRECORDED: AtomicU64 = AtomicU64::new(0);

fn act(request: &Request, mark: *const c_void, cause: Cause, mode: Mode) -> Outcome {
    let stack = Captured::here(mark);
    if request.op == Op::SystemCall && matches!(mode, Mode::Log | Mode::Fail) {
        tell_before_end(request, &stack);
    }
    match mode {
        Mode::Count => {}
        Mode::Panic | Mode::Log => {
            let slot = stack.record(request).map(|(slot, _)| slot);
            pending::push(table::reporter(), request, mode, cause, slot);
        }
        Mode::Fail => {
            let recorded = stack.record(request);
            pending::push(table::reporter(), request, mode, cause, recorded.map(|(slot, _)| slot));
            if request.op.is_request() {
                // Where the table of stacks is full, every refusal counts as one more of the same stack.
                let times = recorded
                    .map_or_else(|| UNRECORDED.fetch_add(1, Ordering::Relaxed) + 1, |(_, times)| times);
                if times == 1 {
                    announce::refusal(request, &stack, table::innermost_place());
                }
                return Outcome::Refuse;
            }
        }
        Mode::Abort => {
            announce::violation(
                request,
                &stack,
                table::innermost_place(),
                &[b"; mode abort ends the process"],
            );
            std::process::abort();
        }
        Mode::Trap => {
            let place = table::innermost_place();
            announce::violation(request, &stack, place, &[b"; mode trap raises ", sys::TRAP]);
            sys::trap();
        }
    }
    Outcome::Proceed
}
