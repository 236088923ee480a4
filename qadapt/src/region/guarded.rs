//! Wrappers whose every poll is a region.

use core::future::Future;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::policy::Policy;
use super::published::CountsHandle;
use super::watch::{Counted, NoAlloc, NoBlocking, Permitted, Policed, Watch};
use crate::model::Place;
use crate::report::call_sites;
use crate::{checks, mark};

pin_project! {
    /// A future (or a stream, a sink, a reader, a writer) that is watched while it is polled, and only then.
    ///
    /// The watch goes on at the entry to each poll and comes off at its exit, whatever happens there; so it follows a
    /// task from thread to thread and never leaks into another one. Nothing else changes: `Send`, `Sync` and `Unpin`
    /// are the inner future's, and nothing is put on the heap. [`GuardExt`] and [`Policy::wrap`](crate::Policy::wrap)
    /// make one.
    ///
    /// Dropping it, finished or cancelled, is outside the region, unless it was asked to
    /// [drop inside](Guarded::drop_inside).
    ///
    /// # Panics
    /// In mode [`Panic`](crate::Mode::Panic) a poll that violates its policy panics at its end, with the site, the
    /// region's name and the number of the poll.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::GuardExt as _;
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let mut sum = pin!(async { 2 + 2 }.no_alloc());
    /// let polled = sum.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    /// assert_eq!(polled, Poll::Ready(4));
    /// # use std::future::Future;
    /// ```
    // The inner value comes first, so that a poll finds it where it finds this one.
    #[derive(Debug)]
    #[repr(C)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Guarded<T, W: Watch = NoAlloc> {
        #[pin]
        inner: ManuallyDrop<T>,
        watch: W,
        drop_inside: bool,
    }

    impl<T, W: Watch> PinnedDrop for Guarded<T, W> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if *this.drop_inside {
                this.watch.around(false, || drop_inner(this.inner));
            } else {
                drop_inner(this.inner);
            }
        }
    }
}

impl<T, W: Watch> Guarded<T, W> {
    pub(super) const fn new(inner: T, watch: W) -> Self {
        Self { inner: ManuallyDrop::new(inner), watch, drop_inside: false }
    }

    /// Drops the inner future inside the region too, when this one is dropped. A panic that is due then is only logged.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy};
    ///
    /// let policy = Policy::new().mode(Mode::Count);
    /// let list = std::hint::black_box(vec![1, 2, 3]);
    /// drop(policy.wrap(async move { list.len() }).drop_inside()); // frees the list
    /// assert_eq!(qadapt::violations(), u64::from(qadapt::is_active()));
    /// ```
    #[cfg_attr(qadapt_marks, inline(always))]
    pub fn drop_inside(mut self) -> Self {
        #[cfg(qadapt_marks)]
        if W::PROTECTS && !checks::ON {
            mark::drops::<T>();
        }
        self.drop_inside = true;
        self
    }

    /// Runs one poll of the inner value in the region.
    #[inline(always)]
    #[track_caller]
    pub(super) fn poll_inside<R>(self: Pin<&mut Self>, poll: impl FnOnce(Pin<&mut T>) -> R) -> R {
        let this = self.project();
        let inner = pinned_inner(this.inner);
        this.watch.around(true, || poll(inner))
    }

    /// Makes the output of what a poll resolved to.
    #[cfg(feature = "futures-core")]
    pub(super) fn finish<R>(self: Pin<&mut Self>, output: R) -> W::Output<R> {
        self.project().watch.finish(output)
    }

    /// The inner value.
    #[cfg(any(feature = "futures-core", feature = "tokio"))]
    pub(super) fn inner(&self) -> &T {
        &self.inner
    }
}

/// The inner value, where it is.
#[inline(always)]
#[expect(unsafe_code, reason = "std has no projection through ManuallyDrop")]
fn pinned_inner<T>(inner: Pin<&mut ManuallyDrop<T>>) -> Pin<&mut T> {
    // SAFETY: what is pinned stays where it is, as nothing else hands it out, and `drop_inner` drops it there.
    unsafe { inner.map_unchecked_mut(|inner| &mut **inner) }
}

/// Drops the inner value, where it is.
#[inline(always)]
#[expect(unsafe_code, reason = "its drop must run inside the region, if it was asked for")]
fn drop_inner<T>(inner: Pin<&mut ManuallyDrop<T>>) {
    // SAFETY: it is not moved.
    let inner = unsafe { inner.get_unchecked_mut() };
    // SAFETY: the one caller is the drop of what holds it, which comes once, and after which nobody sees it.
    unsafe { ManuallyDrop::drop(inner) }
}

