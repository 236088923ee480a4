//! Guarded futures polled by hand: what goes on at the entry of each poll and comes off at its exit.
//!
//! Alone because its allocator is the guard around the plain counting one.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending, ready};
use std::marker::PhantomPinned;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::ptr::NonNull;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;

use qadapt::{
    Budget, Counted, GuardExt as _, Guarded, Mode, Permitted, Policed, Policy, Qadapt, assert_no_alloc,
    count_alloc, is_active, permit_alloc, protection_level, take_violations, violations,
};
use qadapt_tests::force::{alloc_and_free, force_alloc, leak};
use qadapt_tests::polled::{Ledgered, Yield, finish, poll_once};
use qadapt_tests::reference::{Counting, Ledger};
use qadapt_tests::watching;

#[global_allocator]
static ALLOC: Qadapt<Counting> = Qadapt::new(Counting);

const COUNT: Policy = Policy::new().mode(Mode::Count);

/// The levels seen where the guard watches, zeros where it does not.
#[track_caller]
fn assert_levels<const N: usize>(seen: [usize; N], expected: [usize; N]) {
    assert_eq!(seen, if is_active() { expected } else { [0; N] });
}

/// The report of a panic, if it panicked.
fn report(body: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(body)).err()?;
    Some(payload.downcast_ref::<String>().cloned().expect("a report is a text"))
}

/// The violations of this thread in a body.
fn violated(body: impl FnOnce()) -> u64 {
    let before = violations();
    body();
    violations() - before
}

/// Allocates and frees in three polls, and keeps memory between them.
async fn busy() -> usize {
    let mut kept = vec![force_alloc(100)];
    Yield::default().await;
    kept.push(force_alloc(30));
    drop(kept.swap_remove(0));
    Yield::default().await;
    kept[0].reserve_exact(500);
    leak(7);
    kept.len()
}

#[test]
fn the_level_is_up_in_polls_only() {
    let mut future = pin!(
        async {
            let first = protection_level();
            Yield::default().await;
            [first, protection_level()]
        }
        .no_alloc()
    );
    assert!(poll_once(future.as_mut()).is_pending());
    assert_eq!(protection_level(), 0);
    assert_eq!(violated(|| leak(1)), 0);
    let Poll::Ready(seen) = poll_once(future.as_mut()) else { panic!("two polls are enough") };
    assert_levels(seen, [1, 1]);
    assert_eq!(protection_level(), 0);
}

#[test]
fn the_violating_poll_panics_at_its_end_with_site_name_and_number() {
    let ended = Cell::new(false);
    let mut future = pin!(Policy::new().name("renders").mode(Mode::Panic).wrap(async {
        Yield::default().await;
        leak(24);
        ended.set(true);
        Yield::default().await;
        5
    }));
    assert!(poll_once(future.as_mut()).is_pending());
    let report = report(|| assert!(poll_once(future.as_mut()).is_pending()));
    assert_eq!(protection_level(), 0);
    assert_eq!(report.is_some(), is_active());
    if let Some(report) = report {
        assert!(report.contains("allocation of 24 bytes"), "{report}");
        assert!(report.contains(concat!(file!(), ":")), "{report}");
        assert!(report.contains("poll 2 of the protected future `renders`"), "{report}");
        // A poll that panicked has run to its end, and the future goes on from there.
        assert_eq!(poll_once(future.as_mut()), Poll::Ready(5));
    }
    assert!(ended.get(), "the poll ran to its end first");
}

#[test]
fn a_panic_in_a_poll_goes_through_and_leaves_nothing_open() {
    for owes in [false, true] {
        let mut future = pin!(
            async {
                Yield::default().await;
                if owes {
                    leak(3);
                }
                panic_any(17_u8);
            }
            .no_alloc()
        );
        assert!(poll_once(future.as_mut()).is_pending());
        let payload = catch_unwind(AssertUnwindSafe(|| poll_once(future.as_mut()))).expect_err("it panics");
        assert_eq!(payload.downcast_ref(), Some(&17_u8), "the future's own panic");
        assert_eq!(protection_level(), 0);
        assert_eq!(violated(|| leak(1)), 0);
    }
}

#[test]
fn counts_equal_the_ledgers_over_all_polls() {
    let (counts, (ledger, kept)) = finish(pin!(Ledgered::new(busy()).count_alloc()));
    assert_eq!(kept, 1);
    let vec = size_of::<Vec<u8>>() as u64;
    assert_eq!((ledger.allocs, ledger.reallocs, ledger.freed), (4, 2, 100 + vec + 30 + 500 + vec * 4));
    assert_eq!(Ledger::of(&counts), is_active().then_some(ledger));
}

