//! The regions opened by guards on this thread and not yet closed.
//!
//! Guards can be dropped in any order. Each has a number that only goes up, so that a guard can tell at its end
//! whether it is the innermost one, or an inner guard is still open, or an outer guard has already ended it.

use core::cell::Cell;

use super::budget::{self, Open};
use super::pending::{self, Base};
use super::trace::chain::Node;
use super::{inject, word};
use crate::model::Place;

/// What a guard changed when it opened its region, and its end restores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restore {
    pub(crate) number: u64,
    pub(crate) outer: Innermost,
    /// What policies had set in the word.
    pub(crate) policy: i64,
    /// The innermost budget.
    pub(crate) budget: *const Open,
    /// Where the enclosing region's violations begin.
    pub(crate) start: Base,
    /// The region in the trace; null where none is written.
    pub(crate) node: *const Node,
}

/// The innermost open guard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Innermost {
    /// Its number; 0 where none is open.
    pub(crate) number: u64,
    pub(crate) place: Option<Place>,
    /// What policies had set in the word before the first of the open guards.
    policy: i64,
    /// The countdown to a refusal before the first of them that has one.
    countdown: Option<u64>,
}

impl Innermost {
    const NONE: Self = Self { number: 0, place: None, policy: 0, countdown: None };
}

thread_local! {
    static INNERMOST: Cell<Innermost> = const { Cell::new(Innermost::NONE) };
    static NUMBERS: Cell<u64> = const { Cell::new(0) };
    static POSTPONED: Cell<Option<Restore>> = const { Cell::new(None) };
}

pub(crate) fn innermost() -> Innermost {
    INNERMOST.try_with(Cell::get).unwrap_or(Innermost::NONE)
}

/// Makes a new guard the innermost one and returns its number. `countdown` is the one that it replaces, if it has one.
pub(crate) fn open(place: Place, countdown: Option<u64>) -> u64 {
    let number = NUMBERS
        .try_with(|cell| {
            cell.set(cell.get() + 1);
            cell.get()
        })
        .unwrap_or(0);
    let outer = innermost();
    let policy = if outer.number == 0 { word::get() & word::POLICY } else { outer.policy };
    let countdown = outer.countdown.or(countdown);
    set(Innermost { number, place: Some(place), policy, countdown });
    number
}

pub(crate) fn set(innermost: Innermost) {
    let _ = INNERMOST.try_with(|cell| cell.set(innermost));
}

/// A closure region opens: guards outside it are not its own.
pub(super) fn set_aside() -> Innermost {
    let outer = innermost();
    set(Innermost::NONE);
    outer
}

/// A closure region closes: guards that it left open end with it.
pub(super) fn end_all() {
    let left = innermost();
    if left.number > 0 {
        word::set(word::get() & !word::POLICY | left.policy);
        if let Some(countdown) = left.countdown {
            inject::replace(countdown);
        }
        set(Innermost::NONE);
    }
}

/// Ends a guard's region in the word, the chain of guards and the chain of budgets.
#[expect(unsafe_code, reason = "the guard holds its node")]
pub(crate) fn restore(guard: &Restore) {
    // SAFETY: null, or the guard's node: it lies in a box that the guard holds and drops after this, or has forgotten.
    if let Some(node) = unsafe { guard.node.as_ref() } {
        node.close();
    }
    word::set(word::get() & !word::POLICY | guard.policy);
    set(guard.outer);
    budget::set_innermost(guard.budget);
}

/// Keeps the end of a guard for the end of the closure region into which it was moved. Of several the outermost
/// counts: its end is the others' too.
pub(crate) fn postpone(guard: Restore) {
    let _ = POSTPONED.try_with(|cell| {
        if cell.get().is_none_or(|kept| kept.number > guard.number) {
            cell.set(Some(guard));
        }
    });
}

/// Ends the guard whose end was postponed, if it belongs to the region that is innermost now.
pub(super) fn catch_up() {
    let _ = POSTPONED.try_with(|cell| {
        if let Some(guard) = cell.get().filter(|guard| innermost().number >= guard.number) {
            cell.set(None);
            restore(&guard);
            pending::set_start(guard.start);
        }
    });
}
