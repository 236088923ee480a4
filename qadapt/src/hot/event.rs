//! What an event does on a watched thread.

use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering};

use super::capture::Captured;
use super::{announce, budget, counters, frame, inject, pending, record, trace, word};
use crate::model::{Mode, Op, Ops};

/// One call of an allocator method. Sizes and alignment are in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) op: Op,
    /// What is asked for; for a deallocation, what is given back.
    pub(crate) size: usize,
    /// The block's size before a reallocation; otherwise 0.
    pub(crate) old_size: usize,
    pub(crate) align: usize,
}

/// Why an event is a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A region disallows the operation.
    Disallowed,
    /// A budget has not enough left for it.
    OverBudget,
}

/// Whether the request goes on to the inner allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Proceed,
    /// The request gets no memory.
    Refuse,
}

impl Request {
    fn ops(&self) -> Ops {
        match self.op {
            Op::Alloc => Ops::ALLOC,
            Op::AllocZeroed => Ops::ZEROED,
            Op::Realloc if self.size > self.old_size => Ops::GROW,
            Op::Realloc => Ops::SHRINK,
            Op::Dealloc => Ops::DEALLOC,
        }
    }

    /// True if it asks for more memory than the program had.
    pub(super) fn grows(&self) -> bool {
        self.op != Op::Dealloc && self.size > self.old_size
    }
}

/// Before the inner allocator is called. `mark` lies on the stack of the allocator's method.
pub(super) fn before(request: &Request, mark: *const c_void) -> Outcome {
    let mut word = word::get();
    if word & word::UNLINKED != 0 {
        frame::link();
        word = word::get();
    }
    if word & word::PROBE != 0 {
        word::set(word & !word::PROBE);
        // It needs no memory, only an answer.
        return Outcome::Refuse;
    }
    if std::thread::panicking() {
        return Outcome::Proceed;
    }
    if word & word::RECORDING != 0 && word & word::BUSY == 0 {
        word::set(word | word::BUSY);
        record::push(request, &Captured::here(mark));
        word::set(word);
    }
    if !word::is_protected(word) {
        if word < 0 && trace::is_whole_program() {
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
    if word & word::INJECT != 0 && request.op != Op::Dealloc && inject::is_due() {
        return Outcome::Refuse;
    }
    Outcome::Proceed
}

/// After it: `succeeded` says whether there was memory.
pub(super) fn after(request: &Request, succeeded: bool) {
    let word = word::get();
    if word & word::COUNTING != 0 {
        counters::count(request, succeeded);
    }
    // What a panic asks for is not taken off the budget, as it is no violation either.
    if word & word::BUDGET != 0 && succeeded && !std::thread::panicking() {
        budget::take(request);
    }
    if word < 0 {
        trace::count(request, succeeded);
    }
}

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
    word::set(word);
}

fn violate(request: &Request, mark: *const c_void, cause: Cause, word: i64) -> Outcome {
    pending::add_violations(1);
    if let Some(trace) = trace::active() {
        // A traced run goes on whatever it violates, so that all of it is seen: every mode counts.
        witness(trace, request, mark, word);
        return Outcome::Proceed;
    }
    if word & word::BUSY != 0 {
        // A signal handler interrupted the lines below on this thread, and is protected.
        pending::push_lost(word::mode(word));
        return Outcome::Proceed;
    }
    word::set(word | word::BUSY);
    let outcome = act(request, mark, cause, word::mode(word));
    word::set(word);
    frame::update_attention();
    outcome
}

/// Refusals without a place in the table of stacks. Relaxed: nothing depends on its order.
static UNRECORDED: AtomicU64 = AtomicU64::new(0);

fn act(request: &Request, mark: *const c_void, cause: Cause, mode: Mode) -> Outcome {
    if mode == Mode::Count {
        return Outcome::Proceed;
    }
    let stack = Captured::here(mark);
    match mode {
        Mode::Count => {}
        Mode::Panic | Mode::Log => {
            pending::push(request, mode, cause, stack.record(request).map(|(slot, _)| slot));
        }
        Mode::Fail => {
            let recorded = stack.record(request);
            pending::push(request, mode, cause, recorded.map(|(slot, _)| slot));
            if request.op != Op::Dealloc {
                // Where the table of stacks is full, every refusal counts as one more of the same stack.
                let times = recorded
                    .map_or_else(|| UNRECORDED.fetch_add(1, Ordering::Relaxed) + 1, |(_, times)| times);
                if times == 1 {
                    announce::refusal(request, &stack);
                }
                return Outcome::Refuse;
            }
        }
        Mode::Abort => {
            announce::violation(request, &stack, b"; mode abort ends the process");
            std::process::abort();
        }
        Mode::Trap => {
            announce::violation(request, &stack, b"; mode trap raises SIGTRAP");
            trap();
        }
    }
    Outcome::Proceed
}

#[expect(unsafe_code, reason = "std cannot raise a signal")]
fn trap() {
    // SAFETY: `raise` takes any signal's number; what the signal does is the user's choice of mode.
    unsafe { libc::raise(libc::SIGTRAP) };
}
