//! Closure regions that change the word's flags: policies and permits.

use core::panic::Location;
use core::{mem, ptr};

use super::edge;
use super::polled::Source;
use crate::hot::frame::{self, Room};
use crate::hot::trace::chain::Opening;
use crate::hot::{budget, pending, word};
use crate::model::{Name, Place, RegionKind};

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
            Self::Permit if word & word::FORBID != 0 => word,
            change => change.apply_unforbidden(word),
        }
    }

    /// The same for a word that forbids nothing, as one without [`word::ATTENTION`] does.
    const fn apply_unforbidden(self, word: i64) -> i64 {
        match self {
            Self::Add(flags) => word | flags,
            Self::Permit => word & (word::COUNTING | word::RECORDING),
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

/// An open scope, of a permit or of a policy. Which of them is part of the type: a field more to write would cost the fast
/// path ten instructions. Dropping it closes it and logs what is due: that is what an unwinding body does.
pub(super) struct Scope<'a, const IS_PERMIT: bool> {
    outer: i64,
    room: &'a mut Room,
    source: Source<'a>,
}

impl<'a, const IS_PERMIT: bool> Scope<'a, IS_PERMIT> {
    #[inline(always)]
    pub(super) fn open(room: &'a mut Room, source: Source<'a>, change: Change) -> Self {
        let mut outer = word::get();
        if outer < 0 || change.needs_frame() {
            outer = opened(room, source.name(), source.location(), change);
        } else {
            word::set(change.apply_unforbidden(outer));
        }
        Self { outer, room, source }
    }

    #[inline(always)]
    #[track_caller]
    pub(super) fn close(self) {
        let mut scope = mem::ManuallyDrop::new(self);
        if word::get() < 0 {
            let Self { outer, room, source, .. } = &mut *scope;
            match source {
                Source::Closure(place) => closed(room, *outer, place.name, place.location),
                Source::Future(polled) => edge::paused(room, Some(*outer), polled),
            }
        } else {
            word::set(scope.outer);
        }
    }
}

impl<const IS_PERMIT: bool> Drop for Scope<'_, IS_PERMIT> {
    #[inline(always)]
    fn drop(&mut self) {
        if word::get() >= 0 {
            word::set(self.outer);
        } else if IS_PERMIT {
            permitted(self.room, self.outer, self.source.location());
        } else {
            match &mut self.source {
                Source::Closure(place) => unwound(self.room, self.outer, place.name, place.location),
                Source::Future(polled) => edge::unwound_poll(self.room, Some(self.outer), polled),
            }
        }
    }
}

/// Opens a scope with a frame and returns the word before.
#[cold]
#[inline(never)]
fn opened(room: &mut Room, name: Name, location: &'static Location<'static>, change: Change) -> i64 {
    let place = Place { name, location, poll: 0 };
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
#[track_caller]
fn closed(room: &Room, outer: i64, name: Name, location: &'static Location<'static>) {
    let place = Place { name, location, poll: 0 };
    let start = edge::leave(room, Some(outer), place);
    edge::close(start, place).act();
}

#[cold]
#[inline(never)]
fn unwound(room: &Room, outer: i64, name: Name, location: &'static Location<'static>) {
    let place = Place { name, location, poll: 0 };
    let start = edge::leave(room, Some(outer), place);
    edge::log(start, place);
}

/// The end of a permit, on every way out. One that a region forbids was none: what is pending stays with that region.
#[cold]
#[inline(never)]
fn permitted(room: &Room, outer: i64, location: &'static Location<'static>) {
    let place = Place { name: Name::NONE, location, poll: 0 };
    let start = edge::leave(room, Some(outer), place);
    if outer & word::FORBID == 0 {
        edge::log(start, place);
    } else {
        pending::set_start(start);
        frame::update_attention();
    }
}
