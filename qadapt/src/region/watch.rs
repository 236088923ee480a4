//! What is done around each poll of a guarded future.

use core::mem::{self, MaybeUninit};
use std::sync::Arc;

use super::count::{Counting, CountingCalls};
use super::policy::Policy;
use super::polled::Polled;
use super::published::{CountsHandle, Published};
use super::{blocking, edge, lending, permit, plain};
use crate::checks;
use crate::hot::counters::{self, Mark, Then};
use crate::hot::head::Head;
use crate::hot::own_work;
use crate::hot::spending::Used;
use crate::hot::trace::regions;
use crate::mark;
use crate::model::{Counts, Place};
use crate::report::live;

/// A way to watch a future: one of [`NoAlloc`], [`NoBlocking`], [`Permitted`], [`Counted`] and [`Policed`].
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{GuardExt as _, Guarded, Watch};
/// use std::pin::pin;
/// use std::task::{Context, Waker};
///
/// /// Whatever it is watched for.
/// fn is_ready<F: Future, W: Watch>(future: Guarded<F, W>) -> bool {
///     pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
/// }
///
/// assert!(is_ready(async { 2 + 2 }.no_alloc()));
/// assert!(is_ready(async { Box::new(4) }.permit_alloc()));
/// ```
pub trait Watch: sealed::Sealed {
    /// True if it may disallow allocation.
    #[doc(hidden)]
    const PROTECTS: bool;

    /// True if it disallows waiting, and nothing else.
    #[doc(hidden)]
    const QUIETS: bool = false;

    /// What the watched future resolves to, if the inner one resolves to `T`.
    type Output<T>;

    /// Runs one poll; a panic that is due is logged instead unless it `may_panic`.
    #[doc(hidden)]
    #[track_caller]
    fn around<R>(&mut self, may_panic: bool, poll: impl FnOnce() -> R) -> R;

    /// Makes the output once the inner future has resolved.
    #[doc(hidden)]
    fn finish<T>(&mut self, output: T) -> Self::Output<T>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::NoAlloc {}
    impl Sealed for super::NoBlocking {}
    impl Sealed for super::Permitted {}
    impl Sealed for super::Counted {}
    impl Sealed for super::Policed {}
}

/// Each poll is a plain region.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{GuardExt as _, Guarded, NoAlloc};
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
///
/// let sum: Guarded<_, NoAlloc> = async { 2 + 2 }.no_alloc();
/// # let polled = pin!(sum).poll(&mut Context::from_waker(Waker::noop()));
/// // sum.await
/// # let Poll::Ready(sum) = polled else { unreachable!() };
/// assert_eq!(sum, 4);
/// ```
#[derive(Debug)]
pub struct NoAlloc {
    polled: Polled,
}

impl NoAlloc {
    pub(super) const fn new(place: Place) -> Self {
        Self { polled: Polled::new(place) }
    }
}

impl Drop for NoAlloc {
    #[inline(always)]
    fn drop(&mut self) {
        end(&mut self.polled);
    }
}

impl Watch for NoAlloc {
    const PROTECTS: bool = true;
    type Output<T> = T;

    #[inline(always)]
    #[track_caller]
    fn around<R>(&mut self, may_panic: bool, poll: impl FnOnce() -> R) -> R {
        plain::poll_no_alloc(&mut self.polled, may_panic, poll)
    }

    #[inline(always)]
    fn finish<T>(&mut self, output: T) -> T {
        output
    }
}

/// Each poll is a region in which the thread must not wait in the kernel.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{GuardExt as _, Guarded, NoBlocking};
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
///
/// let text: Guarded<_, NoBlocking> = async { String::from("it may allocate") }.no_blocking();
/// # let polled = pin!(text).poll(&mut Context::from_waker(Waker::noop()));
/// // text.await
/// # let Poll::Ready(text) = polled else { unreachable!() };
/// assert_eq!(text, "it may allocate");
/// ```
#[derive(Debug)]
pub struct NoBlocking {
    polled: Polled,
}

impl NoBlocking {
    pub(super) const fn new(place: Place) -> Self {
        Self { polled: Polled::new(place) }
    }
}

impl Drop for NoBlocking {
    #[inline(always)]
    fn drop(&mut self) {
        end(&mut self.polled);
    }
}

impl Watch for NoBlocking {
    const PROTECTS: bool = false;
    const QUIETS: bool = true;
    type Output<T> = T;

    #[inline(always)]
    #[track_caller]
    fn around<R>(&mut self, may_panic: bool, poll: impl FnOnce() -> R) -> R {
        blocking::poll_no_blocking(&mut self.polled, may_panic, poll)
    }

