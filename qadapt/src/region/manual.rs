//! Regions that are opened and closed by two calls.

use core::panic::Location;

use super::edge;
use crate::checks;
use crate::hot::end::{self, ByHand};
use crate::hot::{copies, open, word};
use crate::model::{Name, Place};

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
#[cfg_attr(not(qadapt_marks), inline)]
#[cfg_attr(qadapt_marks, inline(always))]
pub fn enter_protected() {
    if !checks::ON {
        // Only there: a call of whatever kind would keep the compiler from inlining this into other crates by itself.
        #[cfg(qadapt_marks)]
        crate::mark::extent();
        return;
    }
    let location = Location::caller();
    if !open::only_manual(location) {
        enter(location);
    }
}

/// The same where that is not the only record.
#[cold]
#[inline(never)]
fn enter(location: &'static Location<'static>) {
    if !open::newest_manual(location) {
        enter_wherever(location);
    }
}

#[inline(never)]
fn enter_wherever(location: &'static Location<'static>) {
    edge::touch_here(location);
    if open::manual(location).is_none() {
        edge::no_room(Place { name: Name::NONE, location, poll: 0 }, 0);
    }
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
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// # if !qadapt::is_active() { panic!("this build has no checks") }
/// qadapt::exit_protected(); // nothing to exit
/// ```
#[track_caller]
#[inline]
pub fn exit_protected() {
    if !checks::ON {
        return;
    }
    if !end::only_manual() {
        exit();
    }
}

/// The same where there is another record, or something to say.
#[cold]
#[inline(never)]
#[track_caller]
fn exit() {
    if !end::newest_manual() {
        exit_wherever();
    }
}

#[inline(never)]
#[track_caller]
fn exit_wherever() {
    match end::manual() {
        ByHand::Quietly => {}
        ByHand::Gone => panic!("{NO_ENTRY}"),
        ByHand::Ended(ended, place) => edge::close(ended, place.unwrap_or(Place::unnamed())).act(),
    }
}

const NO_ENTRY: &str = "qadapt: exit_protected() without a matching enter_protected() on this thread; \
    an entry outside the closure or attribute region around this call cannot be closed inside it";

/// The number of protected regions open on this thread; 0 inside a permit, and in a build without checks.
///
/// Plain regions (closures, attributes, [`enter_protected`]) count one each; open [policies](crate::Policy) count one
/// together, and so do the regions that other copies of QADAPT have opened, in plug-ins or in the program.
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
    if !checks::ON {
        return 0;
    }
    match copies::level() {
        // A permit of any copy's is one for all.
        Some(0) => 0,
        Some(level) => level.max(own_level()),
        None => own_level(),
    }
}

/// The same by this copy's own record.
pub(super) fn own_level() -> usize {
    end::look_for_moved();
    let word = word::get();
    word::levels(word) + usize::from(word & word::POLICY != 0)
}
