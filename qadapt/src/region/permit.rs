//! Permits: exemptions inside a region.

use super::edge;
use crate::checks;
use crate::hot::frame::{self, Room};
use crate::hot::word;
use crate::model::Place;

/// Runs a closure that may touch the allocator, inside a protected region.
///
/// The regions around it are suspended on this thread until the closure returns or unwinds. A region opened inside
/// the closure protects again. Outside of any region it just calls the closure.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let line = qadapt::assert_no_alloc(|| {
///     // .. work that must not allocate ..
///     qadapt::permit_alloc(|| format!("{} frames late", 3))
/// });
/// assert_eq!(line, "3 frames late");
/// # qadapt::permit_alloc(|| drop(line));
/// ```
#[inline(always)]
#[track_caller]
pub fn permit_alloc<R>(body: impl FnOnce() -> R) -> R {
    if !checks::ON {
        return body();
    }
    let mut room = Room::uninit();
    let _permit = Permit::open(&mut room);
    body()
}

/// An open permit; dropping it restores the regions around it.
struct Permit<'room> {
    suspended: i64,
    room: &'room mut Room,
}

impl<'room> Permit<'room> {
    #[inline(always)]
    #[track_caller]
    fn open(room: &'room mut Room) -> Self {
        let suspended = word::get();
        if suspended < 0 {
            opened(room, Place::unnamed());
        } else {
            word::set(suspended & word::COUNTING);
        }
        Self { suspended, room }
    }
}

impl Drop for Permit<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if word::get() < 0 || self.suspended < 0 {
            closed(self.room, self.suspended);
        } else {
            word::set(self.suspended);
        }
    }
}

#[cold]
#[inline(never)]
fn opened(room: &mut Room, place: Place) {
    edge::touch(place);
    let word = word::get();
    if word & word::ATTENTION != 0 {
        frame::push(room, place);
    }
    word::set(word & (word::COUNTING | word::ATTENTION));
}

/// The word or the suspended one was negative.
#[cold]
#[inline(never)]
fn closed(room: &Room, suspended: i64) {
    // What `enter_protected` opened inside the permit and nobody closed ends with the permit.
    crate::hot::manual::replace(0);
    frame::pop(room);
    word::set(suspended & !word::UNLINKED);
    frame::update_attention();
}
