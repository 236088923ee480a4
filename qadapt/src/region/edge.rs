//! The slow path of a region's two edges: linking the thread, frames, and what is pending when a region closes.
//!
//! What a region calls here takes a place apart and gives nothing back: a whole [`Place`] in the arguments, or a
//! result, would be made room for in the region's own function and cost its fast path up to nine instructions.

use core::panic::Location;
use std::panic::panic_any;

use crate::hot::frame::{self, Room};
use crate::hot::pending::Base;
use crate::hot::trace::chain::Opening;
use crate::hot::{guards, pending, word};
use crate::model::{Place, RegionKind};
use crate::report::{closing, live, misuse};

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
pub(super) fn opened(room: &mut Room, name: Option<&'static str>, location: &'static Location<'static>) {
    let place = Place { name, location, poll: 0 };
    touch(place);
    if word::get() & word::ATTENTION != 0 {
        frame::push(room, place, Opening::Region(RegionKind::Plain));
    }
}

/// After a plain region lowered the level and found the word negative; panics at the caller's line if that is due.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn closed(
    room: &Room,
    name: Option<&'static str>,
    location: &'static Location<'static>,
    poll: u32,
) {
    let place = Place { name, location, poll };
    let outer = leave(room, None, place);
    close(outer, place).act();
}

/// The same where the body unwinds: everything is logged.
#[cold]
#[inline(never)]
pub(super) fn unwound(
    room: &Room,
    name: Option<&'static str>,
    location: &'static Location<'static>,
    poll: u32,
) {
    let place = Place { name, location, poll };
    let outer = leave(room, None, place);
    log(outer, place);
}

/// Leaves a closure region: what was opened by hand inside it ends, and a guard that did not is named.
pub(super) fn leave(room: &Room, word: Option<i64>, place: Place) -> Base {
    let left = guards::innermost().place;
    let outer = frame::leave(room, word);
    if let Some(left) = left {
        misuse::say(left, format_args!("was still open at the end of {place}, and ended there"));
    }
    outer
}

/// Reports what a closed region has pending; the enclosing region's begins at `outer`.
pub(super) fn close(outer: Base, place: Place) -> Due {
    let report = closing::report(place);
    pending::set_start(outer);
    frame::update_attention();
    Due(report)
}

/// What [`close`] does, logging everything.
pub(super) fn log(outer: Base, place: Place) {
    closing::log(place);
    pending::set_start(outer);
    frame::update_attention();
}