#[test]
fn a_future_moves_between_threads_from_poll_to_poll() {
    const MOVES: usize = 50;
    let future = Ledgered::new(async {
        let mut kept = Vec::new();
        let mut levels = 0;
        for round in 0..MOVES {
            kept.push(force_alloc(10 + round));
            if round % 3 == 0 {
                drop(kept.swap_remove(0));
            }
            levels += protection_level();
            Yield::default().await;
        }
        levels
    });
    // Each in a box: it is the thread that moves, the future is pinned.
    let mut future = Box::pin(COUNT.wrap(future.count_alloc()));
    let (mut threads, mut polls, mut violations) = (std::collections::HashSet::new(), 0, 0);
    let (counts, (ledger, levels)) = loop {
        let (poll, more, id, sent_back) = thread::spawn(move || {
            let poll = poll_once(future.as_mut());
            let more = take_violations();
            assert_eq!(protection_level(), 0);
            leak(9);
            assert_eq!(take_violations(), 0);
            (poll, more, thread::current().id(), future)
        })
        .join()
        .expect("a poll that counts does not panic");
        future = sent_back;
        violations += more;
        polls += 1;
        threads.insert(id);
        if let Poll::Ready(output) = poll {
            break output;
        }
    };
    assert_eq!((threads.len(), polls), (MOVES + 1, MOVES + 1));
    assert_eq!(Ledger::of(&counts), is_active().then_some(ledger));
    let events = ledger.allocs + ledger.reallocs + ledger.deallocs;
    assert_eq!(violations, if is_active() { events } else { 0 });
    assert_levels([levels], [MOVES]);
}

#[test]
fn polls_nest() {
    let inner = async {
        let level = protection_level();
        Yield::default().await;
        alloc_and_free(5);
        [level, protection_level()]
    };
    let outer = async {
        // Polled to its end within one poll of the outer one, in a permit of its own, and then protected again.
        let permitted = finish(pin!(COUNT.wrap(inner).permit_alloc()));
        let nested = finish(pin!(
            async {
                Yield::default().await;
                [protection_level(), permit_alloc(protection_level)]
            }
            .no_alloc()
        ));
        (permitted, nested, [protection_level()])
    };
    let mut future = pin!(outer.no_alloc());
    let mut output = None;
    let seen = violated(|| {
        let outcome = catch_unwind(AssertUnwindSafe(|| output = Some(poll_once(future.as_mut()))));
        assert!(outcome.is_ok(), "what a permit covers is counted, and owes nothing");
    });
    let Some(Poll::Ready((permitted, nested, after))) = output else { panic!("ready at once") };
    assert_levels(permitted, [1, 1]);
    assert_levels(nested, [2, 0]);
    assert_levels(after, [1]);
    // The counting policy inside the permit counts its two events.
    assert_eq!(seen, if is_active() { 2 } else { 0 });
}

/// A future whose poll is in a future's poll: neither sees the other's counts twice or not at all.
#[test]
fn outer_counts_include_inner_ones() {
    let outer = async {
        leak(11);
        let mut inner = Box::pin(Ledgered::new(busy()).count_alloc());
        assert!(poll_once(inner.as_mut()).is_pending());
        Yield::default().await;
        let (counts, (ledger, _)) = finish(inner.as_mut());
        (counts, ledger)
    };
    let (counts, (ledger, (inner_counts, inner_ledger))) = finish(pin!(Ledgered::new(outer).count_alloc()));
    assert_eq!(Ledger::of(&counts), is_active().then_some(ledger));
    assert_eq!(Ledger::of(&inner_counts), is_active().then_some(inner_ledger));
    assert_eq!(ledger.allocs, inner_ledger.allocs + 2);
}