    #[inline(always)]
    fn finish<T>(&mut self, output: T) -> T {
        output
    }
}

/// A future goes away.
#[inline(always)]
fn end(polled: &mut Polled) {
    if checks::ON && polled.has_lent() {
        edge::abandon(polled);
    }
}

/// Each poll is a permit.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{GuardExt as _, Guarded, PermitDrop, Permitted};
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
///
/// let list: Guarded<_, Permitted> = async { PermitDrop::new(vec![1, 2, 3]) }.permit_alloc();
/// let length = async { list.await.len() }.no_alloc();
/// # let polled = pin!(length).poll(&mut Context::from_waker(Waker::noop()));
/// // length.await
/// # let Poll::Ready(length) = polled else { unreachable!() };
/// assert_eq!(length, 3);
/// ```
#[derive(Debug)]
pub struct Permitted(());

impl Permitted {
    pub(super) const fn new() -> Self {
        Self(())
    }
}

impl Watch for Permitted {
    const PROTECTS: bool = false;
    type Output<T> = T;

    #[inline(always)]
    fn around<R>(&mut self, _may_panic: bool, poll: impl FnOnce() -> R) -> R {
        permit::permit_alloc(poll)
    }

    #[inline(always)]
    fn finish<T>(&mut self, output: T) -> T {
        output
    }
}

/// Each poll is a region under a policy.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{Guarded, Policed, Policy};
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
///
/// let sum: Guarded<_, Policed> = Policy::new().name("sum").wrap(async { 2 + 2 });
/// # let polled = pin!(sum).poll(&mut Context::from_waker(Waker::noop()));
/// // sum.await
/// # let Poll::Ready(sum) = polled else { unreachable!() };
/// assert_eq!(sum, 4);
/// ```
#[derive(Debug)]
pub struct Policed {
    policy: Policy,
    polled: Polled,
    used: Used,
}

impl Policed {
    #[track_caller]
    pub(super) const fn new(policy: Policy) -> Self {
        Self::at(policy, policy.place())
    }

    pub(super) const fn at(policy: Policy, place: Place) -> Self {
        Self { policy, polled: Polled::new(place), used: Used::NOTHING }
    }
}

impl Drop for Policed {
    #[inline(always)]
    fn drop(&mut self) {
        end(&mut self.polled);
    }
}

impl Watch for Policed {
    const PROTECTS: bool = true;
    type Output<T> = T;

    #[inline]
    #[track_caller]
    fn around<R>(&mut self, may_panic: bool, poll: impl FnOnce() -> R) -> R {
        if !checks::ON {
            let deferral = self.policy.begin_unwatched();
            let result = if self.policy.is_about_memory() {
                mark::rules(self.policy.forbids(), self.policy.has_budget());
                mark::part(poll)
            } else {
                poll()
            };
            self.policy.end_unwatched(deferral);
            return result;
        }
        if self.polled.is_new() {
            let place = self.polled.place();
            // Sampling is about the future as a whole: what the first poll decides holds for all.
            let is_watched = self.policy.watches_entry(place);
            if is_watched && self.policy.warms_up(place) {
                self.policy = self.policy.without_limits();
            }
            self.policy = self.policy.sampled(is_watched);
        }
        self.polled.begin();
        if self.policy.is_left_out() {
            let deferral = self.policy.begin_unwatched();
            let result = poll();
            self.policy.end_unwatched(deferral);
            return result;
        }
        self.policy.run_poll(&mut self.polled, &mut self.used, may_panic, poll)
    }

    #[inline(always)]
    fn finish<T>(&mut self, output: T) -> T {
        output
    }
}

/// Each poll is a counting region; the future resolves to the counts of all polls, and its output.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{Counted, GuardExt as _, Guarded};
/// # use std::{hint::black_box, pin::pin, task::{Context, Poll, Waker}};
///
/// let boxed: Guarded<_, Counted> = async { black_box(Box::new(7_u64)) }.count_alloc();
/// # let polled = pin!(boxed).poll(&mut Context::from_waker(Waker::noop()));
/// // boxed.await
/// # let Poll::Ready((counts, boxed)) = polled else { unreachable!() };
/// assert_eq!(counts.bytes().get(), qadapt::is_active().then_some(8));
/// # drop(boxed);
/// ```
#[derive(Debug)]
pub struct Counted {
    /// What an audit lists the polls under.
    place: Place,
    counts: Counts,
    shared: Option<Arc<Published>>,
    loans: Head,
    /// System calls too.
    calls: bool,
}

impl Counted {
    pub(super) const fn new(place: Place, calls: bool) -> Self {
        Self { place, counts: Counts::NOTHING, shared: None, loans: Head::NONE, calls }
    }

