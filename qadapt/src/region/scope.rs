//! Closure regions that change the word's flags: policies and permits.
//!
//! On the fast path a scope keeps the word from before. If the word is at the end what the scope made of it, nothing but the
//! scope is left of what was opened since, and taking it off gives the word from before; else the slow path works out what is
//! left. A scope with a record keeps that one's serial instead.

use core::mem;
use core::panic::Location;

use super::edge;
use super::polled::Source;
use crate::hot::open::{self, Ended};
use crate::hot::record::{Kind, Serial};
use crate::hot::spending::Caps;
use crate::hot::table::New;
use crate::hot::trace::chain::Opening;
use crate::hot::word;
use crate::model::{Place, RegionKind};

/// What a scope keeps: the word from before, which is not negative; or a serial, with the sign bit, and without the next
/// one, which every negative word has.
#[derive(Clone, Copy)]
struct Before(i64);

impl Before {
    #[expect(clippy::cast_possible_wrap, reason = "a serial has less than 62 bits")]
    const fn of(serial: Serial) -> Self {
        Self(i64::MIN | serial.number() as i64)
    }

    /// The serial, for a scope that has a record.
    #[expect(clippy::cast_sign_loss, reason = "without the sign")]
    const fn serial(self) -> Option<Serial> {
        if self.0 < 0 { Some(Serial::numbered((self.0 & i64::MAX) as u64)) } else { None }
    }
}

/// What a policy sets, and what it needs a record for.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// In the word.
    pub(super) flags: i64,
    pub(super) caps: Caps,
    /// Requests until one is refused; 0 for none.
    pub(super) countdown: u64,
    /// What earlier polls have lent needs a record.
    pub(super) lends: bool,
}

impl Rules {
    /// The record of a region under these rules.
    #[expect(clippy::cast_possible_wrap, reason = "nobody makes so many requests")]
    pub(super) const fn record(&self, kind: Kind, place: Place) -> New {
        New {
            flags: self.flags,
            caps: self.caps,
            figure: self.countdown as i64,
            ..New::of(kind, Some(place))
        }
    }

    /// What the region is in the trace.
    pub(super) const fn opening(&self, kind: RegionKind) -> Opening {
        if self.flags & word::POLICY == 0 { Opening::Nothing } else { Opening::Region(kind) }
    }
}

/// An open policy. Dropping it closes it and logs what is due: that is what an unwinding body does.
pub(super) struct Scope<'a> {
    before: Before,
    flags: i64,
    source: Source<'a>,
}

impl<'a> Scope<'a> {
    #[inline(always)]
    pub(super) fn open(source: Source<'a>, rules: &Rules) -> Self {
        let flags = rules.flags;
        let word = word::get();
        if word < 0 || word::needs_record(flags) || rules.lends {
            let before = opened(source.name(), source.location(), rules);
            return Self { before, flags, source };
        }
        word::set(word | flags);
        Self { before: Before(word), flags, source }
    }

    #[inline(always)]
    #[track_caller]
    pub(super) fn close(self) {
        let mut scope = mem::ManuallyDrop::new(self);
        if scope.is_all_that_is_left() {
            word::set(scope.before.0);
            return;
        }
        let Self { before, flags, source } = &mut *scope;
        match source {
            Source::Closure(place) => closed(before.0, *flags, place.name, place.location),
            Source::Future(polled) => edge::pause(end(before.0, *flags), polled).act(),
        }
    }

    #[inline(always)]
    fn is_all_that_is_left(&self) -> bool {
        word::get() == self.before.0 | self.flags
    }
}

impl Drop for Scope<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.is_all_that_is_left() {
            word::set(self.before.0);
            return;
        }
        match &mut self.source {
            Source::Closure(place) => unwound(self.before.0, self.flags, place.name, place.location),
            Source::Future(polled) => edge::pause_logging(end(self.before.0, self.flags), polled),
        }
    }
}

/// Opens a policy on the slow path: with a record, unless the thread was only to be linked.
#[cold]
#[inline(never)]
fn opened(name: Option<&'static str>, location: &'static Location<'static>, rules: &Rules) -> Before {
    let place = Place { name, location, poll: 0 };
    edge::touch(place);
    let word = word::get();
    if word >= 0 && !word::needs_record(rules.flags) && !rules.lends {
        word::set(word | rules.flags);
        return Before(word);
    }
    let serial = open::push_as(&rules.record(Kind::Policy, place), rules.opening(RegionKind::Policy));
    if serial.is_none() {
        edge::no_room(place);
    }
    Before::of(serial)
}

fn end(before: i64, flags: i64) -> Ended {
    match Before(before).serial() {
        Some(serial) => open::end(serial),
        None => open::end_policy(before, flags),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn closed(before: i64, flags: i64, name: Option<&'static str>, location: &'static Location<'static>) {
    edge::close(end(before, flags), Place { name, location, poll: 0 }).act();
}

#[cold]
#[inline(never)]
fn unwound(before: i64, flags: i64, name: Option<&'static str>, location: &'static Location<'static>) {
    edge::log(end(before, flags), Place { name, location, poll: 0 });
}

/// An open permit. It closes when it is dropped.
pub(super) struct Permit {
    before: Before,
    location: &'static Location<'static>,
}

impl Permit {
    #[inline(always)]
    pub(super) fn open(place: Place) -> Self {
        let location = place.location;
        let word = word::get();
        if word < 0 {
            return Self { before: opened_permit(location), location };
        }
        // Without a record nothing is open but what a permit hides.
        word::permit();
        word::set(0);
        Self { before: Before(word), location }
    }
}

impl Drop for Permit {
    #[inline(always)]
    fn drop(&mut self) {
        if self.before.0 >= 0 {
            word::end_permit();
            if word::get() == 0 {
                word::set(self.before.0);
                return;
            }
        }
        permitted(self.before.0, self.location);
    }
}

#[cold]
#[inline(never)]
fn opened_permit(location: &'static Location<'static>) -> Before {
    let place = Place { name: None, location, poll: 0 };
    edge::touch(place);
    let word = word::get();
    if word >= 0 {
        word::permit();
        word::set(0);
        return Before(word);
    }
    Before::of(open::push(&New::of(Kind::Permit, Some(place))))
}

/// The end of a permit, on every way out.
#[cold]
#[inline(never)]
fn permitted(before: i64, location: &'static Location<'static>) {
    let ended = match Before(before).serial() {
        Some(serial) => open::end(serial),
        None => open::end_permit(before),
    };
    // One that a region forbids was none: what is pending stays with that region.
    let place = Place { name: None, location, poll: 0 };
    if ended.is_void { edge::leave_pending(ended) } else { edge::log(ended, place) }
}