#[test]
fn a_thread_local_destructor_can_poll() {
    type Kept = Pin<Box<dyn Future<Output = [usize; 2]>>>;
    struct PollsLate {
        future: Option<Kept>,
        report: mpsc::Sender<(u64, [usize; 2], usize)>,
    }
    impl Drop for PollsLate {
        fn drop(&mut self) {
            let mut future = self.future.take().expect("kept until now");
            let before = violations();
            let Poll::Ready(seen) = poll_once(future.as_mut()) else { return };
            let _ = self.report.send((violations() - before, seen, protection_level()));
        }
    }
    thread_local! {
        static LATE: RefCell<Option<PollsLate>> = const { RefCell::new(None) };
    }

    let (report, reports) = mpsc::channel();
    thread::spawn(move || {
        let mut future: Kept = Box::pin(COUNT.wrap(async {
            let first = protection_level();
            Yield::default().await;
            leak(6);
            [first, protection_level()]
        }));
        assert!(poll_once(future.as_mut()).is_pending());
        LATE.set(Some(PollsLate { future: Some(future), report }));
    })
    .join()
    .expect("the thread ends well");
    let (violations, levels, after) = reports.recv().expect("the destructor ran");
    assert_levels(levels, [1, 1]);
    assert_eq!((violations, after), (u64::from(is_active()), 0));
}

#[test]
fn a_budget_is_one_for_all_polls() {
    let budget = Budget::new().requests(3).bytes(300).peak_bytes(150);
    let spends = |sizes: [usize; 5], keep: bool| {
        let mut future = Box::pin(COUNT.budget(budget).wrap(async move {
            let mut kept = [const { None }; 5];
            for (slot, size) in kept.iter_mut().zip(sizes) {
                let block = (size > 0).then(|| force_alloc(size));
                *slot = block.filter(|_| keep);
                Yield::default().await;
            }
        }));
        let mut seen = Vec::new();
        loop {
            // Another thread each time: the budget goes with the future.
            let (poll, more, sent_back) = thread::spawn(move || {
                let poll = poll_once(future.as_mut());
                (poll, take_violations(), future)
            })
            .join()
            .expect("counting panics nowhere");
            seen.push(more);
            if poll.is_ready() {
                return seen;
            }
            future = sent_back;
        }
    };
    // Each deallocation is a violation of its own. A request over the budget gets its memory, and uses the budget too.
    for (sizes, keep, expected) in [
        ([1, 1, 1, 1, 0], false, [1, 1, 1, 2, 0, 0]),
        ([150, 100, 51, 50, 0], false, [1, 1, 2, 2, 0, 0]),
        ([100, 51, 50, 1, 0], true, [0, 1, 1, 1, 0, 4]),
    ] {
        let seen = spends(sizes, keep);
        if !is_active() {
            assert!(seen.iter().all(|&violations| violations == 0));
            continue;
        }
        assert_eq!(seen, expected, "{sizes:?}");
    }
}

#[test]
fn a_handle_reads_the_counts_of_a_cancelled_future() {
    let (sender, receiver) = mpsc::channel();
    let handle = {
        let mut counted = async {
            leak(40);
            Yield::default().await;
            alloc_and_free(60);
            pending::<()>().await;
        }
        .count_alloc();
        let handle = counted.handle();
        let mut counted = Box::pin(counted);
        if is_active() {
            assert_eq!(handle.counts().allocs(), 0, "before the first poll");
        }
        assert!(poll_once(counted.as_mut()).is_pending());
        if is_active() {
            assert_eq!(handle.counts().bytes(), 40, "between two polls");
        }
        let other = handle.clone();
        thread::spawn(move || {
            assert!(poll_once(counted.as_mut()).is_pending());
            sender.send(other.counts()).expect("the test waits");
            // Cancelled here, on the other thread.
        });
        handle
    };
    let elsewhere = receiver.recv().expect("polled");
    let counts = handle.counts();
    assert_eq!(counts.is_measured(), is_active());
    if is_active() {
        assert_eq!(counts, elsewhere);
        assert_eq!((counts.allocs().get(), counts.deallocs().get()), (Some(2), Some(1)));
        assert_eq!((counts.net_bytes().get(), counts.peak_bytes().get()), (Some(40), Some(100)));
    }
}

#[test]
fn counts_include_a_poll_that_panicked() {
    let mut counted = async {
        leak(5);
        Yield::default().await;
        leak(6);
        panic_any(1);
    }
    .count_alloc();
    let handle = counted.handle();
    let mut counted = Box::pin(counted);
    assert!(poll_once(counted.as_mut()).is_pending());
    assert!(catch_unwind(AssertUnwindSafe(|| poll_once(counted.as_mut()))).is_err());
    if watching("a count that ends in a panic") {
        // The payload and the machinery come on top.
        assert!(handle.counts().bytes() >= 11, "{handle:?}");
        assert!(handle.counts().allocs() > 2, "{handle:?}");
    }
}

/// Frees memory and says at which level.
struct Frees<'a> {
    block: Vec<u8>,
    level: &'a Cell<Option<usize>>,
}

