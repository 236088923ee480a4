//! Budgets of system calls, and counts of them.
//!
//! Alone in its process because it installs the guard, whose handler of `SIGSYS` the tests below depend on.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};
use std::thread;

use qadapt::{Budget, Calls, Counts, GuardExt as _, Mode, Ops, Policy, QADAPT, count_blocking};
use qadapt_tests::calling::{call, calls, most, on_another, seen, sleep};
use qadapt_tests::watching_calls;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[test]
fn what_is_over_the_budget_is_a_violation() {
    if !watching_calls() {
        return;
    }
    assert_eq!(seen(|| most(3).run(|| calls(3))), 0);
    assert_eq!(seen(|| most(3).run(|| calls(5))), 2);
    assert_eq!(seen(|| most(0).run(|| calls(1))), 1);
    // A budget alone watches calls, and leaves allocation as the policy has it.
    let alone = Policy::new().mode(Mode::Count).budget(Budget::new().calls(1));
    assert_eq!(seen(|| alone.run(|| calls(2))), 1);
    assert_eq!(seen(|| alone.run(|| drop(std::hint::black_box(Box::new(1))))), 2);
    assert_eq!(seen(|| most(1).run(|| drop(std::hint::black_box(Box::new(1))))), 0);
    // One of both limits both.
    let both = Policy::new().allow(Ops::DEALLOC).mode(Mode::Count).budget(Budget::new().calls(1).requests(1));
    let twice = || (0..2).for_each(|_| drop(std::hint::black_box(Box::new(1))));
    assert_eq!(seen(|| both.run(|| (twice(), calls(2)))), 2);
    // One of memory says nothing of calls.
    let memory = Policy::no_blocking().mode(Mode::Count).budget(Budget::new().requests(1));
    assert_eq!(seen(|| memory.run(|| calls(1))), 1);
    // A second one takes the place of the first, with all that the first disallowed.
    let replaced = |policy: Policy| policy.budget(Budget::new().calls(1)).budget(Budget::new().requests(1));
    let is_free = replaced(Policy::new().mode(Mode::Count));
    assert_eq!(seen(|| is_free.run(|| calls(2))), 0);
    assert_eq!(seen(|| replaced(Policy::no_blocking().mode(Mode::Count)).run(|| calls(2))), 2);
    let guard = most(1).enter();
    assert_eq!(seen(|| calls(2)), 1);
    drop(guard);
}

#[test]
fn a_report_says_that_it_is_over_budget() {
    if !watching_calls() {
        return;
    }
    let policy = Policy::no_blocking().mode(Mode::Panic).name("turn").budget(Budget::new().calls(1));
    let payload = catch_unwind(AssertUnwindSafe(|| policy.run(|| calls(2)))).expect_err("it panics");
    let report = *payload.downcast::<String>().expect("the guard panics with text");
    let first =
        "qadapt: blocking call of sched_yield (yield), over the budget, in the protected region `turn`\n";
    assert!(report.starts_with(first), "{report}");
}

#[test]
fn each_region_has_its_own() {
    if !watching_calls() {
        return;
    }
    // What is called inside is off the outer one's, too.
    let inside = || most(2).run(|| (most(5).run(|| calls(2)), calls(1)));
    assert_eq!(seen(inside), 1);
    // The outer one has more left than the inner one.
    assert_eq!(seen(|| most(5).run(|| (most(1).run(|| calls(2)), calls(3)).1)), 1);
    assert_eq!(seen(|| most(5).run(|| (most(1).run(|| calls(2)), calls(4)).1)), 2);
    // A region without one disallows all.
    assert_eq!(seen(|| most(5).run(|| Policy::no_blocking().mode(Mode::Count).run(|| calls(2)))), 2);
    assert_eq!(seen(|| Policy::no_blocking().mode(Mode::Count).run(|| most(5).run(|| calls(2)))), 2);
    // What a region allows is not off its budget, but off that of one which does not.
    let sleeps = most(1).allow_calls(Calls::SLEEP);
    assert_eq!(seen(|| sleeps.run(|| (sleep(), sleep(), call()).0)), 0);
    assert_eq!(seen(|| sleeps.run(|| (most(1).run(sleep), call()).1)), 0);
    assert_eq!(seen(|| most(1).run(|| (sleeps.run(sleep), call()).1)), 1);
}

