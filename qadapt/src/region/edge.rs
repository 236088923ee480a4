//! The slow path of a region's two edges: linking the thread, records, and what is pending when a region closes.
//!
//! What a region calls here takes a place apart and gives nothing back: a whole [`Place`] in the arguments, or a
//! result, would be made room for in the region's own function and cost its fast path up to nine instructions.

use core::mem::MaybeUninit;
use core::panic::Location;
use core::ptr;

use super::lending;
use super::polled::Polled;
use crate::hot::end::{self, ByHand, Ended, Inner};
use crate::hot::entries::{self, Purpose};
use crate::hot::head::Head;
#[cfg(feature = "profile")]
use crate::hot::profile::unnamed;
use crate::hot::record::Serial;
use crate::hot::{blocking, calls, copies, loans, open, own_work, pending, step, table, word};
use crate::model::{Name, Place};
use crate::report::{closing, live, misuse, payload};
use crate::sys;

/// What tells one closure region of a thread from all others that are open: its address.
#[derive(Debug)]
pub(super) struct Anchor(#[expect(dead_code, reason = "only its address is used")] MaybeUninit<u8>);

impl Anchor {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self(MaybeUninit::uninit())
    }
}

/// A report that is owed as a panic; `None` where there is none, or it was logged.
#[must_use]
pub(super) struct Due(Option<String>);

impl Due {
    /// Panics at the caller's line if a panic is due.
    #[track_caller]
    pub(super) fn act(self) {
        if let Some(report) = self.0 {
            payload::raise(report);
        }
    }
}

/// Links the thread if this is its first touch of the guard; where the user asked for the guard, says once if the
/// allocator is missing.
pub(super) fn touch(place: Place) {
    if word::get() & word::UNLINKED != 0 {
        step::link();
        live::report_if_missing(place);
    }
}

/// The same where there is no name.
#[inline(always)]
pub(super) fn touch_here(location: &'static Location<'static>) {
    if word::get() & word::UNLINKED != 0 {
        first_touch(location);
    }
}

#[cold]
#[inline(never)]
fn first_touch(location: &'static Location<'static>) {
    touch(Place { name: Name::NONE, location, poll: 0 });
}

/// After a plain region raised the level and found the word negative.
///
/// It is compiled in the region's crate: a program's own crate reaches thread-locals without a call. A cold function of this size is
/// not inlined.
#[cold]
#[inline]
pub(super) fn opened(anchor: &Anchor, name: Name, location: &'static Location<'static>) {
    if !open::newest_plain(key(anchor), Place { name, location, poll: 0 }) {
        opened_further(anchor, name, location);
    }
}

#[cold]
#[inline(never)]
fn opened_further(anchor: &Anchor, name: Name, location: &'static Location<'static>) {
    let place = Place { name, location, poll: 0 };
    if !open::newest_plain_in_budget(key(anchor), place) {
        open_plain(anchor, place, false);
    }
}

#[inline(never)]
fn open_plain(anchor: &Anchor, place: Place, lends: bool) {
    if word::get() & word::UNLINKED != 0 {
        // The level waits until the thread is linked.
        word::add(-word::LEVEL);
        touch(place);
        word::add(word::LEVEL);
    }
    if !open::plain(key(anchor), place, lends) {
        no_room(place, 0);
    }
}

#[inline(always)]
fn key(anchor: &Anchor) -> usize {
    ptr::from_ref(anchor).addr()
}

/// Before a region opens that sets these flags: where it disallows system calls, has this thread's watched. Where that cannot be done,
/// says so once for each place.
pub(super) fn watch_calls(flags: i64, place: Place) {
    if flags & word::CALLS == 0 || sys::calls::is_watched() {
        return;
    }
    if !copies::watch_calls(false).unwrap_or_else(|| own_work::as_own_work(blocking::watch)) {
        unwatched(place);
    }
}

/// Has this thread's system calls watched, for this copy of the guard; false where that cannot be done, which is said once.
pub(super) fn watch_own_calls(place: Place) -> bool {
    let is_watched = !copies::is_guest() && own_work::as_own_work(blocking::watch);
    if !is_watched {
        unwatched(place);
    }
    is_watched
}

fn unwatched(place: Place) {
    calls::count_unwatched();
    misuse_once(place, format_args!("does not see blocking calls: {}", blocking::WHY_NOT));
}

/// Says that the table of what is open is full, so that a region with these flags is not watched.
pub(super) fn no_room(place: Place, flags: i64) {
    if flags & word::CALLS != 0 {
        calls::count_unwatched();
    }
    misuse_once(
        place,
        format_args!("is not watched: {} regions are open on this thread already", table::ROOM_FOR_REGIONS),
    );
}

