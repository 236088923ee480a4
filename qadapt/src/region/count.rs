//! Counting regions.

use core::mem::{self, MaybeUninit};
use core::panic::Location;

use super::{edge, lending};
use crate::checks;
use crate::hot::counters::{self, Mark, Then};
use crate::hot::head::Head;
#[cfg(feature = "profile")]
use crate::hot::profile::label::Label;
use crate::hot::record::{Kind, Serial};
use crate::hot::trace::regions;
use crate::hot::{blocking, calls, end, loans, open, table, word};
use crate::model::{CallCount, Counts, Name, Place};
use crate::report::{call_sites, live};
use crate::sys;

/// Runs a closure and counts what it asks of the allocator on this thread.
///
/// Counting allows everything: it changes nothing that a region around it or inside it disallows. Counting regions
/// nest, and an outer one includes the inner ones. In a build without checks, or where QADAPT is not the global
/// allocator, the counts are [unmeasured](Counts::is_measured).
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let (counts, text) = qadapt::count_alloc(|| String::from("six"));
/// assert_eq!(text, "six");
/// # if counts.is_measured() {
/// assert_eq!((counts.allocs().get(), counts.bytes().get()), (Some(1), Some(3)));
/// # }
/// ```
#[inline]
#[track_caller]
pub fn count_alloc<R>(body: impl FnOnce() -> R) -> (Counts, R) {
    count_named(Name::NONE, body)
}

/// The same with a name for the audit.
#[inline(always)]
#[track_caller]
fn count_named<R>(name: Name, body: impl FnOnce() -> R) -> (Counts, R) {
    if !checks::ON {
        return (Counts::UNMEASURED, body());
    }
    let mut then = MaybeUninit::uninit();
    let Some(counting) = Counting::open_if_live(&mut then, Some(name)) else {
        return (Counts::UNMEASURED, body());
    };
    let result = body();
    // Two ways out, so that the counts are written once.
    match counting.close_only() {
        Ok(counts) => (counts, result),
        Err(counting) => (counting.close(), result),
    }
}

/// Runs a closure and counts the system calls in which this thread may wait, besides what it asks of the allocator.
///
/// They are those that [`Policy::no_blocking`](crate::Policy::no_blocking) disallows, but for those of an allocator: nothing is
/// disallowed here, and permits change nothing. A call that is counted takes some 2 µs longer; from here on other system calls of this
/// thread take some 50 ns longer, until it ends. Where calls are not [watched](crate::is_blocking_watched) their number is
/// [unmeasured](Counts::calls); in a [copy](crate::share_guard) of QADAPT that shares another one's guard it always is.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::time::Duration;
///
/// let (counts, ()) = qadapt::count_blocking(|| std::thread::sleep(Duration::from_micros(10)));
/// match counts.calls().get() {
///     Some(calls) => assert!(calls == 1 && counts.calls() == 1),
///     None => assert!(counts.calls() != 1 && counts.calls() != counts.calls()),
/// }
/// ```
#[track_caller]
pub fn count_blocking<R>(body: impl FnOnce() -> R) -> (Counts, R) {
    let mut then = MaybeUninit::uninit();
    let counting = CountingCalls::open(&mut then, Place::unnamed());
    let result = body();
    (counting.close(), result)
}

/// Runs a closure and leaves what it asks of the allocator out of the counts round it, on this thread.
///
/// It is for what is not meant to be measured: test data, logging. [Calls](Counts::calls) are left out too. Protection is no matter of counts: what a region around it
/// disallows stays disallowed, and what budgets allow is used up. A counting region inside counts for itself. Memory that is made
/// here and given back outside makes [`net_bytes`](Counts::net_bytes) smaller, as older memory does.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let (counts, texts) = qadapt::count_alloc(|| {
///     let input = qadapt::uncounted(|| vec!["one"; 10]); // not what is measured
///     (input[0].to_owned(), input)
/// });
/// # if counts.is_measured() {
/// assert_eq!((counts.allocs().get(), counts.bytes().get()), (Some(1), Some(3)));
/// # }
/// # drop(texts);
/// ```
#[inline]
pub fn uncounted<R>(body: impl FnOnce() -> R) -> R {
    /// Goes on counting, also where the closure unwinds.
    struct GoOn(Serial);
    impl Drop for GoOn {
        fn drop(&mut self) {
            let _ = end::measuring(self.0, |_, _| (), |_, _, _| ());
        }
    }

    if !checks::ON || word::get() & (word::COUNTING | word::RECORDING) == 0 {
        return body();
    }
    let pause = GoOn(open::measuring(Kind::Uncounted, 0));
    if pause.0.is_none() {
        // No room to know it: then nothing is known of the counts.
        counters::lose();
    }
    body()
}

/// [`count_alloc`] whose counts go into the report of call sites: what `#[count_alloc]` expands to.
#[doc(hidden)]
#[track_caller]
pub fn count_calls<R>(place: Place, body: impl FnOnce() -> R) -> R {
    #[cfg(feature = "profile")]
    let _label = Label::begin(place);
    let caller = Location::caller();
    let (counts, result) = count_named(place.name, body);
    if counts.is_measured() {
        call_sites::add(place, caller, counts);
    }
    result
}

/// An open counting region that counts system calls too; dropping it closes it.
pub(super) struct CountingCalls<'a> {
    /// `None` where nothing is counted.
    counting: Option<Counting<'a>>,
    start: calls::Start,
    /// The thread's watch when it opened; `None` where its calls were not watched.
    watch: Option<u32>,
}

