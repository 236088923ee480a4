//! Regions that are opened and closed by two calls.

use core::panic::Location;

use super::edge;
use crate::checks;
use crate::hot::trace::chain;
use crate::hot::{manual, word};
use crate::model::Place;

/// Opens a protected region on this thread, until [`exit_protected`] closes it.
///
/// Prefer [`assert_no_alloc`](crate::assert_no_alloc) or the attribute where the code is one block: they close the
/// region on every way out. Entries nest. An entry that a closure region contains and nobody closes ends with that
/// closure. In a build without checks it does nothing.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// qadapt::enter_protected();
/// let sum = 2 + 2;
/// qadapt::exit_protected();
/// assert_eq!((sum, qadapt::protection_level()), (4, 0));
/// ```
#[track_caller]
pub fn enter_protected() {
    if !checks::ON {
        return;
    }
    let location = Location::caller();
    edge::touch(Place { name: None, location });
    let word = word::get();
    let count = manual::count();
    // Saturates rather than spill into the flags; the matching exits then run out early, with their panic.
    if word & word::LEVELS == word::LEVELS || count == u32::MAX {
        return;
    }
    manual::remember(level_of(word), location);
    manual::replace(count + 1);
    chain::open_manual(Place { name: None, location });
    word::set((word + word::LEVEL) | word::ATTENTION);
}

/// Closes the region that the last [`enter_protected`] opened on this thread.
///
/// # Panics
/// At the caller's line, if no such region is open here: there was no entry, or it lies outside the closure region
/// in which this call stands. In mode [`Panic`](crate::Mode::Panic) also if the region touched the allocator. In a
/// build without checks it never panics.
///
/// # Examples
/// ```should_panic
/// # if cfg!(not(debug_assertions)) { panic!("no checks in release") }
/// qadapt::exit_protected(); // nothing to exit
/// ```
#[track_caller]
pub fn exit_protected() {
    if !checks::ON {
        return;
    }
    let count = manual::count();
    assert!(
        count > 0,
        "qadapt: exit_protected() without a matching enter_protected() on this thread; \
         an entry outside the closure or attribute region around this call cannot be closed inside it"
    );
    manual::replace(count - 1);
    chain::close_manual();
    let level = level_of(word::add(-word::LEVEL));
    let place = Place { name: None, location: manual::recall(level).unwrap_or(Location::caller()) };
    edge::exited(place).act();
}

/// The number of protected regions open on this thread; 0 inside a permit, and in a build without checks.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// assert_eq!(qadapt::protection_level(), 0);
/// let inside = qadapt::assert_no_alloc(qadapt::protection_level);
/// assert_eq!(inside, usize::from(qadapt::is_active()));
/// ```
#[must_use]
pub fn protection_level() -> usize {
    if checks::ON { level_of(word::get()) as usize } else { 0 }
}

#[expect(clippy::cast_sign_loss, reason = "the level is the word's low half")]
fn level_of(word: i64) -> u32 {
    (word & word::LEVELS) as u32
}
