//! The slow path of a region's two edges: linking the thread, frames, and what is pending when a region closes.

use std::panic::panic_any;

use crate::hot::frame::{self, Room};
use crate::hot::pending::Base;
use crate::hot::{manual, word};
use crate::model::Place;
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

/// After a region raised the level and found the word negative.
#[cold]
#[inline(never)]
pub(super) fn opened(room: &mut Room, place: Place) {
    touch(place);
    if word::get() & word::ATTENTION != 0 {
        frame::push(room, place);
    }
}

/// After a region lowered the level and found the word negative.
#[cold]
#[inline(never)]
pub(super) fn closed(room: &Room, place: Place) -> Due {
    close(leave(room), place)
}

/// The same where the body unwinds: everything is logged.
#[cold]
#[inline(never)]
pub(super) fn unwound(room: &Room, place: Place) {
    let base = leave(room);
    closing::log(base, place);
    frame::update_attention();
}

/// Reports what has become pending since `base`; the region is closed already.
pub(super) fn close(base: Base, place: Place) -> Due {
    let report = closing::report(base, place);
    frame::update_attention();
    Due(report)
}

/// Puts back what the region set aside, and returns where its own violations begin.
fn leave(room: &Room) -> Base {
    // What `enter_protected` opened inside the region and nobody closed ends with the region.
    word::add(-word::LEVEL * i64::from(manual::replace(0)));
    let base = frame::base_of(room);
    frame::pop(room);
    base
}
