//! Policies that are lent to other threads.
//!
//! Alone in its process because it installs the guard around the system's allocator, and because one test takes all the
//! room that there is for loans.

#[path = "lending/counts.rs"]
mod counts;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Barrier, Mutex};
use std::{hint, thread};

use qadapt::{
    Budget, Mode, Ops, Policy, PolicyToken, QADAPT, assert_no_alloc, count_alloc, enter_protected,
    exit_protected, permit_alloc, protection_level, take_violations,
};
use qadapt_tests::force::alloc_and_free;
use qadapt_tests::watching;
use qadapt_tests::worker::{Worker, beside};

/// Three requests for memory, and any number of frees.
const THREE: Policy = Policy::new().name("three").allow(Ops::DEALLOC).budget(Budget::new().requests(3));

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Held by every test: there is room for 64 loans in the whole process.
static ROOM: Mutex<()> = Mutex::new(());

/// The text of the panic that the closure ends with, if it does.
fn report_of(body: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(body)).err()?;
    Some(*payload.downcast::<String>().expect("the guard panics with text"))
}

/// Lends what is open, and waits until the worker is done.
fn lend(worker: &Worker) {
    worker.start(Policy::current());
    worker.step();
}

/// What the lender and the worker report of one run.
fn reports(
    work: impl FnOnce(PolicyToken, &Worker) + Send,
    lender: impl FnOnce(&Worker),
) -> (Option<String>, Option<String>) {
    let _room = ROOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    beside(work, |worker| report_of(|| lender(worker)))
}

/// The region is closed: what it had left is the borrower's own budget, also on the thread that lent it.
#[test]
fn a_budget_that_comes_late_binds_on_its_lenders_thread_too() {
    if !watching("what is lent and used late") {
        return;
    }
    let _room = ROOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let token = THREE.mode(Mode::Count).run(Policy::current);
    let _ = take_violations();
    token.run(|| (0..10).for_each(|_| alloc_and_free(24)));
    assert_eq!(take_violations(), 7);
}

#[test]
fn a_workers_violation_is_the_lenders() {
    if !watching("what a worker does") {
        return;
    }
    let work = |token: PolicyToken, _: &Worker| token.run(|| alloc_and_free(24));
    let (lender, worker) = reports(work, |worker| assert_no_alloc(|| lend(worker)));
    assert_eq!(worker, None);
    let report = lender.expect("the lender panics");
    assert!(report.contains("allocation of 24 bytes"), "{report}");
    assert!(report.contains("in a protected region, on a thread that its policy was lent to"), "{report}");
    assert!(report.contains("lending.rs"), "{report}");

    let (lender, worker) = reports(work, |worker| {
        Policy::new().name("hall").run(|| lend(worker));
    });
    assert_eq!(worker, None);
    assert!(lender.is_some_and(|report| report.contains("region `hall`, on a thread")));
}

#[test]
fn guards_and_manual_regions_lend_too() {
    if !watching("guards that lend") {
        return;
    }
    let work = |token: PolicyToken, _: &Worker| token.run(|| alloc_and_free(24));
    let (lender, worker) = reports(work, |worker| {
        let outer = Policy::new().name("outer").mode(Mode::Count).enter();
        let inner = Policy::new().name("inner").enter();
        lend(worker);
        inner.exit();
        outer.exit();
    });
    assert_eq!(worker, None);
    assert!(lender.is_some_and(|report| report.contains("`inner`")));
    let (lender, worker) = reports(work, |worker| {
        enter_protected();
        lend(worker);
        exit_protected();
    });
    assert_eq!(worker, None);
    assert!(lender.is_some_and(|report| report.contains("24 bytes")));
}

#[test]
fn a_region_inside_the_lender_is_not_the_lender() {
    if !watching("regions inside the lender") {
        return;
    }
    let work = |token: PolicyToken, _: &Worker| token.run(|| alloc_and_free(24));
    let mut inner = None;
    let (lender, _) = reports(work, |worker| {
        Policy::new().name("outer").run(|| {
            let token = Policy::current();
            inner = report_of(|| {
                Policy::new().name("inner").run(|| {
                    worker.start(token);
                    worker.step();
                });
            });
        });
    });
    assert_eq!(inner, None);
    assert!(lender.is_some_and(|report| report.contains("`outer`")));
}

