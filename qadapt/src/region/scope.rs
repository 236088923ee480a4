//! Closure regions that change the word's flags: policies and permits.

use core::{mem, ptr};

use super::edge::{self, Due};
use crate::hot::frame::{self, Room};
use crate::hot::trace::chain::Opening;
use crate::hot::{budget, word};
use crate::model::{Place, RegionKind};

/// What a scope makes of the word.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// Protection is added: these flags.
    Add(i64),
    /// Protection is suspended, unless a region forbids that.
    Permit,
}

impl Change {
    /// True for flags whose outer value a frame must keep.
    const fn needs_frame(self) -> bool {
        match self {
            Self::Add(flags) => word::needs_attention(flags),
            Self::Permit => false,
        }
    }

    const fn apply(self, word: i64) -> i64 {
        match self {
            Self::Add(flags) => word | flags,
            Self::Permit if word & word::FORBID != 0 => word,
            Self::Permit => word & word::COUNTING,
        }
    }

    /// What it is in the trace.
    fn opening(self, word: i64) -> Opening {
        match self {
            Self::Add(flags) if flags & word::POLICY != 0 => Opening::Region(RegionKind::Policy),
            Self::Permit if word & word::FORBID == 0 => Opening::Permit,
            Self::Add(_) | Self::Permit => Opening::Nothing,
        }
    }
}

/// An open scope. Dropping it closes it and logs what is due: that is what an unwinding body does.
pub(super) struct Scope<'room> {
    outer: i64,
    room: &'room mut Room,
    place: Place,
}

impl<'room> Scope<'room> {
    #[inline(always)]
    pub(super) fn open(room: &'room mut Room, place: Place, change: Change) -> Self {
        let mut outer = word::get();
        if outer < 0 || change.needs_frame() {
            outer = opened(room, place, change);
        } else {
            word::set(change.apply(outer));
        }
        Self { outer, room, place }
    }

    #[inline(always)]
    #[track_caller]
    pub(super) fn close(self) {
        let scope = mem::ManuallyDrop::new(self);
        if word::get() < 0 {
            closed(scope.room, scope.outer, scope.place).act();
        } else {
            word::set(scope.outer);
        }
    }
}

impl Drop for Scope<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if word::get() < 0 {
            unwound(self.room, self.outer, self.place);
        } else {
            word::set(self.outer);
        }
    }
}

/// Opens a scope with a frame and returns the word before.
#[cold]
#[inline(never)]
fn opened(room: &mut Room, place: Place, change: Change) -> i64 {
    edge::touch(place);
    frame::push(room, place, change.opening(word::get()));
    let outer = word::get();
    let word = change.apply(outer);
    if word & word::BUDGET == 0 {
        // A permit suspends budgets too.
        budget::set_innermost(ptr::null());
    }
    word::set(word);
    frame::update_attention();
    outer
}

#[cold]
#[inline(never)]
fn closed(room: &Room, outer: i64, place: Place) -> Due {
    let start = frame::leave(room, Some(outer));
    edge::close(start, place)
}

#[cold]
#[inline(never)]
fn unwound(room: &Room, outer: i64, place: Place) {
    let start = frame::leave(room, Some(outer));
    edge::log(start, place);
}
