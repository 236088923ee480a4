//! The slow path of a region's two edges: linking the thread, frames, and what is pending when a region closes.

use std::panic::panic_any;

use crate::hot::frame::{self, Room};
use crate::hot::pending::Base;
use crate::hot::trace::chain::Opening;
use crate::hot::{pending, word};
use crate::model::{Place, RegionKind};
use crate::report::{closing, live};

/// A report that is owed as a panic; `None` where there is none, or it was logged.
#[must_use]
pub(super) struct Due(Option<String>);

impl Due {
    /// Panics at the caller's line if a panic is due.
    #[track_caller]
    pub(super) fn act(self) {
        if let Some(report) = self.0 {
            panic_any(report);
        }
    }
}

/// Links the thread if this is its first touch of the guard; where the user asked for the guard, says once if the
/// allocator is missing.
pub(super) fn touch(place: Place) {
    if word::get() & word::UNLINKED != 0 {
        frame::link();
        live::report_if_missing(place);
    }
}

/// After a plain region raised the level and found the word negative.
#[cold]
#[inline(never)]
pub(super) fn opened(room: &mut Room, place: Place) {
    touch(place);
    if word::get() & word::ATTENTION != 0 {
        frame::push(room, place, Opening::Region(RegionKind::Plain));
    }
}

/// After a plain region lowered the level and found the word negative.
#[cold]
#[inline(never)]
pub(super) fn closed(room: &Room, place: Place) -> Due {
    let outer = frame::leave(room, None);
    close(outer, place)
}

/// The same where the body unwinds: everything is logged.
#[cold]
#[inline(never)]
pub(super) fn unwound(room: &Room, place: Place) {
    let outer = frame::leave(room, None);
    log(outer, place);
}

/// Reports what a closed region has pending; the enclosing region's begins at `outer`.
pub(super) fn close(outer: Base, place: Place) -> Due {
    let report = closing::report(place);
    pending::set_start(outer);
    frame::update_attention();
    Due(report)
}

/// Reports what a manual region has pending: it shares its list with the region around it.
pub(super) fn exited(place: Place) -> Due {
    let report = closing::report(place);
    frame::update_attention();
    Due(report)
}

/// What [`close`] does, logging everything.
pub(super) fn log(outer: Base, place: Place) {
    closing::log(place);
    pending::set_start(outer);
    frame::update_attention();
}
