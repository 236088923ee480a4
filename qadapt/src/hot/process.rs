//! The process's counters of events and violations.

use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::request::Request;
use crate::model::{Op, Tally};
use crate::sys;

/// Relaxed throughout: each figure stands for itself. Whoever joins a thread sees what it has counted.
static ALLOCS: AtomicU64 = AtomicU64::new(0);
static REALLOCS: AtomicU64 = AtomicU64::new(0);
static DEALLOCS: AtomicU64 = AtomicU64::new(0);
static FAILED: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);
static FREED_BYTES: AtomicU64 = AtomicU64::new(0);
static NET_REALLOC_BYTES: AtomicI64 = AtomicI64::new(0);
static VIOLATIONS: AtomicU64 = AtomicU64::new(0);
/// Of the violations those that are system calls.
static CALLS: AtomicU64 = AtomicU64::new(0);
/// Entries of regions whose threads' calls could not be watched, where that was asked for.
static UNWATCHED: AtomicU64 = AtomicU64::new(0);
/// Of the violations those that there was no room to record.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Adds one event.
pub(super) fn count(request: &Request, succeeded: bool) {
    if !succeeded {
        FAILED.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let (calls, asked, freed) = match request.op {
        Op::Alloc | Op::AllocZeroed => (&ALLOCS, request.size, 0),
        Op::Realloc => (&REALLOCS, request.size, request.old_size),
        Op::Dealloc => (&DEALLOCS, 0, request.size),
        Op::SystemCall => return,
    };
    calls.fetch_add(1, Ordering::Relaxed);
    BYTES.fetch_add(asked as u64, Ordering::Relaxed);
    FREED_BYTES.fetch_add(freed as u64, Ordering::Relaxed);
    if request.op == Op::Realloc {
        NET_REALLOC_BYTES.fetch_add(request.change(), Ordering::Relaxed);
    }
}

/// Adds a violation.
pub(super) fn count_violation() {
    VIOLATIONS.fetch_add(1, Ordering::Relaxed);
}

/// Adds a violation that is a system call: it was added as a violation too.
pub(super) fn count_call() {
    CALLS.fetch_add(1, Ordering::Relaxed);
}

/// Notes a region whose thread's calls are not watched.
pub(super) fn count_unwatched() {
    UNWATCHED.fetch_add(1, Ordering::Relaxed);
}

/// The violations that are system calls; `None` where some were not seen.
pub(crate) fn calls() -> Option<u64> {
    (UNWATCHED.load(Ordering::Relaxed) == 0 && !sys::calls::has_gaps()).then(|| CALLS.load(Ordering::Relaxed))
}

/// Adds violations that there was no room to record.
pub(super) fn lose(times: u64) {
    LOST.fetch_add(times, Ordering::Relaxed);
}

/// The violations of all threads since the process began, and how many of them were lost.
pub(crate) fn violations() -> (u64, u64) {
    (VIOLATIONS.load(Ordering::Relaxed), LOST.load(Ordering::Relaxed))
}

/// What was counted since the process began; no peak.
pub(crate) fn tally() -> Tally {
    let now = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
    Tally {
        allocs: now(&ALLOCS),
        reallocs: now(&REALLOCS),
        deallocs: now(&DEALLOCS),
        failed: now(&FAILED),
        bytes: now(&BYTES),
        freed_bytes: now(&FREED_BYTES),
        net_realloc_bytes: NET_REALLOC_BYTES.load(Ordering::Relaxed),
        ..Tally::NOTHING
    }
}