#[test]
fn permits_are_free_unless_they_are_void() {
    if !watching_calls() {
        return;
    }
    let permitted = |number| qadapt::permit_alloc(|| calls(number));
    assert_eq!(seen(|| most(1).run(|| (permitted(5), call()).0)), 0);
    assert_eq!(seen(|| most(1).forbid().run(|| permitted(2))), 1);
    // A region inside the permit, which has its own permit.
    let inside = || qadapt::permit_alloc(|| most(1).run(|| (permitted(3), calls(2)).0));
    assert_eq!(seen(|| most(1).run(|| (inside(), calls(1)).0)), 1);
}

#[test]
fn the_first_entries_warm_up() {
    if !watching_calls() {
        return;
    }
    let policy = Policy::no_blocking().mode(Mode::Count).budget(Budget::new().calls(0).warm_up(2));
    let entries = || (0..4).for_each(|_| policy.run(|| calls(1)));
    assert_eq!(seen(entries), 2);
}

#[test]
fn all_polls_of_a_future_share_one() {
    if !watching_calls() {
        return;
    }
    let mut context = Context::from_waker(Waker::noop());
    let poll = |_: &mut Context<'_>| {
        call();
        Poll::<()>::Pending
    };
    let mut future = Box::pin(most(3).wrap(std::future::poll_fn(poll)));
    let mut once = || assert!(Future::poll(future.as_mut(), &mut context).is_pending());
    assert_eq!(seen(|| (0..2).for_each(|_| once())), 0);
    // On another thread, which is watched from then on.
    let elsewhere = thread::spawn(move || {
        let mut context = Context::from_waker(Waker::noop());
        let mut once = || assert!(Future::poll(future.as_mut(), &mut context).is_pending());
        (seen(&mut once), seen(&mut once), future)
    });
    let (third, fourth, mut future) = elsewhere.join().expect("no panic");
    assert_eq!((third, fourth), (0, 1));
    assert_eq!(seen(|| assert!(Future::poll(future.as_mut(), &mut context).is_pending())), 1);
}

#[test]
fn a_poll_that_unwinds_has_used_its_part() {
    if !watching_calls() {
        return;
    }
    let mut context = Context::from_waker(Waker::noop());
    let mut polls = 0;
    let mut future = Box::pin(most(2).wrap(std::future::poll_fn(move |_| {
        polls += 1;
        calls(2);
        assert!(polls > 1, "the body's own");
        Poll::<()>::Pending
    })));
    let first = seen(|| {
        let polled = catch_unwind(AssertUnwindSafe(|| Future::poll(future.as_mut(), &mut context)));
        assert!(polled.is_err());
    });
    assert_eq!(first, 0);
    assert_eq!(seen(|| assert!(Future::poll(future.as_mut(), &mut context).is_pending())), 2);
}

#[test]
fn a_lent_budget_is_one_for_all() {
    if !watching_calls() {
        return;
    }
    let lends = |before: usize, there: usize, after: usize| {
        seen(|| {
            most(3).run(|| {
                calls(before);
                let token = Policy::current();
                on_another(move || token.run(|| calls(there)));
                calls(after);
            });
        })
    };
    assert_eq!(lends(1, 1, 1), 0);
    assert_eq!(lends(1, 3, 0), 1);
    assert_eq!(lends(0, 3, 1), 1);
    assert_eq!(lends(2, 2, 2), 3);
    // On the lender's own thread.
    assert_eq!(seen(|| most(2).run(|| (Policy::current().run(|| calls(1)), calls(2)).1)), 1);
    // A token outlives its region: then it has what was left.
    let token = most(2).run(|| (call(), Policy::current()).1);
    assert_eq!(thread::spawn(move || seen(|| token.run(|| calls(3)))).join().expect("no panic"), 2);
    // A region that has none lends that it disallows all.
    let plain = seen(|| {
        Policy::no_blocking().mode(Mode::Count).run(|| {
            let token = Policy::current();
            on_another(move || token.run(|| calls(2)));
        });
    });
    assert_eq!(plain, 2);
}