impl<T> Guarded<T, Counted> {
    /// A handle on the counts, which outlives the future and so tells them also if it is cancelled.
    ///
    /// It takes a few bytes of memory, now.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::GuardExt as _;
    /// # use std::{hint::black_box, pin::pin, task::{Context, Waker}};
    ///
    /// let mut future = async { drop(black_box(Box::new(7_u64))) }.count_alloc();
    /// let handle = future.handle();
    /// # assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    /// // future.await
    /// assert_eq!(handle.counts().deallocs().get(), qadapt::is_active().then_some(1));
    /// ```
    pub fn handle(&mut self) -> CountsHandle {
        self.watch.handle()
    }
}

impl<T: Future, W: Watch> Future for Guarded<T, W> {
    type Output = W::Output<T::Output>;

    #[inline]
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = if W::PROTECTS && !checks::ON {
            self.as_mut().poll_inside(|inner| mark::poll(inner, context))
        } else if W::QUIETS && !checks::ON {
            self.as_mut().poll_inside(|inner| mark::quiet_poll(inner, context))
        } else {
            self.as_mut().poll_inside(|inner| inner.poll(context))
        };
        match polled {
            Poll::Ready(output) => Poll::Ready(self.project().watch.finish(output)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Watches futures: see [`Guarded`].
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::GuardExt as _;
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
///
/// async fn respond() -> String {
///     String::from("ready")
/// }
///
/// let mut counted = pin!(respond().count_alloc());
/// # let mut context = Context::from_waker(Waker::noop());
/// # let Poll::Ready((counts, text)) = counted.as_mut().poll(&mut context) else { unreachable!() };
/// // let (counts, text) = counted.await;
/// assert_eq!(text, "ready");
/// if counts.is_measured() {
///     assert_eq!(counts.allocs(), 1);
/// }
/// ```
pub trait GuardExt: Sized {
    /// Runs each poll in a plain region, as [`assert_no_alloc`](crate::assert_no_alloc) does with a closure.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::GuardExt as _;
    /// # use std::{pin::pin, task::{Context, Poll, Waker}};
    ///
    /// let sum = async { 2 + 2 }.no_alloc();
    /// # let polled = pin!(sum).poll(&mut Context::from_waker(Waker::noop()));
    /// // sum.await
    /// # let Poll::Ready(sum) = polled else { unreachable!() };
    /// assert_eq!(sum, 4);
    /// ```
    #[inline(always)]
    #[track_caller]
    fn no_alloc(self) -> Guarded<Self> {
        label_making::<Self>();
        Guarded::new(self, NoAlloc::new(Place::unnamed()))
    }

    /// Runs each poll in a region in which the thread must not wait in the kernel, as [`no_blocking`](crate::no_blocking()) does
    /// with a closure: an executor's threads are for tasks that are ready.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::GuardExt as _;
    /// # use std::{pin::pin, task::{Context, Poll, Waker}};
    ///
    /// let text = async { String::from("it may allocate") }.no_blocking();
    /// # let polled = pin!(text).poll(&mut Context::from_waker(Waker::noop()));
    /// // text.await
    /// # let Poll::Ready(text) = polled else { unreachable!() };
    /// assert_eq!(text, "it may allocate");
    /// ```
    #[track_caller]
    fn no_blocking(self) -> Guarded<Self, NoBlocking> {
        Guarded::new(self, NoBlocking::new(Place::unnamed()))
    }

    /// Runs each poll in a permit, as [`permit_alloc`](crate::permit_alloc()) does with a closure.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{GuardExt as _, PermitDrop};
    /// # use std::{pin::pin, task::{Context, Poll, Waker}};
    ///
    /// let list = async { PermitDrop::new(vec![1, 2, 3]) }.permit_alloc();
    /// let length = async { list.await.len() }.no_alloc();
    /// # let polled = pin!(length).poll(&mut Context::from_waker(Waker::noop()));
    /// // length.await
    /// # let Poll::Ready(length) = polled else { unreachable!() };
    /// assert_eq!(length, 3);
    /// ```
    fn permit_alloc(self) -> Guarded<Self, Permitted> {
        Guarded::new(self, Permitted::new())
    }

    /// Counts what all polls together ask of the allocator; the future resolves to the counts and its output.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::GuardExt as _;
    /// # use std::{hint::black_box, pin::pin, task::{Context, Poll, Waker}};
    ///
    /// let boxed = async { black_box(Box::new(7_u64)) }.count_alloc();
    /// # let polled = pin!(boxed).poll(&mut Context::from_waker(Waker::noop()));
    /// // boxed.await
    /// # let Poll::Ready((counts, boxed)) = polled else { unreachable!() };
    /// assert_eq!(counts.bytes().get(), qadapt::is_active().then_some(8));
    /// # drop(boxed);
    /// ```
    #[track_caller]
    fn count_alloc(self) -> Guarded<Self, Counted> {
        Guarded::new(self, Counted::new(Place::unnamed(), false))
    }

    /// The same, and counts the system calls of all polls in which the thread may wait, as
    /// [`count_blocking`](crate::count_blocking()) does with a closure.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::GuardExt as _;
    /// # use std::{pin::pin, task::{Context, Poll, Waker}};
    ///
    /// let yields = async { std::thread::yield_now() }.count_blocking();
    /// # let polled = pin!(yields).poll(&mut Context::from_waker(Waker::noop()));
    /// // yields.await
    /// # let Poll::Ready((counts, ())) = polled else { unreachable!() };
    /// assert_eq!(counts.calls().get(), qadapt::is_blocking_watched().then_some(1));
    /// ```
    #[track_caller]
    fn count_blocking(self) -> Guarded<Self, Counted> {
        Guarded::new(self, Counted::new(Place::unnamed(), true))
    }
}

impl<F: Future> GuardExt for F {}

impl Policy {
    /// Watches a future (or a stream, a sink, a reader, a writer) poll by poll: a [`Guarded`].
    ///
    /// A budget is one for all polls together. Sampling decides at the first poll, for all of them. A panic is due at
    /// the end of the poll that violated the policy.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Budget, Policy};
    /// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
    ///
    /// const ONE_BUFFER: Policy = Policy::new().name("handler").budget(Budget::new().requests(1));
    ///
    /// let handler = ONE_BUFFER.wrap(async { vec![0_u8; 64] });
    /// # let mut handler = pin!(handler);
    /// # let Poll::Ready(buffer) = handler.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { unreachable!() };
    /// // let buffer = handler.await;
    /// assert_eq!(buffer.len(), 64);
    /// ```
    #[inline(always)]
    #[track_caller]
    pub fn wrap<T>(self, inner: T) -> Guarded<T, Policed> {
        label_making::<T>();
        Guarded::new(inner, Policed::new(self))
    }
}

/// Tells the prover that something is watched from here on. What attributes make of an `async fn` leaves a record instead.
#[inline(always)]
fn label_making<T>() {
    #[cfg(qadapt_marks)]
    if !checks::ON {
        mark::made::<T>();
    }
}

/// What `#[allocate_panic]` makes of an `async fn`.
#[doc(hidden)]
pub const fn guard_future<F: Future>(place: Place, inner: F) -> Guarded<F> {
    Guarded::new(inner, NoAlloc::new(place))
}

/// What `#[nonblocking]` makes of an `async fn`.
#[doc(hidden)]
pub const fn no_blocking_future<F: Future>(place: Place, inner: F) -> Guarded<F, NoBlocking> {
    Guarded::new(inner, NoBlocking::new(place))
}

/// What `#[permit_alloc]` makes of an `async fn`.
#[doc(hidden)]
pub const fn permit_future<F: Future>(inner: F) -> Guarded<F, Permitted> {
    Guarded::new(inner, Permitted::new())
}

/// What `#[allocate_panic]` with options makes of an `async fn`.
#[doc(hidden)]
pub const fn policy_future<F: Future>(
    policy: &'static Policy,
    place: Place,
    inner: F,
) -> Guarded<F, Policed> {
    Guarded::new(inner, Policed::at(*policy, place))
}

/// Makes the future that a function returns.
#[doc(hidden)]
#[inline(always)]
pub fn made<F>(make: impl FnOnce() -> F) -> F {
    make()
}

/// Makes the box of a guarded future. Since the future has a size, no other one leaves in its place, behind a `dyn`.
#[doc(hidden)]
#[inline(always)]
pub fn pinned<F>(make: impl FnOnce() -> Pin<Box<F>>) -> Pin<Box<F>> {
    make()
}

/// What `#[count_alloc]` makes of an `async fn`: its one call site is its own place.
#[doc(hidden)]
pub async fn count_future<F: Future>(place: Place, inner: F) -> F::Output {
    let (counts, output) = Guarded::new(inner, Counted::new(place, false)).await;
    if counts.is_measured() {
        call_sites::add(place, place.location, counts);
    }
    output
}
