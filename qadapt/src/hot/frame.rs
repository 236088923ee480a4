//! Frames: what a slow edge sets aside for the enclosing region.
//!
//! Entering a region costs one increment unless the word asks for attention. Only then does the region push a frame,
//! which lies on the stack of the function that runs the region. At the region's end the frame's own address tells
//! whether it was pushed: so the fast path need not write anything.

use core::cell::Cell;
use core::mem::MaybeUninit;
use core::ptr;

use super::guards::{self, Innermost};
use super::pending::Base;
use super::trace::chain::{Node, Opening};
use super::{budget, loans, manual, pending, setting, trace, word};
use crate::model::Place;

/// What a region set aside when it opened.
#[derive(Debug)]
pub(crate) struct Frame {
    outer: *const Frame,
    place: Place,
    manual: u32,
    guards: Innermost,
    budget: *const budget::Open,
    loans: loans::Head,
    /// Where the region's own violations begin.
    start: Base,
    /// Where the enclosing region's begin.
    outer_start: Base,
    /// The region in the trace.
    node: Node,
}

/// Room for a frame in the function that runs a region; filled only by a slow entry.
pub(crate) type Room = MaybeUninit<Frame>;

thread_local! {
    static TOP: Cell<*const Frame> = const { Cell::new(ptr::null()) };
}

fn top() -> *const Frame {
    TOP.try_with(Cell::get).unwrap_or(ptr::null())
}

/// Pushes a frame: manual regions, guards, loans and what is pending are set aside, so that the region starts without.
pub(crate) fn push(room: &mut Room, place: Place, opening: Opening) {
    let start = pending::end();
    let frame = room.write(Frame {
        outer: top(),
        place,
        manual: manual::set_count(0),
        guards: guards::set_aside(),
        budget: budget::innermost(),
        loans: loans::replace(loans::Head::NONE),
        start,
        outer_start: pending::set_start(start),
        node: Node::idle(),
    });
    frame.node.open(place, opening);
    let _ = TOP.try_with(|cell| cell.set(frame));
}

/// Ends what was opened by hand inside the region and left open, and restores what the region set aside, if it pushed
/// a frame; `outer` is the word before the region where that was kept. What is pending now is the region's own;
/// returns where the enclosing region's begins.
pub(crate) fn leave(room: &Room, outer: Option<i64>) -> Base {
    word::add(-word::LEVEL * i64::from(manual::end_all()));
    guards::end_all();
    let start = restore(room);
    if let Some(outer) = outer {
        word::set(outer);
    }
    start
}

/// Restores what the region set aside; returns where the enclosing region's violations begin.
fn restore(room: &Room) -> Base {
    if !ptr::eq(top(), room.as_ptr()) {
        // A fast entry found nothing pending, no budget open and nothing lent.
        budget::set_innermost(ptr::null());
        loans::replace(loans::Head::NONE);
        pending::set_start(Base::EMPTY);
        return Base::EMPTY;
    }
    with_top(|frame| {
        manual::set_count(frame.manual);
        guards::set(frame.guards);
        budget::set_innermost(frame.budget);
        loans::replace(frame.loans);
        pending::set_start(frame.start);
        frame.node.close();
        let _ = TOP.try_with(|cell| cell.set(frame.outer));
        frame.outer_start
    })
    .unwrap_or(Base::EMPTY)
}

/// Where the violations of the innermost region with a frame begin.
pub(crate) fn innermost_start() -> Base {
    with_top(|frame| frame.start).unwrap_or(Base::EMPTY)
}

/// True if a guard with this number can be open outside the innermost closure region.
pub(crate) fn encloses(guard: u64) -> bool {
    with_top(|frame| frame.guards.number >= guard).unwrap_or(false)
}

/// The place of the innermost region that left it.
pub(crate) fn innermost_place() -> Option<Place> {
    guards::innermost().place.or_else(|| with_top(|frame| frame.place))
}

#[expect(unsafe_code, reason = "frames lie on the stack of the functions that run regions")]
fn with_top<R>(read: impl FnOnce(&Frame) -> R) -> Option<R> {
    let top = top();
    // SAFETY: a pointer in `TOP` was set by `push` from a written frame; its room lives in the function that runs
    // the region, and that function leaves it (also when it unwinds) before the room goes away. Only this thread can
    // see it, and nobody writes to a pushed frame.
    unsafe { top.as_ref() }.map(read)
}

/// Sets the word's attention bit if there is a reason for it, and clears it if not.
pub(crate) fn update_attention() {
    guards::catch_up();
    let word = word::get() & !word::ATTENTION;
    let reason = word::needs_attention(word)
        || setting::default_mode().speaks_at_once()
        || manual::count() > 0
        || guards::innermost().number > 0
        || !top().is_null()
        || trace::is_on()
        || !loans::innermost().is_empty()
        || !pending::is_empty();
    word::set(if reason { word | word::ATTENTION } else { word });
}

/// The thread's first touch of the guard: from here on its word speaks for itself.
pub(crate) fn link() {
    word::set(word::get() & !word::UNLINKED);
    update_attention();
}
