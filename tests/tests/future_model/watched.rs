//! A future that is watched by the guard, and by the model.

use std::future::Future;
use std::mem::{self, ManuallyDrop};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::thread;

use fastrand::Rng;
use qadapt::{Counted, Counts, CountsHandle, GuardExt as _, Guarded, NoAlloc, Permitted, Policed};

use crate::context::{self, Context, Rules, Totals};

/// A value in memory that is never given back, so that dropping it is none of the events that are compared.
struct Kept<T: ?Sized + 'static>(&'static mut T);

impl<T> Kept<T> {
    fn new(value: T) -> Self {
        Self(Box::leak(Box::new(value)))
    }
}

impl<T: ?Sized> Kept<T> {
    fn pinned(&mut self) -> Pin<&mut T> {
        // SAFETY: the value is this one's alone, which never moves it, and its memory is never used again.
        unsafe { Pin::new_unchecked(self.0) }
    }
}

impl<T: ?Sized> Drop for Kept<T> {
    fn drop(&mut self) {
        // SAFETY: the value is this one's alone and is not used afterwards.
        unsafe { std::ptr::drop_in_place(self.0) };
    }
}

impl<T: Future + ?Sized> Future for Kept<T> {
    type Output = T::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<T::Output> {
        self.pinned().poll(task)
    }
}

type Inner = Kept<dyn Future<Output = ()> + Send>;

/// The guard's side.
enum Guard {
    NoAlloc(Kept<Guarded<Inner, NoAlloc>>),
    Permitted(Kept<Guarded<Inner, Permitted>>),
    Policed(Kept<Guarded<Inner, Policed>>),
    /// The handle is never dropped: giving back its memory would be an event.
    Counted(Kept<Guarded<Inner, Counted>>, ManuallyDrop<CountsHandle>),
}

/// A future in a random wrapper, whose every poll is compared with the model's.
pub(crate) struct Watched(Kept<State>);

struct State {
    guard: Option<Guard>,
    rules: Rules,
    totals: Totals,
    drop_inside: bool,
    random: Rng,
}

impl Watched {
    pub(crate) fn new(inner: impl Future<Output = ()> + Send + 'static, random: &mut Rng) -> Self {
        let inner: Inner = Kept(Box::leak(Box::new(inner)));
        let rules = Rules::random(random);
        let drop_inside = random.usize(..2) == 0;
        let guard = match random.usize(..6) {
            0 | 1 => Guard::NoAlloc(Kept::new(inside(inner.no_alloc(), drop_inside))),
            2 => Guard::Permitted(Kept::new(inside(inner.permit_alloc(), drop_inside))),
            3 | 4 => Guard::Policed(Kept::new(inside(rules.policy.wrap(inner), drop_inside))),
            _ => {
                let mut counted = inside(inner.count_alloc(), drop_inside);
                let handle = ManuallyDrop::new(counted.handle());
                Guard::Counted(Kept::new(counted), handle)
            }
        };
        let random = Rng::with_seed(random.u64(..));
        Self(Kept::new(State { guard: Some(guard), rules, totals: Totals::default(), drop_inside, random }))
    }

    pub(crate) fn pinned(&mut self) -> Pin<&mut Self> {
        Pin::new(self)
    }
}

impl Future for Watched {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        self.0.0.poll(task)
    }
}

fn inside<T, W: qadapt::Watch>(guarded: Guarded<T, W>, drop_inside: bool) -> Guarded<T, W> {
    if drop_inside { guarded.drop_inside() } else { guarded }
}