#[test]
fn a_worker_that_outlives_the_lender_reports_itself() {
    if !watching("a lender that closes first") {
        return;
    }
    let work = |token: PolicyToken, worker: &Worker| {
        token.run(|| {
            alloc_and_free(24);
            worker.step();
            worker.step();
        });
    };
    let (lender, worker) = reports(work, |worker| {
        assert_no_alloc(|| {
            worker.start(Policy::current());
            worker.step();
        });
        worker.step();
        worker.step();
    });
    assert_eq!(lender, None);
    let report = worker.expect("its own edge acts");
    assert!(report.contains("24 bytes") && !report.contains("lent to"), "{report}");
    // A token that is used later is a region of its own from the start.
    let token = assert_no_alloc(Policy::current);
    let report = report_of(|| token.run(|| alloc_and_free(25))).expect("it panics");
    assert!(report.contains("25 bytes"), "{report}");
}

#[test]
fn a_budget_is_shared() {
    if !watching("budgets of workers") {
        return;
    }
    let twice = |token: PolicyToken, _: &Worker| {
        token.run(|| {
            alloc_and_free(8);
            alloc_and_free(8);
        });
    };
    let lend_after_one = |worker: &Worker| {
        alloc_and_free(8);
        lend(worker);
    };
    let (lender, worker) = reports(twice, |worker| THREE.run(|| lend_after_one(worker)));
    assert_eq!((lender, worker), (None, None));
    // The lender's own requests come off what is left, before and after.
    let (lender, worker) = reports(twice, |worker| {
        THREE.run(|| {
            lend_after_one(worker);
            alloc_and_free(9);
        });
    });
    assert_eq!(worker, None);
    let report = lender.expect("it is one too many");
    assert!(report.contains("allocation of 9 bytes") && report.contains("over the budget"), "{report}");
    let (lender, _) = reports(
        |token, _| token.run(|| (0..3).for_each(|_| alloc_and_free(7))),
        |worker| THREE.run(|| lend_after_one(worker)),
    );
    let report = lender.expect("it is one too many");
    assert!(report.contains("allocation of 7 bytes") && report.contains("lent to"), "{report}");
}

#[test]
fn what_an_inner_region_lends_is_off_the_outer_budgets() {
    if !watching("budgets inside budgets") {
        return;
    }
    let _room = ROOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let count = THREE.mode(Mode::Count);
    let there = |token: PolicyToken, requests: usize| {
        let work = move || token.run(|| (0..requests).for_each(|_| alloc_and_free(9)));
        permit_alloc(|| thread::scope(|scope| scope.spawn(work).join().expect("no panic")));
    };
    let _ = take_violations();
    count.run(|| {
        let outer = Policy::current();
        count.run(|| there(Policy::current(), 3));
        there(outer, 2);
    });
    assert_eq!(take_violations(), 2);
    // A borrower lends on what it has with a region of its own.
    count.run(|| {
        let outer = Policy::current();
        let further = move || outer.run(|| (count.run(|| there(Policy::current(), 2)), alloc_and_free(9)).1);
        permit_alloc(|| thread::scope(|scope| scope.spawn(further).join().expect("no panic")));
        alloc_and_free(9);
    });
    assert_eq!(take_violations(), 1);
}

#[test]
fn what_forbids_permits_here_forbids_them_there() {
    if !watching("permits of workers") {
        return;
    }
    let work = |token: PolicyToken, _: &Worker| token.run(|| permit_alloc(|| alloc_and_free(24)));
    let (lender, _) = reports(work, |worker| assert_no_alloc(|| lend(worker)));
    assert_eq!(lender, None);
    let (lender, _) = reports(work, |worker| Policy::new().forbid().run(|| lend(worker)));
    assert!(lender.is_some_and(|report| report.contains("24 bytes")));
    // Inside a permit nothing is open that could be lent.
    let (lender, worker) = reports(
        |token, _| token.run(|| alloc_and_free(24)),
        |worker| assert_no_alloc(|| permit_alloc(|| lend(worker))),
    );
    assert_eq!((lender, worker), (None, None));
}

#[test]
fn a_token_changes_nothing_after_its_run() {
    if !watching("what a token leaves") {
        return;
    }
    let work = |token: PolicyToken, _: &Worker| {
        let inside = token.run(protection_level);
        assert_eq!((inside, protection_level()), (1, 0));
        let unwound = catch_unwind(|| token.run(|| panic!("{}", "the user's")));
        assert!(unwound.is_err());
        assert_eq!(protection_level(), 0);
        alloc_and_free(24);
        // On top of what the worker has open itself.
        assert_eq!(assert_no_alloc(|| token.run(protection_level)), 2);
    };
    let (lender, worker) = reports(work, |worker| assert_no_alloc(|| lend(worker)));
    assert_eq!((lender, worker), (None, None));
}

#[test]
fn a_workers_violations_count_where_the_lender_is() {
    if !watching("the number of violations") {
        return;
    }
    let _room = ROOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let work = |token: PolicyToken, _: &Worker| {
        token.run(|| alloc_and_free(24));
        assert_eq!(take_violations(), 0);
    };
    let _ = take_violations();
    let ((), worker) = beside(work, |worker| Policy::new().mode(Mode::Count).run(|| lend(worker)));
    assert_eq!((take_violations(), worker), (2, None));
}

