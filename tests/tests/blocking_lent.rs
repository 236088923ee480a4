//! Budgets and counts of system calls that regions inside one another lend to other threads.
//!
//! Alone in its process because it installs the guard, whose handler of `SIGSYS` the tests below depend on.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use qadapt::{Budget, Calls, GuardExt as _, Mode, Ops, Policy, PolicyToken, QADAPT, permit_alloc};
use qadapt_tests::calling::{call, calls, most, on_another, seen, sleep};
use qadapt_tests::watching_calls;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Runs a body under a lent policy on another thread, and waits for it where no region sees that.
fn there(token: PolicyToken, body: impl FnOnce() + Send) {
    on_another(|| token.run(body));
}

#[test]
fn a_permit_hides_what_borrowers_call_too() {
    if !watching_calls() {
        return;
    }
    // The outer one still has its call.
    let inside = || permit_alloc(|| most(2).run(|| there(Policy::current(), || calls(2))));
    assert_eq!(seen(|| most(1).run(|| (inside(), calls(1)).1)), 0);
    // So does what has no record.
    qadapt::set_mode(Mode::Count);
    let plain = seen(|| qadapt::no_blocking(|| qadapt::count_alloc(inside).1));
    assert_eq!(plain, 0);
}

#[test]
fn what_one_region_allows_is_off_the_budgets_of_the_others_alone() {
    if !watching_calls() {
        return;
    }
    let lends = |sleeps: usize, here: usize, elsewhere: usize| {
        seen(|| {
            most(5).run(|| {
                most(2).allow_calls(Calls::SLEEP).run(|| {
                    let token = Policy::current();
                    (0..sleeps).for_each(|_| sleep());
                    calls(here);
                    there(token, || calls(elsewhere));
                });
            });
        })
    };
    assert_eq!(lends(2, 1, 1), 0);
    assert_eq!(lends(2, 1, 2), 1);
    // Four of the outer one's have been used: a borrower has one.
    assert_eq!(lends(4, 0, 2), 1);
    // A borrower's own region disallows what it may do by its lender.
    let own = |token: PolicyToken| there(token, || (most(5).run(|| calls(3)), sleep()).1);
    assert_eq!(seen(|| most(1).allow_calls(Calls::YIELD).run(|| own(Policy::current()))), 0);
}

#[test]
fn what_an_inner_region_lends_is_off_the_outer_budgets() {
    if !watching_calls() {
        return;
    }
    // The outer one has lent its own, too.
    let both = || {
        let outer = Policy::current();
        most(2).run(|| there(Policy::current(), || calls(2)));
        there(outer, || calls(2));
    };
    assert_eq!(seen(|| most(2).run(both)), 2);
    // The inner one has a budget of memory, and no word on calls.
    let memory = Policy::new().allow(Ops::ALL).mode(Mode::Count).budget(Budget::new().bytes(1 << 30));
    let inner = || {
        let token = Policy::current();
        calls(1);
        there(token, || calls(2));
        calls(2);
    };
    assert_eq!(seen(|| most(3).run(|| memory.run(inner))), 2);
    // A borrower lends on what it has with a region of its own.
    let further = || most(5).run(|| there(Policy::current(), || calls(2)));
    let chain = || (there(Policy::current(), || (further(), calls(1)).1), calls(1)).1;
    assert_eq!(seen(|| most(2).run(chain)), 2);
}

#[test]
fn a_future_that_goes_away_has_what_borrowers_called() {
    let lent = Arc::new(Mutex::new(None));
    let keeps = Arc::clone(&lent);
    let mut future = std::future::poll_fn(move |_| {
        calls(1);
        *keeps.lock().expect("nobody panics with it") = Some(Policy::current());
        Poll::<()>::Pending
    })
    .count_blocking();
    let handle = future.handle();
    let mut future = Box::pin(future);
    assert!(Future::poll(future.as_mut(), &mut Context::from_waker(Waker::noop())).is_pending());
    let token = lent.lock().expect("nobody panics with it").expect("it was polled");
    there(token, || calls(2));
    drop(future);
    assert_eq!(handle.counts().calls().get(), watching_calls().then_some(3));
}

#[test]
fn a_borrower_may_call_what_one_region_names_and_another_has_the_class_of() {
    if !watching_calls() {
        return;
    }
    let named = most(0).allow_calls(Calls::named("sched_yield"));
    let classes = most(0).allow_calls(Calls::YIELD | Calls::SLEEP);
    for (outer, inner) in [(named, classes), (classes, named)] {
        let lends = |body: fn()| seen(|| outer.run(|| inner.run(|| there(Policy::current(), body))));
        assert_eq!(lends(|| calls(1)), 0);
        assert_eq!(lends(sleep), 1);
    }
}

#[test]
fn a_borrower_may_call_in_one_class_what_one_region_names() {
    if !watching_calls() {
        return;
    }
    let named = most(0).allow_calls(Calls::named("read").union(Calls::named("sched_yield")));
    let class = most(0).allow_calls(Calls::FILE | Calls::named("sched_yield"));
    let mut program = File::open("/proc/self/exe").expect("the program lies there");
    let (mut pipe, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(b"1234").expect("it has room");
    for (outer, inner) in [(named, class), (class, named)] {
        let lends = |body: &mut (dyn FnMut() + Send)| {
            seen(|| outer.run(|| inner.run(|| there(Policy::current(), body))))
        };
        assert_eq!(lends(&mut || program.read_exact(&mut [0]).expect("it has a byte")), 0);
        assert_eq!(lends(&mut || pipe.read_exact(&mut [0]).expect("it has a byte")), 1);
        assert_eq!(lends(&mut call), 0);
    }
}