    pub(super) fn handle(&mut self) -> CountsHandle {
        let counts = self.counts;
        let shared =
            self.shared.get_or_insert_with(|| own_work::as_own_work(|| Arc::new(Published::new(counts))));
        CountsHandle::of(Arc::clone(shared))
    }

    /// Adds what happened since, for the future and its handles.
    fn add(&mut self, counts: Counts) {
        self.counts += counts;
        self.publish();
    }

    /// Tells the handles.
    #[cold]
    #[inline(never)]
    fn publish(&mut self) {
        if let Some(shared) = &self.shared {
            shared.publish(self.counts);
        }
    }

    /// Opens a poll where nothing else is open: the thread's counters go on from the future's figures.
    #[inline(always)]
    fn open_only(&mut self) -> Option<Mark<'static>> {
        if !checks::ON || !live::is_known() || !self.loans.is_empty() {
            return None;
        }
        counters::open_only_at(self.counts.tally_mut()?)
    }

    /// Opens a poll wherever it is: its counts are added at its end. `None` where it cannot count.
    #[cold]
    #[inline(never)]
    fn open_apart<'a>(&mut self, then: &'a mut MaybeUninit<Then>) -> Option<Mark<'a>> {
        let counting = Counting::open_if_live(then, None)?;
        // Until the poll ends they are the thread's.
        edge::take_up(mem::replace(&mut self.loans, Head::NONE), false);
        let mark = counting.leave();
        regions::counts_at(mark.serial(), self.place);
        Some(mark)
    }

    /// Ends such a poll.
    #[cold]
    #[inline(never)]
    fn close_apart(&mut self, mark: Option<Mark<'_>>) {
        let poll = mark.map_or(Counts::UNMEASURED, |mark| Counting::at(mark).pause(&mut self.loans));
        self.add(poll);
    }

    /// A poll whose system calls are counted too.
    #[cold]
    #[inline(never)]
    fn around_counting_calls<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        let mut then = MaybeUninit::uninit();
        let counting = CountingCalls::open(&mut then, self.place);
        // Until the poll ends they are the thread's.
        if counting.is_open() {
            edge::take_up(mem::replace(&mut self.loans, Head::NONE), false);
        }
        let open = PollWithCalls { counted: self, counting: Some(counting) };
        let result = poll();
        drop(open);
        result
    }

    /// Ends a poll that went on from the future's figures, where more is open or was lent.
    #[cold]
    #[inline(never)]
    fn close_further(&mut self, mark: Option<Mark<'_>>) {
        self.counts = mark.map_or(Counts::UNMEASURED, |mark| Counting::at(mark).pause(&mut self.loans));
        self.publish();
    }
}

/// A poll that is open; dropping it closes it, also where the poll unwinds.
struct CountedPoll<'a> {
    counted: &'a mut Counted,
    /// `None` where it is not counted.
    mark: Option<Mark<'a>>,
    /// The thread's counters have gone on from the future's figures.
    in_place: bool,
}

impl Drop for CountedPoll<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.in_place {
            return self.counted.close_apart(self.mark);
        }
        match self.mark.and_then(counters::close_only) {
            Some(tally) => {
                self.counted.counts = Counts::measured(tally);
                if self.counted.shared.is_some() {
                    self.counted.publish();
                }
            }
            None => self.counted.close_further(self.mark),
        }
    }
}

/// Such a poll that is open; dropping it closes it, also where the poll unwinds.
struct PollWithCalls<'a, 'b> {
    counted: &'a mut Counted,
    counting: Option<CountingCalls<'b>>,
}

impl Drop for PollWithCalls<'_, '_> {
    fn drop(&mut self) {
        if let Some(counting) = self.counting.take() {
            let poll = counting.pause(&mut self.counted.loans);
            self.counted.add(poll);
        }
    }
}

impl Watch for Counted {
    const PROTECTS: bool = false;
    type Output<T> = (Counts, T);

    #[inline(always)]
    fn around<R>(&mut self, _may_panic: bool, poll: impl FnOnce() -> R) -> R {
        if self.calls {
            return self.around_counting_calls(poll);
        }
        let mut then = MaybeUninit::uninit();
        let (mark, in_place) = match self.open_only() {
            Some(mark) => (Some(mark), true),
            None => (self.open_apart(&mut then), false),
        };
        let _open = CountedPoll { counted: self, mark, in_place };
        poll()
    }

    fn finish<T>(&mut self, output: T) -> (Counts, T) {
        (self.counts, output)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(deeds) = lending::close(mem::replace(&mut self.loans, Head::NONE)) {
            self.add(deeds.counts(self.calls));
        }
        let shared = self.shared.take();
        own_work::as_own_work(|| drop(shared));
    }
}