#[test]
fn on_the_lenders_own_thread_a_token_adds_nothing() {
    if !watching("a token at home") {
        return;
    }
    let _room = ROOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let report = report_of(|| {
        Policy::new().name("home").run(|| {
            let token = Policy::current();
            token.run(|| alloc_and_free(24));
        });
    });
    let report = report.expect("the region panics");
    assert!(report.contains("region `home`") && !report.contains("lent to"), "{report}");
    let (counts, ()) = count_alloc(|| Policy::current().run(|| alloc_and_free(24)));
    assert_eq!(counts.allocs(), 1);
}

/// A permit hides the budgets round it; what a token protects inside it is held to what was lent.
#[test]
fn inside_a_permit_a_token_has_its_budget_at_home_too() {
    if !watching("a token inside a permit") {
        return;
    }
    let _room = ROOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for (in_token, after, violations) in [(3, 0, 0), (5, 0, 2), (2, 2, 1), (0, 3, 0)] {
        THREE.mode(Mode::Count).run(|| {
            let token = Policy::current();
            permit_alloc(|| token.run(|| (0..in_token).for_each(|_| alloc_and_free(24))));
            (0..after).for_each(|_| alloc_and_free(24));
        });
        assert_eq!(take_violations(), violations, "{in_token} in the token, {after} after it");
    }
}

#[test]
fn a_worker_can_lend_on() {
    if !watching("a worker that lends") {
        return;
    }
    let work = |token: PolicyToken, _: &Worker| {
        let ((), second) =
            beside(|token, _| token.run(|| alloc_and_free(24)), |worker| token.run(|| lend(worker)));
        assert_eq!(second, None);
    };
    let (lender, worker) = reports(work, |worker| assert_no_alloc(|| lend(worker)));
    assert_eq!(worker, None);
    assert!(lender.is_some_and(|report| report.contains("allocation of 24 bytes")));
}

const WORKERS: usize = 3;
const ROUNDS: usize = 2_000;

/// The lender closes whenever it likes: each violation counts on one side, and on one only.
#[test]
fn whoever_is_first_nothing_is_lost_or_told_twice() {
    if !watching("lenders that race with workers") {
        return;
    }
    let _room = ROOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let policy = Policy::new().mode(Mode::Count);
    let token = Mutex::new(None);
    let (start, end) = (Barrier::new(WORKERS + 1), Barrier::new(WORKERS + 1));
    let work = || {
        let mut own = 0;
        for _ in 0..ROUNDS {
            start.wait();
            let token: PolicyToken = token.lock().expect("nobody panics with it").expect("it was put there");
            let _ = take_violations();
            token.run(|| alloc_and_free(8));
            own += take_violations();
            end.wait();
        }
        own
    };
    let _ = take_violations();
    let (lenders, workers) = thread::scope(|scope| {
        let workers = [(); WORKERS].map(|()| scope.spawn(work));
        let mut lenders = 0;
        for round in 0..ROUNDS {
            policy.run(|| {
                *token.lock().expect("nobody panics with it") = Some(Policy::current());
                start.wait();
                (0..round % 64 * 50).for_each(|_| hint::spin_loop());
            });
            lenders += take_violations();
            end.wait();
        }
        (lenders, workers.map(|worker| worker.join().expect("no panic")))
    });
    println!("{lenders} violations at the lender, {workers:?} at the workers");
    assert_eq!(lenders + workers.iter().sum::<u64>(), (2 * WORKERS * ROUNDS) as u64);
}

/// Lends in each of so many regions inside each other, then runs the body in the innermost.
fn nested(depth: usize, body: &mut dyn FnMut(PolicyToken)) {
    assert_no_alloc(|| {
        let token = Policy::current();
        if depth == 1 { body(token) } else { nested(depth - 1, body) }
    });
}

#[test]
fn where_there_is_no_room_the_worker_logs_and_counts_are_unmeasured() {
    if !watching("loans beyond the room") {
        return;
    }
    let work = |token: PolicyToken, _: &Worker| token.run(|| alloc_and_free(24));
    let (lender, worker) = reports(work, |worker| {
        nested(65, &mut |token| {
            worker.start(token);
            worker.step();
        });
    });
    assert_eq!((lender, worker), (None, None));
    let _room = ROOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (counts, ()) = count_alloc(|| nested(65, &mut |_| ()));
    assert!(!counts.is_measured());
    let (counts, ()) = count_alloc(|| nested(64, &mut |_| ()));
    assert_eq!(counts.allocs(), 0);
}