impl<'a> CountingCalls<'a> {
    pub(super) fn open(then: &'a mut MaybeUninit<Then>, place: Place) -> Self {
        let start = calls::begin();
        if !checks::ON {
            return Self { counting: None, start, watch: None };
        }
        edge::touch(place);
        let is_watched = edge::watch_own_calls(place);
        let mark = counters::open_with_calls(then);
        if let Some(mark) = mark {
            regions::counts_at(mark.serial(), place);
        }
        let watch = (is_watched && mark.is_some()).then(sys::calls::times_left);
        Self { counting: mark.map(Counting::at), start, watch }
    }

    /// True if it counts what is asked of the allocator, and so can hold loans.
    pub(super) const fn is_open(&self) -> bool {
        self.counting.is_some()
    }

    pub(super) fn close(mut self) -> Counts {
        let counts = self.counting.take().map_or(Counts::UNMEASURED, Counting::close);
        self.add_calls(counts)
    }

    /// Closes the region, but for loans that a future `keeps` for its next poll.
    pub(super) fn pause(mut self, keeps: &mut Head) -> Counts {
        let counting = self.counting.take();
        let counts = counting.map_or(Counts::UNMEASURED, |counting| counting.pause(keeps));
        self.add_calls(counts)
    }

    fn add_calls(&self, counts: Counts) -> Counts {
        let counted = calls::end(self.start);
        // The watch may have ended meanwhile; or somebody else may have taken it, which the kernel knows.
        let is_whole = self.watch == Some(sys::calls::times_left()) && blocking::is_watched();
        let counts = if checks::ON && live::counts_events() { counts } else { Counts::UNMEASURED };
        counts.with_blocking(CallCount::of(counted.filter(|_| is_whole)))
    }
}

impl Drop for CountingCalls<'_> {
    fn drop(&mut self) {
        drop(self.counting.take());
        // A second time it changes nothing.
        calls::end(self.start);
    }
}

/// An open counting region; dropping it closes it.
pub(super) struct Counting<'a> {
    mark: Mark<'a>,
}

impl<'a> Counting<'a> {
    /// None where nothing would be counted. An audit lists it under this name, or the caller's place; not at all if there is
    /// none.
    #[inline(always)]
    #[track_caller]
    pub(super) fn open_if_live(then: &'a mut MaybeUninit<Then>, name: Option<Name>) -> Option<Self> {
        if !checks::ON {
            return None;
        }
        if live::is_known() {
            if let Some(mark) = counters::open_only() {
                return Some(Self { mark });
            }
        }
        Self::open_wherever(then, name, Location::caller())
    }

    /// Opens the region whatever else is open, and where nobody knows yet whether events are seen.
    #[cold]
    #[inline(never)]
    fn open_wherever(
        then: &'a mut MaybeUninit<Then>,
        name: Option<Name>,
        location: &'static Location<'static>,
    ) -> Option<Self> {
        edge::touch(Place { name: Name::NONE, location, poll: 0 });
        if !live::counts_events() {
            return None;
        }
        let mark = counters::open(then)?;
        if let Some(name) = name {
            regions::counts_at(mark.serial(), Place { name, location, poll: 0 });
        }
        Some(Self { mark })
    }

    /// The region of a mark, to be closed by who has called [`leave`](Self::leave).
    pub(super) const fn at(mark: Mark<'a>) -> Self {
        Self { mark }
    }

    /// Leaves the region open.
    pub(super) const fn leave(self) -> Mark<'a> {
        let mark = self.mark;
        mem::forget(self);
        mark
    }

    /// Closes the region if it is all that is open.
    #[inline(always)]
    fn close_only(self) -> Result<Counts, Self> {
        match counters::close_only(self.mark) {
            Some(tally) => {
                mem::forget(self);
                Ok(Counts::measured(tally))
            }
            None => Err(self),
        }
    }

    pub(super) fn close(self) -> Counts {
        mem::ManuallyDrop::new(self).end(None)
    }

    /// Closes the region, but for loans that a future, which has none here, `keeps` for its next poll.
    #[inline(always)]
    pub(super) fn pause(self, keeps: &mut Head) -> Counts {
        match self.close_only() {
            Ok(counts) => counts,
            Err(counting) => mem::ManuallyDrop::new(counting).end(Some(keeps)),
        }
    }

    /// Closes the region once.
    #[cold]
    #[inline(never)]
    fn end(&mut self, keeps: Option<&mut Head>) -> Counts {
        let mark = self.mark;
        let mut passed_on = Head::NONE;
        let tally = counters::close(mark, |lent, goes_on| {
            end_loans(lent, goes_on, keeps);
            passed_on = if goes_on { lent } else { Head::NONE };
        });
        if !passed_on.is_empty() {
            loans::join(passed_on);
        }
        tally.map_or(Counts::UNMEASURED, Counts::measured)
    }
}

/// Before a counting region ends: ends its loans, but for those that a future `keeps` for its next poll. A loan that was
/// made in a protected region also lends that, and so goes on as long. What borrowers have counted is this region's.
#[cold]
#[inline(never)]
fn end_loans(lent: Head, goes_on: bool, keeps: Option<&mut Head>) {
    let region = table::reporter();
    match keeps {
        None if !goes_on => lending::end(lent, region),
        Some(keeps) if !goes_on => {
            *keeps = lent;
            loans::detach(lent);
            lending::receive(lent, region);
        }
        _ => lending::receive(lent, region),
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.end(None);
    }
}