impl State {
    fn poll(&mut self, task: &mut Task<'_>) -> Poll<()> {
        let Self { guard, rules, totals, random, .. } = self;
        let guard = guard.as_mut().expect("it is dropped last");
        let poll = match guard {
            Guard::NoAlloc(future) => {
                let before = context::with(Context::enter_plain);
                let outcome = catch_unwind(AssertUnwindSafe(|| future.pinned().poll(task)));
                let owed = context::with(|context| context.leave(before));
                settle(owed, true, outcome, random)
            }
            Guard::Permitted(future) => {
                let before = context::with(Context::enter_permit);
                let outcome = catch_unwind(AssertUnwindSafe(|| future.pinned().poll(task)));
                context::with(|context| context.leave_permit(before));
                settle(0, false, outcome, random)
            }
            Guard::Policed(future) => {
                let before = context::with(|context| context.enter_policy(rules));
                let outcome = catch_unwind(AssertUnwindSafe(|| future.pinned().poll(task)));
                let owed = context::with(|context| context.leave_policy(before, rules));
                settle(owed, true, outcome, random)
            }
            Guard::Counted(future, handle) => {
                context::with(|context| context.enter_count(*totals));
                let outcome = catch_unwind(AssertUnwindSafe(|| future.pinned().poll(task)));
                *totals = context::with(Context::leave_count);
                compare_counts(&handle.counts(), totals);
                // It is no region: what is owed is owed by the one around it.
                let poll = settle(0, false, outcome, random);
                poll.map(|poll| poll.map(|(counts, ())| compare_counts(&counts, totals)))
            }
        };
        context::compare("after a poll");
        poll.unwrap_or(Poll::Pending)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let Self { guard, rules, totals, drop_inside, .. } = self;
        let Some(guard) = guard.take() else { return };
        if !*drop_inside {
            drop(guard);
            return;
        }
        context::with(|context| context.seen.drops_inside += 1);
        // What a drop owes is logged.
        match guard {
            Guard::NoAlloc(future) => {
                let before = context::with(Context::enter_plain);
                drop(future);
                context::with(|context| context.leave(before));
            }
            Guard::Permitted(future) => {
                let before = context::with(Context::enter_permit);
                drop(future);
                context::with(|context| context.leave_permit(before));
            }
            Guard::Policed(future) => {
                let before = context::with(|context| context.enter_policy(rules));
                drop(future);
                context::with(|context| context.leave_policy(before, rules));
            }
            Guard::Counted(future, handle) => {
                context::with(|context| context.enter_count(*totals));
                drop(future);
                *totals = context::with(Context::leave_count);
                compare_counts(&handle.counts(), totals);
            }
        }
        context::compare("after a drop inside");
    }
}

fn compare_counts(counts: &Counts, totals: &Totals) {
    if totals.panicked {
        return;
    }
    context::with(|context| context.seen.counted += 1);
    for (what, measured, expected) in [
        ("allocs", counts.allocs(), totals.allocs),
        ("reallocs", counts.reallocs(), totals.reallocs),
        ("deallocs", counts.deallocs(), totals.deallocs),
        ("failed", counts.failed(), totals.failed),
        ("bytes", counts.bytes(), totals.asked),
        ("freed bytes", counts.freed_bytes(), totals.freed),
        ("peak", counts.peak_bytes(), totals.high.unsigned_abs()),
        ("peak blocks", counts.peak_blocks(), totals.high_blocks.unsigned_abs()),
    ] {
        context::same(what, measured.get().unwrap_or(u64::MAX), expected);
    }
    let net = counts.net_bytes().get().unwrap_or(i64::MAX);
    context::same("net", net.cast_unsigned(), totals.live.cast_unsigned());
}

/// Looks whether what has closed panicked as it owed; a panic of the future itself goes on or ends here.
pub(crate) fn settle<R>(owed: u64, can_owe: bool, outcome: thread::Result<R>, random: &mut Rng) -> Option<R> {
    match outcome {
        Ok(result) => {
            let panics = u64::from(can_owe && owed > 0);
            context::same("panics of what owed", 0, panics);
            Some(result)
        }
        // Freeing a payload would be an event.
        Err(payload) if payload.is::<()>() => {
            mem::forget(payload);
            if random.usize(..2) == 0 {
                resume_unwind(Box::new(()));
            }
            None
        }
        Err(payload) => {
            context::with(|context| {
                context.seen.panics += 1;
                context.panicked();
            });
            context::same("panics of what owed nothing", u64::from(!can_owe || owed == 0), 0);
            mem::forget(payload);
            None
        }
    }
}
