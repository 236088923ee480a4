//! Guarded futures polled by hand: what goes on at the entry of each poll and comes off at its exit.
//!
//! Alone because its allocator is the guard around the plain counting one.

mod counts;
mod drops;
mod wrapper;

use std::cell::{Cell, RefCell};
use std::future::{Future, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;

use qadapt::{
    GuardExt as _, Mode, Policy, Qadapt, assert_no_alloc, is_active, permit_alloc, protection_level,
    take_violations, violations,
};
use qadapt_tests::force::{alloc_and_free, force_alloc, leak};
use qadapt_tests::polled::{Ledgered, Yield, finish, poll_once};
use qadapt_tests::reference::{Counting, Ledger};

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
