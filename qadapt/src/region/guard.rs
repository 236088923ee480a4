//! Regions that last as long as a guard.

use core::marker::PhantomData;
use core::mem;

use super::defer::{self, Deferral};
use super::{edge, scope};
use crate::hot::end::{self, ByHand, Ended};
use crate::hot::open::{self, Rules};
use crate::hot::record::{Kind, Serial};
use crate::model::{Amount, Place, RegionKind};

/// A region opened by [`Policy::enter`](crate::Policy::enter); it ends when the guard goes away.
///
/// The guard belongs to the thread that entered, and to the closure region in which it was made: it ends with that at
/// the latest. Guards can end in any order: each ends its own region and no other. Where one ends before a region that was
/// entered inside it, that is said once on standard error.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// let region = qadapt::Policy::new().name("tick").enter();
/// let sum: u64 = (1..=4).sum();
/// region.exit(); // panics here if the region allocated
/// assert_eq!(sum, 10);
/// ```
/// It cannot be sent to another thread:
/// ```compile_fail,E0277
/// let region = qadapt::Policy::new().enter();
/// std::thread::spawn(move || drop(region));
/// ```
#[derive(Debug)]
#[must_use = "the region ends when the guard is dropped"]
pub struct RegionGuard {
    /// None where it is not watched.
    serial: Serial,
    edge: Edge,
    not_send: PhantomData<*const ()>,
}

/// What a guard does besides watching.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) deferral: Option<Deferral>,
    /// How much of what waits is given back at the end.
    pub(super) reclaim: Amount,
}

impl RegionGuard {
    #[inline(always)]
    pub(super) const fn unwatched(edge: Edge) -> Self {
        Self::of(Serial::NONE, edge)
    }

    /// A region that is open.
    #[inline(always)]
    pub(super) const fn of(serial: Serial, edge: Edge) -> Self {
        Self { serial, edge, not_send: PhantomData }
    }

    pub(super) fn open(place: Place, rules: &Rules, then: Edge) -> Self {
        edge::touch(place);
        edge::watch_calls(rules.flags, place);
        let serial = open::ruled(Kind::Guard, place, rules, scope::opening(rules.flags, RegionKind::Guard));
        if serial.is_none() {
            edge::no_room(place, rules.flags);
        }
        Self::of(serial, then)
    }

    /// Ends the region.
    ///
    /// # Panics
    /// In mode [`Panic`](crate::Mode::Panic), at the caller's line, if the region's policy was violated. Where the
    /// guard is just dropped the report is logged instead.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy};
    /// use std::hint::black_box;
    ///
    /// let region = Policy::new().mode(Mode::Panic).enter();
    /// let boxed = black_box(Box::new(1));
    /// let exit = std::panic::catch_unwind(|| region.exit());
    /// assert_eq!(exit.is_err(), qadapt::is_active());
    /// # drop(boxed);
    /// ```
    #[inline]
    #[track_caller]
    pub fn exit(mut self) {
        let serial = mem::replace(&mut self.serial, Serial::NONE);
        if !end::only_guard(serial) {
            exit(serial);
        }
    }
}

impl Drop for RegionGuard {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.serial.is_none() && !end::only_guard(self.serial) {
            log(self.serial);
        }
        drop(self.edge.deferral.take());
        if self.edge.reclaim != Amount::NONE && !std::thread::panicking() {
            defer::reclaim_outside(self.edge.reclaim);
        }
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn exit(serial: Serial) {
    if let Some((ended, place)) = end(serial) {
        edge::close(ended, place).act();
    }
}

#[cold]
#[inline(never)]
fn log(serial: Serial) {
    if let Some((ended, place)) = end(serial) {
        edge::log(ended, place);
    }
}

/// Ends the region, unless its closure or its thread has.
fn end(serial: Serial) -> Option<(Ended, Place)> {
    if serial.is_none() {
        return None;
    }
    let ByHand::Ended(ended, place) = end::guard(serial) else { return None };
    let place = place?;
    edge::say_inner(&ended, place);
    Some((ended, place))
}
