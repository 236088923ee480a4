//! The plain region: everything disallowed, in the process's default mode.

use core::mem;

use super::edge::{self, Anchor};
use super::polled::{Polled, Source};
use crate::checks;
#[cfg(feature = "profile")]
use crate::hot::profile::label::Label;
use crate::hot::word;
use crate::mark;
use crate::model::Place;

/// Runs a closure that must not touch the allocator on this thread.
///
/// What happens if it does is the process's [`Mode`](crate::Mode): by default the closure runs to its end,
/// then this function panics with a report of what was allocated where, and its result is dropped as that unwinds. Allocations,
/// reallocations and deallocations all count; so does what the closure calls. In a build without checks the closure
/// is just called.
///
/// # Panics
/// In mode [`Panic`](crate::Mode::Panic), at the caller's line, if the closure touched the allocator. If the closure
/// panics itself, that panic goes on unchanged and the report is logged.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let samples = [0.5_f32; 64];
/// let peak = qadapt::assert_no_alloc(|| samples.iter().fold(0.0_f32, |peak, s| peak.max(s.abs())));
/// assert_eq!(peak, 0.5);
/// ```
#[inline(always)]
#[track_caller]
pub fn assert_no_alloc<R>(body: impl FnOnce() -> R) -> R {
    no_alloc(Place::unnamed(), body)
}

/// [`assert_no_alloc`] with a place: what `#[allocate_panic]` expands to.
#[doc(hidden)]
#[inline(always)]
#[track_caller]
pub fn no_alloc<R>(place: Place, body: impl FnOnce() -> R) -> R {
    #[cfg(feature = "profile")]
    let _label = Label::of_region(place);
    if !checks::ON {
        return mark::region(body);
    }
    let anchor = Anchor::new();
    let region = Region::open(&anchor, Source::Closure(place));
    let result = body();
    region.close();
    result
}

/// The same for one poll of a future. A panic that is due is logged unless it `may_panic`.
#[inline(always)]
#[track_caller]
pub(super) fn poll_no_alloc<R>(polled: &mut Polled, may_panic: bool, body: impl FnOnce() -> R) -> R {
    if !checks::ON {
        return mark::part(body);
    }
    polled.begin();
    if polled.has_lent() {
        edge::alert();
    }
    let anchor = Anchor::new();
    let region = Region::open(&anchor, Source::Future(polled));
    let result = body();
    if may_panic {
        region.close();
    } else {
        drop(region);
    }
    result
}

/// An open plain region. Dropping it closes it and logs what is due: that is what an unwinding body does.
struct Region<'a> {
    anchor: &'a Anchor,
    source: Source<'a>,
}

impl<'a> Region<'a> {
    #[inline(always)]
    fn open(anchor: &'a Anchor, source: Source<'a>) -> Self {
        if word::add(word::LEVEL) < 0 {
            match &source {
                Source::Closure(place) => edge::opened(anchor, place.name, place.location),
                Source::Future(polled) => edge::resumed(anchor, polled),
            }
        }
        word::settle();
        Self { anchor, source }
    }

    #[inline(always)]
    #[track_caller]
    fn close(self) {
        let mut region = mem::ManuallyDrop::new(self);
        word::settle();
        if word::add(-word::LEVEL) < 0 {
            let Self { anchor, source } = &mut *region;
            match source {
                Source::Closure(place) => edge::closed(anchor, place.name, place.location),
                Source::Future(polled) => edge::paused(anchor, polled),
            }
        }
    }
}

impl Drop for Region<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        word::settle();
        if word::add(-word::LEVEL) < 0 {
            match &mut self.source {
                Source::Closure(place) => edge::unwound(self.anchor, place.name, place.location),
                Source::Future(polled) => edge::unwound_poll(self.anchor, polled),
            }
        }
    }
}