#[test]
fn many_threads_use_one_budget() {
    if !watching_calls() {
        return;
    }
    let over = seen(|| {
        most(100).run(|| {
            let token = Policy::current();
            let turns = move || (0..10).for_each(|_| token.run(|| calls(5)));
            let threads = || thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(turns))));
            qadapt::permit_alloc(threads);
        });
    });
    // Of 200 calls; threads that call at the same moment may all get the last.
    assert!((97..=100).contains(&over), "{over}");
}

#[test]
fn a_region_without_a_record_lends_that_it_allows_nothing() {
    if !watching_calls() {
        return;
    }
    qadapt::set_mode(Mode::Count);
    let lent = seen(|| {
        qadapt::no_blocking(|| {
            let token = Policy::current();
            on_another(move || token.run(|| calls(2)));
        });
    });
    assert_eq!(lent, 2);
}

#[test]
fn a_future_s_budget_is_lent_from_poll_to_poll() {
    if !watching_calls() {
        return;
    }
    let mut context = Context::from_waker(Waker::noop());
    let mut token = None;
    let mut future = Box::pin(most(3).wrap(std::future::poll_fn(move |_| {
        let token = *token.get_or_insert_with(Policy::current);
        on_another(move || token.run(call));
        Poll::<()>::Pending
    })));
    let mut once = || seen(|| assert!(Future::poll(future.as_mut(), &mut context).is_pending()));
    assert_eq!([once(), once(), once(), once()], [0, 0, 0, 1]);
}

mod attributes {
    #[qadapt::nonblocking(budget(calls = 2), mode = "count")]
    pub(super) fn quiet(number: usize) {
        super::calls(number);
        drop(std::hint::black_box(vec![1]));
    }

    #[qadapt::allocate_panic(budget(calls = 1), allow(sleep, dealloc), mode = "count")]
    pub(super) fn still(number: usize) {
        super::sleep();
        super::calls(number);
        drop(std::hint::black_box(vec![1]));
    }
}

#[test]
fn attributes_give_budgets() {
    if !watching_calls() {
        return;
    }
    assert_eq!(seen(|| attributes::quiet(3)), 1);
    // A call and the allocation.
    assert_eq!(seen(|| attributes::still(2)), 2);
}

fn counted<R>(body: impl FnOnce() -> R) -> Option<u64> {
    count_blocking(body).0.calls().get()
}

#[test]
fn calls_are_counted_and_nothing_is_disallowed() {
    if !watching_calls() {
        assert_eq!(counted(call), None);
        return;
    }
    let mut found = None;
    let quiet = seen(|| {
        found = counted(|| {
            calls(2);
            sleep();
            // Cannot wait, or is the allocator's.
            drop(std::fs::metadata("/"));
            drop(std::hint::black_box(vec![1_u8; 64_000_000]));
        });
    });
    assert_eq!((found, quiet), (Some(4), 0));
    let (counts, boxed) = count_blocking(|| (call(), Box::new(7_u64)).1);
    assert_eq!(
        (counts.allocs().get(), counts.bytes().get(), counts.calls().get()),
        (Some(1), Some(8), Some(1))
    );
    drop(boxed);
    // Outer counts include inner ones, permits, regions, and what is not to be counted is not.
    assert_eq!(counted(|| assert_eq!(counted(call), Some(1))), Some(1));
    assert_eq!(counted(|| qadapt::permit_alloc(call)), Some(1));
    assert_eq!(counted(|| most(0).run(|| qadapt::permit_alloc(|| calls(2)))), Some(2));
    assert_eq!(seen(|| assert_eq!(counted(|| most(0).run(call)), Some(1))), 1);
    assert_eq!(seen(|| most(1).run(|| assert_eq!(counted(|| calls(2)), Some(2)))), 1);
    assert_eq!(counted(|| qadapt::uncounted(|| calls(3))), Some(0));
    let inner = || qadapt::uncounted(|| assert_eq!(counted(|| calls(3)), Some(3)));
    assert_eq!(counted(|| (inner(), call()).1), Some(1));
    let unwinding = || {
        call();
        panic!("the body's own");
    };
    let inner = || qadapt::uncounted(|| catch_unwind(|| count_blocking(unwinding).1));
    assert_eq!(counted(|| assert!(inner().is_err())), Some(0));
    // Afterwards nobody counts.
    assert_eq!(seen(call), 0);
    assert_eq!(counted(|| ()), Some(0));
}

