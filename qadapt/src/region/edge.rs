//! The slow path of a region's two edges: linking the thread, frames, and what is pending when a region closes.
//!
//! What a region calls here takes a place apart and gives nothing back: a whole [`Place`] in the arguments, or a
//! result, would be made room for in the region's own function and cost its fast path up to nine instructions.

use core::panic::Location;
use std::panic::panic_any;

use super::lending;
use super::polled::Polled;
use crate::hot::frame::{self, Room};
use crate::hot::loans::{self, Head};
use crate::hot::pending::Base;
use crate::hot::trace::chain::Opening;
use crate::hot::{guards, pending, word};
use crate::model::{Name, Place, RegionKind};
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
pub(super) fn opened(room: &mut Room, name: Name, location: &'static Location<'static>) {
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
pub(super) fn closed(room: &Room, name: Name, location: &'static Location<'static>) {
    let place = Place { name, location, poll: 0 };
    let outer = leave(room, None, place);
    close(outer, place).act();
}

/// The same where the body unwinds: everything is logged.
#[cold]
#[inline(never)]
pub(super) fn unwound(room: &Room, name: Name, location: &'static Location<'static>) {
    let place = Place { name, location, poll: 0 };
    let outer = leave(room, None, place);
    log(outer, place);
}

/// What [`closed`] does, at the end of a poll.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn paused(room: &Room, word: Option<i64>, polled: &mut Polled) {
    let outer = leave_poll(room, word, polled);
    close(outer, polled.place()).act();
}

/// What [`unwound`] does, at the end of a poll.
#[cold]
#[inline(never)]
pub(super) fn unwound_poll(room: &Room, word: Option<i64>, polled: &mut Polled) {
    let outer = leave_poll(room, word, polled);
    log(outer, polled.place());
}

/// Leaves a closure region: what was opened by hand inside it ends, and a guard that did not is named. So end its loans.
pub(super) fn leave(room: &Room, word: Option<i64>, place: Place) -> Base {
    let (outer, loans) = leave_but_loans(room, word, place);
    lending::end(loans);
    outer
}

/// What [`leave`] does, but for the loans, which the future keeps for its next poll.
fn leave_poll(room: &Room, word: Option<i64>, polled: &mut Polled) -> Base {
    let (outer, loans) = leave_but_loans(room, word, polled.place());
    polled.set_loans(loans);
    if !loans.is_empty() {
        loans::detach(loans);
        lending::receive(loans);
    }
    outer
}

fn leave_but_loans(room: &Room, word: Option<i64>, place: Place) -> (Base, Head) {
    let left = guards::innermost().place;
    let loans = loans::replace(Head::NONE);
    loans::settle(loans);
    let outer = frame::leave(room, word);
    if let Some(left) = left {
        misuse::say(left, format_args!("was still open at the end of {place}, and ended there"));
    }
    (outer, loans)
}

/// Before a poll of a future that has lent its policy: the poll takes the slow path.
#[cold]
#[inline(never)]
pub(super) fn alert() {
    word::set(word::get() | word::ATTENTION);
}

/// What [`opened`] does, at the beginning of a poll: what borrowers do is this poll's from here on.
#[cold]
#[inline(never)]
pub(super) fn resumed(room: &mut Room, polled: &Polled) {
    opened(room, polled.name(), polled.location());
    take_up(polled.loans(), false);
}

/// A future that has lent its policy is polled on this thread.
pub(super) fn take_up(loans: Head, has_budget: bool) {
    if !loans.is_empty() {
        loans::attach(loans, has_budget);
        frame::update_attention();
    }
}

/// A future that has lent its policy goes away; what borrowers did since its last poll is logged.
#[cold]
#[inline(never)]
pub(super) fn abandon(polled: &mut Polled) {
    let outer = pending::set_start(pending::end());
    if let Some(deeds) = lending::close(polled.loans()) {
        pending::receive(&deeds.pending);
    }
    polled.set_loans(Head::NONE);
    log(outer, polled.place());
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