impl Drop for Frees<'_> {
    fn drop(&mut self) {
        drop(std::mem::take(&mut self.block));
        self.level.set(Some(protection_level()));
    }
}

#[test]
fn the_drop_is_outside_unless_it_is_asked_in() {
    for (inside, polls) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
        let level = Cell::new(None);
        let frees = Frees { block: force_alloc(8), level: &level };
        let future = COUNT.wrap(async move {
            pending::<()>().await;
            drop(frees);
        });
        let seen = violated(|| {
            let mut future = pin!(if inside { future.drop_inside() } else { future });
            for _ in 0..polls {
                assert!(poll_once(future.as_mut()).is_pending());
            }
        });
        let expected = usize::from(inside && is_active());
        assert_eq!((level.get(), seen), (Some(expected), expected as u64), "{inside} after {polls} polls");
    }
}

/// The drop inside owes a panic, which a drop must not raise: it is logged, and nothing stays open.
#[test]
fn a_drop_inside_never_panics() {
    let level = Cell::new(None);
    let frees = Frees { block: force_alloc(8), level: &level };
    let future = async move { drop(frees) }.no_alloc().drop_inside();
    let seen = violated(|| drop(future));
    assert_levels([level.get().expect("dropped")], [1]);
    assert_eq!((seen, protection_level()), (u64::from(is_active()), 0));
}

#[test]
fn counts_of_a_drop_inside_reach_the_handle() {
    let block = force_alloc(33);
    let mut counted = async move { drop(block) }.count_alloc().drop_inside();
    let handle = counted.handle();
    drop(counted);
    if is_active() {
        assert_eq!(handle.counts().freed_bytes(), 33);
    }
}

/// Says at compile time whether a type has a trait: an inherent function hides the trait's where it exists.
macro_rules! has {
    ($bound:path: $type:ty) => {{
        #[allow(dead_code, reason = "hidden where the bound holds")]
        trait No {
            const HAS: bool = false;
        }
        impl<T: ?Sized> No for T {}
        struct Of<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "there only where the bound holds")]
        impl<T: ?Sized + $bound> Of<T> {
            const HAS: bool = true;
        }
        <Of<$type>>::HAS
    }};
}

