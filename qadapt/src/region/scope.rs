//! Closure regions that change the word's flags: policies and permits.
//!
//! On the fast path a scope keeps the word from before. If the word is at the end what the scope made of it, nothing but the
//! scope is left of what was opened since, and taking it off gives the word from before; else the slow path works out what is
//! left. A scope with a record keeps that one's serial instead.

use core::mem;
use core::panic::Location;

use super::edge;
use super::policy::Policy;
use super::polled::{Polled, Source};
use crate::hot::end::{self, Ended};
use crate::hot::open::{self, Rules};
use crate::hot::record::{Kind, Serial};
use crate::hot::spending::Used;
use crate::hot::trace::regions::Opening;
use crate::hot::word;
use crate::model::{Name, Place, RegionKind};
use crate::sys;

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

/// What a region that sets these flags is in the trace.
pub(super) const fn opening(flags: i64, kind: RegionKind) -> Opening {
    if flags & word::POLICY == 0 { Opening::Nothing } else { Opening::Region(kind) }
}

/// An open policy. Dropping it closes it and logs what is due: that is what an unwinding body does.
pub(super) struct Scope<'a> {
    before: Before,
    flags: i64,
    source: Source<'a>,
}

impl<'a> Scope<'a> {
    #[inline(always)]
    pub(super) fn open(source: Source<'a>, policy: &Policy, warms_up: bool, used: Option<&Used>) -> Self {
        let flags = policy.flags();
        let word = word::get();
        let lends = !source.loans().is_empty();
        if word < 0 || word::needs_record(flags) || lends {
            let before = match &source {
                Source::Closure(place) => opened(place.name, place.location, policy, warms_up),
                Source::Future(polled) => resumed(polled, policy, used),
            };
            return Self { before, flags, source };
        }
        word::set(word | flags);
        word::settle();
        Self { before: Before(word), flags, source }
    }

    /// Opens a region that disallows system calls and nothing else, in the process's mode. On the fast path, where this thread's
    /// calls are watched already, it has no record.
    #[inline(always)]
    pub(super) fn open_no_blocking(source: Source<'a>) -> Self {
        const POLICY: Policy = Policy::no_blocking();
        let flags = const { POLICY.flags() };
        let word = word::get();
        if !word::is_free(word) || !source.loans().is_empty() || !sys::calls::is_watched() {
            return Self::open(source, &POLICY, false, None);
        }
        word::set(word | flags);
        Self { before: Before(word), flags, source }
    }

    /// The record's serial; `None` on the fast path.
    #[inline(always)]
    pub(super) const fn serial(&self) -> Option<Serial> {
        self.before.serial()
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
            Source::Future(polled) => paused(before.0, *flags, polled),
        }
    }

    #[inline(always)]
    fn is_all_that_is_left(&self) -> bool {
        word::settle();
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
            Source::Future(polled) => unwound_poll(self.before.0, self.flags, polled),
        }
    }
}

/// Opens a policy on the slow path: with a record, unless the thread was only to be linked.
#[cold]
#[inline(never)]
fn opened(name: Name, location: &'static Location<'static>, policy: &Policy, warms_up: bool) -> Before {
    open_slowly(Place { name, location, poll: 0 }, &policy.rules(warms_up, None), false)
}

/// The same, at the beginning of a poll.
#[cold]
#[inline(never)]
fn resumed(polled: &Polled, policy: &Policy, used: Option<&Used>) -> Before {
    let place = Place { name: polled.name(), location: polled.location(), poll: 0 };
    open_slowly(place, &policy.rules(false, used), !polled.loans().is_empty())
}

fn open_slowly(place: Place, rules: &Rules, lends: bool) -> Before {
    edge::touch(place);
    edge::watch_calls(rules.flags, place);
    let word = word::get();
    if word >= 0 && !word::needs_record(rules.flags) && !lends {
        word::set(word | rules.flags);
        return Before(word);
    }
    let opening = opening(rules.flags, RegionKind::Policy);
    let serial = open::ruled(Kind::Policy, place, rules, opening);
    if serial.is_none() {
        edge::no_room(place, rules.flags);
    }
    Before::of(serial)
}

/// What is to be said of a scope that ended.
fn end(before: i64, flags: i64) -> Option<Ended> {
    match Before(before).serial() {
        Some(serial) => end::record(serial),
        None => Some(end::policy(before, flags)),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn closed(before: i64, flags: i64, name: Name, location: &'static Location<'static>) {
    if let Some(ended) = end(before, flags) {
        edge::close(ended, Place { name, location, poll: 0 }).act();
    }
}

#[cold]
#[inline(never)]
fn unwound(before: i64, flags: i64, name: Name, location: &'static Location<'static>) {
    if let Some(ended) = end(before, flags) {
        edge::log(ended, Place { name, location, poll: 0 });
    }
}

/// At the end of a poll.
#[cold]
#[inline(never)]
#[track_caller]
fn paused(before: i64, flags: i64, polled: &mut Polled) {
    edge::pause(end(before, flags), polled).act();
}

#[cold]
#[inline(never)]
fn unwound_poll(before: i64, flags: i64, polled: &mut Polled) {
    edge::pause_logging(end(before, flags), polled);
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
        word::set(word & word::SAMPLED);
        word::settle();
        Self { before: Before(word), location }
    }
}

impl Drop for Permit {
    #[inline(always)]
    fn drop(&mut self) {
        word::settle();
        if self.before.0 >= 0 {
            word::end_permit();
            if word::get() == self.before.0 & word::SAMPLED {
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
    let place = Place { name: Name::NONE, location, poll: 0 };
    edge::touch(place);
    let word = word::get();
    if word >= 0 {
        word::permit();
        word::set(word & word::SAMPLED);
        return Before(word);
    }
    Before::of(open::permit())
}

/// The end of a permit, on every way out.
#[cold]
#[inline(never)]
fn permitted(before: i64, location: &'static Location<'static>) {
    let ended = match Before(before).serial() {
        Some(serial) => end::record_slowly(serial),
        None => end::permit(before),
    };
    // One that a region forbids was none: what is pending stays with that region.
    let place = Place { name: Name::NONE, location, poll: 0 };
    if ended.is_void { edge::leave_pending(ended) } else { edge::log_permit(ended, place) }
}
