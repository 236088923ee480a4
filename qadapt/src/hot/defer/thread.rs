//! Whether this thread defers, and what it is asked meanwhile.

use core::cell::Cell;

use super::chain;
use crate::model::Amount;

/// Set while the thread asks its global allocator for blocks that wait. Below it is the number of open deferring regions.
const ASKS: usize = 1 << (usize::BITS - 1);

thread_local! {
    /// 0 where a deallocation has nothing to do but to free.
    static STATE: Cell<usize> = const { Cell::new(0) };
}

thread_local! {
    /// Whether the last deallocation may count as deferred.
    static SPARED: Cell<bool> = const { Cell::new(false) };
}

thread_local! {
    /// How much the thread asks for.
    static QUESTION: Cell<Amount> = const { Cell::new(Amount::NONE) };
}

thread_local! {
    static ANSWER: Cell<Option<Amount>> = const { Cell::new(None) };
}

/// The state; 0 where it cannot be had.
#[inline(always)]
pub(crate) fn state() -> usize {
    STATE.try_with(Cell::get).unwrap_or(0)
}

/// True if a deferring region is open on this thread.
#[inline(always)]
pub(crate) fn defers() -> bool {
    state() & !ASKS != 0
}

/// True while the thread asks for what waits.
#[inline(always)]
pub(super) fn asks() -> bool {
    state() & ASKS != 0
}

#[inline(always)]
fn set(state: usize) {
    let _ = STATE.try_with(|cell| cell.set(state));
}

/// A deferring region begins on this thread.
#[inline(always)]
pub(crate) fn enter() {
    set(state().wrapping_add(1));
}

/// A deferring region ends on this thread: with the last one, what waits goes where others find it.
#[inline(always)]
pub(crate) fn leave() {
    let left = state().wrapping_sub(1);
    set(left);
    if left & !ASKS == 0 {
        chain::hand_over();
    }
}

/// Asks the global allocator to give back what waits. `free` makes it free a block, which is when it sees the question.
/// `None` if no allocator answers.
pub(crate) fn ask(limit: Amount, free: impl FnOnce()) -> Option<Amount> {
    // What this thread's own regions have freed waits for others, too.
    chain::hand_over();
    let _ = QUESTION.try_with(|cell| cell.set(limit));
    let _ = ANSWER.try_with(|cell| cell.set(None));
    set(state() | ASKS);
    free();
    set(state() & !ASKS);
    ANSWER.try_with(Cell::take).unwrap_or(None)
}

/// The question, once.
pub(super) fn take_question() -> Option<Amount> {
    if !asks() {
        return None;
    }
    set(state() & !ASKS);
    QUESTION.try_with(Cell::get).ok()
}

/// Puts the question again, for an allocator further inside.
pub(super) fn pass_on() {
    set(state() | ASKS);
}

pub(super) fn answer(given: Amount) {
    let _ = ANSWER.try_with(|cell| cell.set(Some(given)));
}

/// The deallocation that the thread is in counts as deferred.
#[inline(always)]
pub(super) fn spare() {
    let _ = SPARED.try_with(|cell| cell.set(true));
}

/// Runs a deallocation. True if it counts as deferred.
#[inline(always)]
pub(in crate::hot) fn spares(free: impl FnOnce()) -> bool {
    let replace = |spared| SPARED.try_with(|cell| cell.replace(spared)).unwrap_or(false);
    // What a signal handler does in between leaves what it found.
    let before = replace(false);
    free();
    replace(before)
}
