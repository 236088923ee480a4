//! What is counted where a policy is lent.

use qadapt::{Budget, Counts, Mode, Policy, PolicyToken, count_alloc, take_violations, uncounted};
use qadapt_tests::force::{alloc_and_free, force_alloc};
use qadapt_tests::watching;
use qadapt_tests::worker::{Worker, beside};

use crate::{ROOM, THREE, lend, nested, reports};

#[test]
fn counts_include_the_workers() {
    if !watching("counts of workers") {
        return;
    }
    let _room = ROOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let work = |token: PolicyToken, _: &Worker| {
        alloc_and_free(1000); // not under the policy
        token.run(|| {
            alloc_and_free(24);
            drop(force_alloc(8));
        });
    };
    let ((counts, ()), _) = beside(work, |worker| {
        count_alloc(|| {
            drop(force_alloc(5));
            lend(worker);
        })
    });
    assert_eq!(
        counts.to_string(),
        "3 allocs, 0 reallocs, 3 deallocs, 0 failed, 37 bytes, 37 freed bytes, 24 peak bytes, 1 peak blocks"
    );

    // Through a region inside; and a counting region that opens after the loan leaves the worker's out.
    let ((outer, inner), _) = beside(work, |worker| {
        count_alloc(|| {
            Policy::new().mode(Mode::Count).run(|| {
                let token = Policy::current();
                let (inner, ()) = count_alloc(|| {
                    worker.start(token);
                    worker.step();
                });
                inner
            })
        })
    });
    assert_eq!(outer.allocs(), 2);
    assert_eq!(inner.allocs(), 0);
}

#[test]
fn a_loan_made_while_counting_lasts_as_long_as_its_region() {
    if !watching("loans that outlive a counting region") {
        return;
    }
    let work = |token: PolicyToken, worker: &Worker| {
        token.run(|| {
            worker.step();
            alloc_and_free(24);
        });
    };
    let (lender, worker) = reports(work, |worker| {
        Policy::new().name("around").run(|| {
            let (counts, ()) = count_alloc(|| worker.start(Policy::current()));
            assert_eq!(counts.allocs(), 0);
            worker.step();
            worker.step();
        });
    });
    assert_eq!(worker, None);
    assert!(lender.is_some_and(|report| report.contains("`around`")));
}

/// What is counted, and what a budget of two requests says to one request there and one here, where a worker does this with the
/// token.
fn told(work: fn(PolicyToken)) -> (Counts, u64) {
    let _room = ROOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let work = |token: PolicyToken, _: &Worker| work(token);
    let ((counts, ()), _) = beside(work, |worker| count_alloc(|| lend(worker)));
    let _ = take_violations();
    let budget = THREE.budget(Budget::new().requests(2)).mode(Mode::Count);
    let lent = |worker: &Worker| {
        lend(worker);
        alloc_and_free(8);
    };
    let _ = beside(work, |worker| budget.run(|| lent(worker)));
    (counts, take_violations())
}

#[test]
fn tokens_of_one_lender_inside_each_other_count_and_spend_once() {
    if !watching("tokens inside each other") {
        return;
    }
    let again: [fn(PolicyToken); 5] = [
        |token| token.run(|| alloc_and_free(24)),
        |token| token.run(|| token.run(|| token.run(|| alloc_and_free(24)))),
        |token| {
            token.run(|| {
                let own = Policy::current();
                token.run(|| own.run(|| alloc_and_free(24)));
            });
        },
        // Below the first worker's token a second one runs what that lends on.
        |token| {
            let further = |own: PolicyToken, _: &Worker| token.run(|| own.run(|| alloc_and_free(24)));
            let _ = beside(further, |worker| token.run(|| lend(worker)));
        },
        // Two workers lend on, and a third runs both.
        |token| {
            let both = |one: PolicyToken, worker: &Worker| {
                let third = |other: PolicyToken, _: &Worker| one.run(|| other.run(|| alloc_and_free(24)));
                worker.step();
                let _ = beside(third, |third| token.run(|| lend(third)));
                worker.step();
            };
            let _ = beside(both, |worker| {
                token.run(|| {
                    worker.start(Policy::current());
                    worker.step();
                    worker.step();
                    worker.step();
                });
            });
        },
    ];
    for (case, work) in again.into_iter().enumerate() {
        let (counts, violations) = told(work);
        assert_eq!(
            counts.to_string(),
            "1 allocs, 0 reallocs, 1 deallocs, 0 failed, 24 bytes, 24 freed bytes, 24 peak bytes, 1 peak blocks",
            "case {case}"
        );
        assert_eq!(violations, 0, "case {case}");
    }
    // What runs outside of a token again is counted by the next one.
    let (counts, _) = told(|token| {
        token.run(|| {
            uncounted(|| {
                alloc_and_free(100);
                token.run(|| alloc_and_free(24));
            });
            token.run(|| alloc_and_free(8));
        });
    });
    assert_eq!((counts.allocs().get(), counts.bytes().get()), (Some(2), Some(32)));
}

#[test]
fn what_a_worker_counts_itself_it_is_told_and_the_lender_too() {
    if !watching("counts of a worker that lends on") {
        return;
    }
    let (counts, _) = told(|token| {
        let further = |own: PolicyToken, _: &Worker| own.run(|| alloc_and_free(24));
        let ((own, ()), _) = beside(further, |worker| token.run(|| count_alloc(|| lend(worker))));
        assert_eq!(own.allocs(), 1);
    });
    assert_eq!(counts.allocs(), 1);
}

#[test]
fn what_runs_one_after_the_other_has_the_peak_of_the_highest() {
    if !watching("peaks of workers") {
        return;
    }
    let (counts, _) = told(|token| (0..100).for_each(|_| token.run(|| alloc_and_free(24))));
    assert_eq!((counts.peak_bytes().get(), counts.peak_blocks().get()), (Some(24), Some(1)));
    // What one leaves alive lives beside the next.
    let (counts, _) = told(|token| {
        let kept = token.run(|| force_alloc(100));
        token.run(|| alloc_and_free(24));
        token.run(|| drop(kept));
        token.run(|| alloc_and_free(24));
    });
    assert_eq!((counts.peak_bytes().get(), counts.peak_blocks().get()), (Some(124), Some(2)));
    // Side by side the peaks add up, and what comes after them begins anew.
    let (counts, _) = told(|token| {
        let beside_it = |token: PolicyToken, _: &Worker| token.run(|| alloc_and_free(24));
        let _ = beside(beside_it, |worker| {
            token.run(|| {
                alloc_and_free(8);
                worker.start(token);
                worker.step();
            });
        });
        token.run(|| alloc_and_free(24));
    });
    assert_eq!((counts.peak_bytes().get(), counts.peak_blocks().get()), (Some(32), Some(2)));
}

#[test]
fn what_a_worker_cannot_count_leaves_the_lender_unmeasured() {
    if !watching("a worker without room") {
        return;
    }
    let (counts, _) = told(|token| token.run(|| nested(64, &mut |_| ())));
    assert!(!counts.is_measured(), "{counts}");
    let (counts, _) = told(|token| token.run(|| nested(63, &mut |_| ())));
    assert_eq!(counts.allocs(), 0);
}