/// After a plain region lowered the level and found the word negative; panics at the caller's line if that is due. It
/// is compiled where [`opened`] is.
#[cold]
#[inline]
#[track_caller]
pub(super) fn closed(anchor: &Anchor, name: Name, location: &'static Location<'static>) {
    if !end::newest_plain(key(anchor)) {
        close_plain(anchor, name, location);
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn close_plain(anchor: &Anchor, name: Name, location: &'static Location<'static>) {
    close(end::plain(key(anchor)), Place { name, location, poll: 0 }).act();
}

/// The same where the body unwinds: everything is logged.
#[cold]
#[inline(never)]
pub(super) fn unwound(anchor: &Anchor, name: Name, location: &'static Location<'static>) {
    if !end::newest_plain(key(anchor)) {
        log(end::plain(key(anchor)), Place { name, location, poll: 0 });
    }
}

/// What [`closed`] does, at the end of a poll.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn paused(anchor: &Anchor, polled: &mut Polled) {
    if !end::newest_plain(key(anchor)) {
        pause_plain(anchor, polled);
    }
}

#[inline(never)]
#[track_caller]
fn pause_plain(anchor: &Anchor, polled: &mut Polled) {
    pause(Some(end::plain(key(anchor))), polled).act();
}

/// What [`unwound`] does, at the end of a poll.
#[cold]
#[inline(never)]
pub(super) fn unwound_poll(anchor: &Anchor, polled: &mut Polled) {
    if !end::newest_plain(key(anchor)) {
        pause_logging(Some(end::plain(key(anchor))), polled);
    }
}

/// Ends a poll. Its loans stay with the future, for its next poll.
pub(super) fn pause(ended: Option<Ended>, polled: &mut Polled) -> Due {
    match ended {
        Some(ended) => close(keep_loans(ended, polled), polled.place()),
        None => Due(None),
    }
}

/// The same, logging everything.
pub(super) fn pause_logging(ended: Option<Ended>, polled: &mut Polled) {
    if let Some(ended) = ended {
        log(keep_loans(ended, polled), polled.place());
    }
}

fn keep_loans(ended: Ended, polled: &mut Polled) -> Ended {
    polled.set_loans(ended.loans);
    if !ended.loans.is_empty() {
        loans::detach(ended.loans);
        lending::receive(ended.loans, ended.serial);
    }
    Ended { loans: Head::NONE, ..ended }
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
pub(super) fn resumed(anchor: &Anchor, polled: &Polled) {
    let place = Place { name: polled.name(), location: polled.location(), poll: 0 };
    open_plain(anchor, place, !polled.loans().is_empty());
    take_up(polled.loans(), false);
}

/// A future that has lent its policy is polled on this thread.
pub(super) fn take_up(loans: Head, has_budget: bool) {
    if !loans.is_empty() {
        loans::attach(loans, has_budget);
    }
}

/// A future that has lent its policy goes away; what borrowers did since its last poll is logged.
#[cold]
#[inline(never)]
pub(super) fn abandon(polled: &mut Polled) {
    let deeds = lending::close(polled.loans());
    polled.set_loans(Head::NONE);
    let Some(deeds) = deeds else { return };
    // As the end of a region that is open for no longer than that.
    let serial = open::manual(polled.location());
    deeds.receive(serial);
    if let ByHand::Ended(ended, _) = end::guard(serial) {
        log(ended, polled.place());
    }
}

/// Reports what a region that ended has pending, and ends its loans.
pub(super) fn close(ended: Ended, place: Place) -> Due {
    #[cfg(feature = "profile")]
    name_samples(&ended, place);
    if settle(ended, place) {
        return Due(None);
    }
    let report = closing::report(ended.serial, place);
    afterwards(place);
    Due(report)
}

/// What [`close`] does, logging everything.
pub(super) fn log(ended: Ended, place: Place) {
    #[cfg(feature = "profile")]
    name_samples(&ended, place);
    log_pending(ended, place);
}

/// The same at the end of a permit, which is no region.
pub(super) fn log_permit(ended: Ended, place: Place) {
    log_pending(ended, place);
    #[cfg(feature = "profile")]
    if unnamed::forget_if_idle() {
        step::refresh();
    }
}

/// Tells the samples that wait for the end of a region without a record where they are.
#[cfg(feature = "profile")]
fn name_samples(ended: &Ended, place: Place) {
    if ended.serial.is_none() && !ended.foreign && unnamed::name(place) {
        step::refresh();
    }
}

fn log_pending(ended: Ended, place: Place) {
    if !settle(ended, place) {
        closing::log(ended.serial, place);
        afterwards(place);
    }
}

/// Ends the loans of what tells nothing itself.
pub(super) fn leave_pending(ended: Ended) {
    lending::end(ended.loans, ended.serial);
    step::refresh();
}

/// What comes before a report. True if there is nothing to report, or not here.
fn settle(ended: Ended, place: Place) -> bool {
    let Ended { serial, loans, left, quiet, foreign, inner: _, is_void: _ } = ended;
    lending::end(loans, serial);
    if quiet {
        // It is told by what encloses the handler's code.
        pending::put_off(serial, table::reporter());
        return true;
    }
    if let Some(left) = left {
        misuse_once(left, format_args!("was still open at the end of {place}, and ended there"));
    }
    if foreign {
        misuse_once(place, format_args!("ended on a thread on which it was not open"));
    }
    if pending::is_empty() {
        if !loans.is_empty() {
            step::refresh();
        }
        return true;
    }
    false
}

/// What comes after a report.
fn afterwards(place: Place) {
    if table::is_idle() && pending::is_due(Serial::NONE) {
        // What a signal handler left where it might not speak.
        closing::log(Serial::NONE, place);
    }
    step::refresh();
}

/// What a guard or a manual region that ended leaves open.
pub(super) fn say_inner(ended: &Ended, place: Place) {
    if ended.quiet {
        return;
    }
    match ended.inner {
        Inner::Nothing => {}
        Inner::Guard => misuse_once(place, format_args!("ended before one that was entered inside it")),
        Inner::Closure => misuse_once(place, format_args!("ended inside a region that was entered later")),
    }
}

/// Says what became of a region, once for each place in the source.
fn misuse_once(place: Place, what: core::fmt::Arguments<'_>) {
    if entries::count(Purpose::Misuse, place).is_none_or(|entries| entries == 1) {
        misuse::say(place, what);
    }
}