/// Calls when it goes away.
struct Calling;

impl Drop for Calling {
    fn drop(&mut self) {
        call();
    }
}

#[test]
fn what_a_panicking_thread_calls_is_counted_and_no_violation() {
    if !watching_calls() {
        return;
    }
    let unwinds = || {
        let unwinding = || {
            let _calling = Calling;
            std::panic::resume_unwind(Box::new("the body's own"));
        };
        assert!(catch_unwind(unwinding).is_err());
    };
    assert_eq!(counted(unwinds), Some(1));
    assert_eq!(seen(|| assert_eq!(counted(|| most(0).run(unwinds)), Some(1))), 0);
    // It is not off the budget either.
    assert_eq!(seen(|| most(1).run(|| (unwinds(), call()).1)), 0);
}

#[test]
fn counts_of_allocation_alone_say_nothing_of_calls() {
    let (counts, ()) = qadapt::count_alloc(call);
    assert_eq!(counts.calls().get(), None);
    assert_ne!(counts.calls(), 0);
    assert_eq!(counts == Counts::default(), qadapt::is_active());
    if watching_calls() {
        let mut inner = None;
        assert_eq!(counted(|| inner = qadapt::count_alloc(call).0.calls().get()), Some(1));
        assert_eq!(inner, None);
    }
}

#[test]
fn counting_is_no_protection_that_is_lent() {
    if !watching_calls() {
        return;
    }
    let lent = || {
        let token = Policy::current();
        on_another(move || token.run(|| calls(2)));
    };
    // Waiting for the thread is counted as well, in a permit or not.
    let alone = counted(|| on_another(|| ())).expect("it is watched");
    let mut found = None;
    assert_eq!(seen(|| found = counted(lent)), 0);
    let found = found.expect("it is watched");
    assert!(found >= 2 + alone.min(1) && found <= alone + 2 + 4, "{found} with {alone}");
}

#[test]
fn a_counted_future_has_the_calls_of_all_polls() {
    let mut context = Context::from_waker(Waker::noop());
    let mut polls = 0;
    let body = std::future::poll_fn(move |_| {
        polls += 1;
        calls(polls);
        if polls < 3 { Poll::Pending } else { Poll::Ready(polls) }
    });
    let mut future = body.count_blocking();
    let handle = future.handle();
    let mut future = Box::pin(future);
    assert!(Future::poll(future.as_mut(), &mut context).is_pending());
    let is_watched = watching_calls();
    assert_eq!(handle.counts().calls().get(), is_watched.then_some(1));
    calls(5);
    assert!(Future::poll(future.as_mut(), &mut context).is_pending());
    let there = thread::spawn(move || Future::poll(future.as_mut(), &mut Context::from_waker(Waker::noop())));
    let Poll::Ready((counts, polls)) = there.join().expect("no panic") else { panic!("three polls are all") };
    assert_eq!((polls, counts.calls().get()), (3, is_watched.then_some(6)));
}

#[test]
fn an_assertion_can_ask_for_calls() {
    let report = |body: &dyn Fn()| {
        let payload = catch_unwind(AssertUnwindSafe(body)).expect_err("the assertion fails");
        *payload.downcast::<String>().expect("it panics with text")
    };
    if !watching_calls() {
        let text = report(&|| qadapt::assert_allocs!((), calls == 0));
        assert!(text.contains("calls        == 0           unmeasured   <- not met"), "{text}");
        return;
    }
    qadapt::assert_allocs!(calls(0), calls == 0, allocs == 0);
    let text = report(&|| qadapt::assert_allocs!(calls(2), calls < 2, deallocs == 0));
    assert!(text.contains("calls        < 2            2            <- not met"), "{text}");
    // An optimiser may make two places of the one.
    assert!(text.contains(" x blocking call of sched_yield (yield) at "), "{text}");
}
