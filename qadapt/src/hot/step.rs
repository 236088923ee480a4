//! Steps from one state of what is open on a thread to the next.
//!
//! A step begins by telling signal handlers that it is under way ([`word::QUIET`]), changes the table or the base below it,
//! and finishes with the word that follows. Between the two the word has [`word::ATTENTION`], so that every edge of a handler
//! is a step of its own, which leaves that as it is.

#[cfg(feature = "profile")]
use super::profile::countdown;
use super::table::{self, Table, step};
use super::word;

/// What a fast edge did to the word before it found that it has to be slow.
#[derive(Clone, Copy)]
pub(super) enum Done {
    Nothing,
    Raised,
    Lowered,
}

/// What a step interrupted: nothing, or another step, an allocator, a list that is being changed.
#[derive(Clone, Copy)]
pub(super) struct Outer(i64);

impl Outer {
    /// What of it the word has still to say afterwards; own work says it by its record.
    #[inline(always)]
    pub(super) const fn state(self) -> i64 {
        self.0 & (word::QUIET | word::BUSY)
    }

    /// True if nothing may be said here.
    pub(super) const fn is_interrupted(self) -> bool {
        self.0 != 0
    }
}

/// Sets the word's state, and takes from the word what only it has: the base, where there is no record.
#[inline(always)]
pub(super) fn begin(table: &Table, done: Done) -> Outer {
    let now = word::get();
    let outer = Outer(now & (word::QUIET | word::BUSY | word::SILENT));
    if table.len() > 0 {
        // A step is under way: a signal handler may find the newest record free.
        let open = if matches!(done, Done::Nothing) { now } else { table.word() };
        word::set(open | word::ATTENTION | word::QUIET | outer.state());
        step();
        return outer;
    }
    begin_idle(table, done)
}

/// The same where no record is open.
#[inline(always)]
fn begin_idle(table: &Table, done: Done) -> Outer {
    let now = word::get();
    if now & word::UNLINKED != 0 {
        table.begin_serials();
        table.notice();
    }
    let outer = Outer(now & (word::QUIET | word::BUSY | word::SILENT));
    let base = match done {
        Done::Nothing => now,
        Done::Raised => now.wrapping_sub(word::LEVEL),
        Done::Lowered => now.wrapping_add(word::LEVEL),
    };
    let base = base & !word::STATE | at_first_touch(now);
    word::set(base | word::ATTENTION | word::QUIET | outer.state());
    step();
    table.take_base(base);
    step();
    outer
}

/// What the word of a thread says from its first touch on, besides what is open: `now` is the word.
#[inline(always)]
fn at_first_touch(now: i64) -> i64 {
    #[cfg(feature = "profile")]
    if now & word::UNLINKED != 0 && countdown::is_on() {
        return word::SAMPLED;
    }
    let _ = now;
    0
}

/// Sets the word where a record is open: `word` is what the newest says.
#[inline(always)]
pub(super) fn finish_under(word: i64, outer: Outer) {
    step();
    word::set(word | word::ATTENTION | outer.state());
}

/// Sets the word that follows.
#[inline(always)]
pub(super) fn finish(table: &Table, outer: Outer) {
    step();
    if table.len() > 0 {
        return finish_under(table.word(), outer);
    }
    finish_idle(table, outer);
}

/// Sets the word where no record is open.
#[inline(always)]
pub(super) fn finish_idle(table: &Table, outer: Outer) {
    let base = table.base();
    if outer.is_interrupted() {
        word::set(base | word::ATTENTION | outer.state());
        return;
    }
    word::set(base);
    step();
    // Looked at last: what a signal handler left until now is seen.
    if is_asked_for(table) {
        word::set(word::get() | word::ATTENTION);
    }
}

/// True if edges must be slow, whatever is open.
#[inline(always)]
pub(super) fn is_asked_for(table: &Table) -> bool {
    table.asks()
}

/// Runs one step. Returns what it returns, and tells it what it interrupted.
#[inline(always)]
pub(super) fn run<R>(table: &Table, done: Done, act: impl FnOnce(Outer) -> R) -> R {
    let outer = begin(table, done);
    let result = act(outer);
    finish(table, outer);
    result
}

/// True until the thread's first touch of the guard. In own work the bit is the probe's.
pub(crate) fn is_unlinked() -> bool {
    word::get() & (word::UNLINKED | word::OWN_WORK) == word::UNLINKED
}

/// The thread's first touch of the guard: from here on its word speaks for itself.
#[cold]
#[inline(never)]
pub(crate) fn link() {
    // An allocator around the guard must not lose the probe's bit.
    if is_unlinked() {
        look_again();
    }
}

/// What was done on a thread since it was unlinked was no touch of the guard, unless something is left open.
#[cold]
pub(super) fn unlink() {
    if table::is_idle() {
        word::set(word::get() | word::UNLINKED | word::ATTENTION);
    }
}

/// Says whether what this thread allocates is sampled: nothing else may be in its word.
#[cfg(feature = "profile")]
pub(super) fn set_sampled(is_sampled: bool) {
    let _ = table::with(|table| {
        run(table, Done::Nothing, |_| {
            let base = table.base() & !word::SAMPLED;
            table.set_base(if is_sampled { base | word::SAMPLED } else { base });
        });
    });
}

/// Looks again for reasons to take the slow path. On a thread that nothing has touched the first touch does.
pub(crate) fn refresh() {
    if !is_unlinked() {
        look_again();
    }
}

fn look_again() {
    let _ = table::with(|table| {
        run(table, Done::Nothing, |outer| {
            table.notice();
            if !outer.is_interrupted() {
                table.shrink();
            }
        });
    });
}
