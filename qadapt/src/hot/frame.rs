//! Frames: what a slow edge sets aside for the enclosing region.
//!
//! Entering a region costs one increment unless the word asks for attention. Only then does the region push a frame,
//! which lies on the stack of the function that runs the region. At the region's end the frame's own address tells
//! whether it was pushed: so the fast path need not write anything.

use core::cell::Cell;
use core::mem::MaybeUninit;
use core::ptr;

use super::pending::Base;
use super::{manual, pending, setting, word};
use crate::model::Place;

/// What a region set aside when it opened.
#[derive(Debug)]
pub(crate) struct Frame {
    outer: *const Frame,
    place: Place,
    manual: u32,
    base: Base,
}

/// Room for a frame in the function that runs a region; filled only by a slow entry.
pub(crate) type Room = MaybeUninit<Frame>;

thread_local! {
    static TOP: Cell<*const Frame> = const { Cell::new(ptr::null()) };
}

fn top() -> *const Frame {
    TOP.try_with(Cell::get).unwrap_or(ptr::null())
}

/// Pushes a frame: the manual count and what is pending are set aside, so that the region starts with neither.
pub(crate) fn push(room: &mut Room, place: Place) {
    let frame = room.write(Frame { outer: top(), place, manual: manual::replace(0), base: pending::end() });
    let _ = TOP.try_with(|cell| cell.set(frame));
}

/// Takes the frame off again, if the region pushed one, and restores what it set aside.
pub(crate) fn pop(room: &Room) {
    if !ptr::eq(top(), room.as_ptr()) {
        return;
    }
    with_top(|frame| {
        manual::replace(frame.manual);
        let _ = TOP.try_with(|cell| cell.set(frame.outer));
    });
}

/// What was pending when the region that owns `room` opened.
pub(crate) fn base_of(room: &Room) -> Base {
    if ptr::eq(top(), room.as_ptr()) { innermost_base() } else { Base::EMPTY }
}

/// What was pending when the innermost region with a frame opened.
pub(crate) fn innermost_base() -> Base {
    with_top(|frame| frame.base).unwrap_or(Base::EMPTY)
}

/// The place of the innermost region with a frame.
pub(crate) fn innermost_place() -> Option<Place> {
    with_top(|frame| frame.place)
}

#[expect(unsafe_code, reason = "frames lie on the stack of the functions that run regions")]
fn with_top<R>(read: impl FnOnce(&Frame) -> R) -> Option<R> {
    let top = top();
    // SAFETY: a pointer in `TOP` was set by `push` from a written frame; its room lives in the function that runs
    // the region, and that function pops it (also when it unwinds) before the room goes away. Only this thread can
    // see it, and nobody writes to a pushed frame.
    unsafe { top.as_ref() }.map(read)
}

/// Sets the word's attention bit if there is a reason for it, and clears it if not.
pub(crate) fn update_attention() {
    let reason = word::get() & word::UNLINKED != 0
        || manual::count() > 0
        || !top().is_null()
        || !pending::is_empty()
        || setting::default_mode().speaks_at_once();
    let word = word::get() & !word::ATTENTION;
    word::set(if reason { word | word::ATTENTION } else { word });
}

/// The thread's first touch of the guard: from here on its word speaks for itself.
pub(crate) fn link() {
    word::set(word::get() & !word::UNLINKED);
    update_attention();
}