/// Where the inner type has them, and where it has not.
#[test]
fn send_sync_and_unpin_follow_the_inner_type() {
    macro_rules! assert_follows {
        ($inner:ty, $send:literal, $sync:literal, $unpin:literal) => {
            assert_follows!($inner, $send, $sync, $unpin, qadapt::NoAlloc);
            assert_follows!($inner, $send, $sync, $unpin, Permitted);
            assert_follows!($inner, $send, $sync, $unpin, Counted);
            assert_follows!($inner, $send, $sync, $unpin, Policed);
        };
        ($inner:ty, $send:literal, $sync:literal, $unpin:literal, $watch:ty) => {
const _: () = assert!(has!(Send: Guarded<$inner, $watch>) == $send);
const _: () = assert!(has!(Sync: Guarded<$inner, $watch>) == $sync);
const _: () = assert!(has!(Unpin: Guarded<$inner, $watch>) == $unpin);
        };
    }
    assert_follows!(u8, true, true, true);
    assert_follows!(Cell<u8>, true, false, true);
    assert_follows!(std::sync::MutexGuard<'static, u8>, false, true, true);
    assert_follows!(std::rc::Rc<u8>, false, false, true);
    assert_follows!((u8, PhantomPinned), true, true, false);
}

#[test]
fn a_wrapper_is_a_few_words_larger() {
    fn words<T, W: qadapt::Watch>(_: &Guarded<T, W>) -> usize {
        (size_of::<Guarded<T, W>>() - size_of::<T>()).div_ceil(size_of::<usize>())
    }

    let inner = || async {
        let block = [1_u8; 100];
        Yield::default().await;
        std::hint::black_box(&block);
    };
    let sizes = [
        ("no_alloc", words(&inner().no_alloc()), 7),
        ("permit_alloc", words(&inner().permit_alloc()), 1),
        ("count_alloc", words(&inner().count_alloc()), 19),
        ("wrap", words(&Policy::new().wrap(inner())), 23),
    ];
    println!("words more than the inner future: {sizes:?}");
    for (what, words, most) in sizes {
        // Figures have 64 bits everywhere.
        let most = most * size_of::<u64>() / size_of::<usize>();
        assert!(words <= most, "{what}: {words} words");
    }
}

/// A wrapped future asks for no memory of its own, pinned on the stack or in a box.
#[test]
fn pinning_on_the_stack_takes_no_memory() {
    if !watching("what pinning takes") {
        return;
    }
    let inner = || async {
        let sum = std::hint::black_box([1_u64; 20]);
        Yield::default().await;
        sum.iter().sum::<u64>()
    };
    let (on_the_stack, sum) = count_alloc(|| {
        finish(pin!(inner().no_alloc()))
            + finish(pin!(inner().permit_alloc()))
            + finish(pin!(COUNT.wrap(inner())))
            + finish(pin!(inner().count_alloc())).1
    });
    assert_eq!((on_the_stack.allocs().get(), sum), (Some(0), 80));
    let (boxed, sum) = count_alloc(|| finish(Box::pin(inner().no_alloc()).as_mut()));
    assert_eq!((boxed.allocs().get(), boxed.deallocs().get(), sum), (Some(1), Some(1), 20));
}

/// Holds a pointer to itself from its first poll on.
#[derive(Default)]
struct PointsAtItself {
    number: u32,
    own: Option<NonNull<u32>>,
    _pinned: PhantomPinned,
}

impl Future for PointsAtItself {
    type Output = bool;

    #[expect(unsafe_code, reason = "a pinned future that knows its own address")]
    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<bool> {
        // SAFETY: nothing is moved out.
        let this = unsafe { self.get_unchecked_mut() };
        let own = NonNull::from(&this.number);
        match this.own.replace(own) {
            None => Poll::Pending,
            Some(before) => Poll::Ready(before == own),
        }
    }
}

#[test]
fn a_future_that_points_at_itself_stays_where_it_is() {
    assert!(finish(pin!(PointsAtItself::default().no_alloc())));
    assert!(finish(pin!(PointsAtItself::default().permit_alloc().no_alloc())));
    assert!(finish(Box::pin(COUNT.wrap(PointsAtItself::default())).as_mut()));
    assert!(finish(pin!(PointsAtItself::default().count_alloc())).1);
    // The compiler's own: a reference into the future's own state, across a poll.
    let sum = finish(pin!(
        async {
            let numbers = std::hint::black_box([1, 2, 3]);
            let last = &numbers[2];
            Yield::default().await;
            numbers[0] + *last
        }
        .no_alloc()
    ));
    assert_eq!(sum, 4);
}

#[test]
fn sampling_decides_for_all_polls() {
    let levels: Vec<_> = (0..6)
        .map(|_| {
            finish(pin!(COUNT.sample(3).wrap(async {
                let first = protection_level();
                Yield::default().await;
                [first, protection_level()]
            })))
        })
        .collect();
    for (entry, seen) in levels.into_iter().enumerate() {
        let level = usize::from(entry % 3 == 0);
        assert_levels(seen, [level, level]);
    }
}

#[test]
fn a_region_around_a_poll_is_not_closed_by_it() {
    let mut future = pin!(
        async {
            Yield::default().await;
            alloc_and_free(4);
        }
        .count_alloc()
    );
    let mut seen = [0; 2];
    let report = report(|| {
        assert_no_alloc(|| {
            assert!(poll_once(future.as_mut()).is_pending());
            seen[0] = protection_level();
            assert!(poll_once(future.as_mut()).is_ready());
            seen[1] = protection_level();
        });
    });
    assert_levels(seen, [1, 1]);
    // It is the outer region that reports what the poll inside it did.
    assert_eq!(report.is_some(), is_active());
    assert!(report.is_none_or(|report| !report.contains("poll ")));
}

/// The attribute's futures are the same wrapper.
#[qadapt::no_alloc]
async fn attributed(size: usize) -> usize {
    Yield::default().await;
    if size > 0 {
        leak(size);
    }
    protection_level()
}

#[test]
fn the_attribute_wraps_too() {
    assert_levels([finish(pin!(attributed(0)))], [1]);
    let mut future = pin!(attributed(12));
    assert!(poll_once(future.as_mut()).is_pending());
    let report = report(|| assert!(poll_once(future.as_mut()).is_ready()));
    assert_eq!(report.is_some(), is_active());
    if let Some(report) = report {
        assert!(report.contains("allocation of 12 bytes"), "{report}");
        assert!(report.contains("poll 2 of the protected future `"), "{report}");
        assert!(report.contains("attributed"), "{report}");
    }
}

#[test]
fn a_future_that_is_ready_at_once_is_polled_once() {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(ready(3).no_alloc());
    assert_eq!(future.as_mut().poll(&mut context), Poll::Ready(3));
}
