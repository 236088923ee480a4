//! What is open ends by itself alone, in any order and place: each kind of misuse once.
//!
//! Alone in its process because it sets the process's mode and its hook.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::{mem, thread};

use qadapt::{
    Budget, GuardExt as _, Mode, Ops, Policy, QADAPT, RegionGuard, assert_no_alloc, count_alloc,
    enter_protected, exit_protected, permit_alloc, protection_level, violations,
};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const COUNT: Policy = Policy::new().mode(Mode::Count);
const LOG: Policy = Policy::new().mode(Mode::Log);

/// Runs a test where the guard watches, on a thread that has nothing open before and after.
fn test(body: impl FnOnce() + Send) {
    if !qadapt_tests::watching("a test of open regions") {
        return;
    }
    qadapt::set_mode(Mode::Count);
    thread::scope(|scope| {
        let tested = scope.spawn(|| {
            body();
            assert_eq!(protection_level(), 0, "something outlived what opened it");
            assert_eq!(violated(event), 0, "something outlived what opened it");
        });
        tested.join().expect("a test that passes");
    });
}

/// An allocation and a deallocation.
fn event() {
    drop(black_box(Box::new(black_box(7_u64))));
}

/// The violations of a body.
fn violated(body: impl FnOnce()) -> u64 {
    let before = violations();
    body();
    violations() - before
}

#[test]
fn a_guard_that_left_its_closure_has_ended_with_it() {
    test(|| {
        let budget = Budget::new().requests(1_000_000);
        let escaped = COUNT.budget(budget).run(|| COUNT.name("escaped").enter());
        let younger = COUNT.allow(Ops::ALL).name("younger").enter();
        assert_eq!(violated(event), 0);
        drop(escaped);
        assert_eq!(violated(event), 0);
        drop(younger);
    });
}

#[test]
fn guards_of_three_levels_end_in_any_order_elsewhere() {
    // Each order in which three guards can end inside a fourth region.
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        test(move || {
            let mut guards = [const { None::<RegionGuard> }; 3];
            guards[0] = Some(COUNT.budget(Budget::new().requests(9)).enter());
            COUNT.allow(Ops::DEALLOC).budget(Budget::new().requests(1)).run(|| {
                guards[1] = Some(COUNT.name("second").enter());
                assert_no_alloc(|| {
                    guards[2] = Some(COUNT.allow(Ops::ALL).forbid().enter());
                    for place in order {
                        drop(guards[place].take());
                    }
                    assert_eq!(violated(event), 2, "the closure is open: {order:?}");
                });
                // The budget of the region around, of which the two events above used one.
                assert_eq!(violated(|| (0..3).for_each(|_| event())), 3, "{order:?}");
            });
        });
    }
}

#[test]
fn forgotten_guards_end_with_their_closure_or_their_thread() {
    test(|| {
        assert_no_alloc(|| {
            mem::forget(COUNT.forbid().enter());
            permit_alloc(|| assert_eq!(violated(event), 2));
        });
        // Without a closure: with the thread.
        let ended = thread::spawn(|| {
            mem::forget(COUNT.enter());
            enter_protected();
            protection_level()
        });
        assert_eq!(ended.join().expect("no panic"), 2);
        assert_eq!(thread::spawn(|| violated(event)).join().expect("no panic"), 0);
    });
}

#[test]
fn a_thread_that_ends_inside_a_region_unwinds_it() {
    test(|| {
        let ended =
            thread::spawn(|| COUNT.run(|| assert_no_alloc(|| std::panic::resume_unwind(Box::new(1)))));
        assert!(ended.join().is_err());
    });
}

/// A future that is pending once.
struct Once(bool);

impl Future for Once {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[test]
fn guards_in_tasks_of_one_thread_do_not_mix() {
    test(|| {
        // Held over an await, as in a task of a `LocalSet`: the second begins when the first is in its middle.
        let task = |policy: Policy| async move {
            let guard = policy.enter();
            Once(false).await;
            drop(guard);
        };
        let (mut first, mut second) = (pin!(task(COUNT.forbid())), pin!(task(COUNT.allow(Ops::ALLOC))));
        let context = &mut Context::from_waker(Waker::noop());
        assert!(first.as_mut().poll(context).is_pending());
        assert!(second.as_mut().poll(context).is_pending());
        assert!(first.as_mut().poll(context).is_ready());
        assert_eq!(violated(event), 1, "the second is open and allows allocations");
        assert!(second.as_mut().poll(context).is_ready());
        // Guarded, each guard has ended with its poll.
        let mut guarded = pin!(task(COUNT).no_alloc());
        assert!(guarded.as_mut().poll(context).is_pending());
        assert_eq!(protection_level(), 0);
        assert!(guarded.as_mut().poll(context).is_ready());
    });
}

thread_local! {
    /// What the hook does on this thread.
    static IN_HOOK: Cell<Option<fn()>> = const { Cell::new(None) };
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

fn with_hook(hook: fn(), body: impl FnOnce()) {
    static SET: Mutex<()> = Mutex::new(());
    let _set = SET.lock();
    qadapt::set_violation_hook(|_| {
        if let Some(act) = IN_HOOK.get() {
            CALLS.set(CALLS.get() + 1);
            act();
        }
    });
    IN_HOOK.set(Some(hook));
    CALLS.set(0);
    body();
    IN_HOOK.set(None);
}

/// One violation that is reported, and so calls the hook.
fn report() {
    LOG.run(|| mem::forget(black_box(Box::new(black_box(1_u64)))));
}

#[test]
fn regions_of_a_hook_end_nothing_of_its_thread() {
    test(|| {
        with_hook(
            || assert_no_alloc(event),
            || {
                let guard = COUNT.allow(Ops::DEALLOC).budget(Budget::new().requests(2)).enter();
                enter_protected();
                report();
                assert_eq!(CALLS.get(), 1);
                assert_eq!(protection_level(), 2);
                assert_eq!(violated(event), 2);
                exit_protected();
                assert_eq!(
                    violated(event),
                    1,
                    "the budget of 2 was used by the report's region and the event above"
                );
                guard.exit();
            },
        );
    });
}

#[test]
fn what_a_hook_leaves_open_is_not_shown_to_it() {
    test(|| {
        with_hook(
            || {
                mem::forget(LOG.enter());
                event();
            },
            || {
                report();
                assert_eq!(CALLS.get(), 1);
            },
        );
    });
}

#[test]
fn what_a_hook_counts_is_not_counted_around_it() {
    test(|| {
        with_hook(
            || {
                let (counts, ()) = count_alloc(|| (0..5).for_each(|_| event()));
                assert_eq!(counts.allocs(), 5);
            },
            || {
                let (counts, ()) = count_alloc(|| {
                    event();
                    report();
                    event();
                });
                assert_eq!(CALLS.get(), 1);
                assert_eq!((counts.allocs().get(), counts.deallocs().get()), (Some(3), Some(2)));
                assert_eq!(counts.peak_bytes(), 16);
            },
        );
    });
}

#[test]
fn a_hooks_budget_is_not_its_futures() {
    test(|| {
        with_hook(
            || COUNT.budget(Budget::new().requests(9)).run(|| (0..5).for_each(|_| event())),
            || {
                let policy = Policy::new().mode(Mode::Log).budget(Budget::new().requests(2));
                let mut watched = pin!(policy.wrap(async {
                    // Its deallocation is a violation, which is told at the end of the poll.
                    event();
                    Once(false).await;
                    let kept = Cell::new(None);
                    assert_eq!(violated(|| kept.set(Some(black_box(Box::new(1))))), 0, "the second of 2");
                    permit_alloc(|| drop(kept));
                }));
                let context = &mut Context::from_waker(Waker::noop());
                assert!(watched.as_mut().poll(context).is_pending());
                assert_eq!(CALLS.get(), 1);
                assert!(watched.as_mut().poll(context).is_ready());
            },
        );
    });
}

#[test]
fn a_permit_that_nobody_forbids_any_more_hides_budgets() {
    test(|| {
        let guard = COUNT.allow(Ops::DEALLOC).budget(Budget::new().requests(1)).enter();
        let forbids = RefCell::new(Some(COUNT.allow(Ops::ALL).forbid().enter()));
        permit_alloc(|| {
            drop(forbids.take());
            let inner = COUNT.allow(Ops::DEALLOC).budget(Budget::new().requests(3));
            assert_eq!(violated(|| inner.run(|| (0..3).for_each(|_| event()))), 0);
        });
        assert_eq!(violated(event), 0, "what the permit covers is not taken off the budget");
        assert_eq!(violated(event), 1);
        guard.exit();
    });
}

#[cfg(not(miri))]
mod stacks {
    use corosensei::{Coroutine, CoroutineResult, Yielder};

    use super::{
        Budget, COUNT, Mode, Ops, Policy, assert_no_alloc, count_alloc, event, permit_alloc,
        protection_level, test, violated,
    };

    type Stack = Coroutine<(), (), ()>;

    /// A stack whose code has come to its first pause.
    fn paused(code: impl FnOnce(&Yielder<(), ()>) + 'static) -> Stack {
        let mut stack = Coroutine::new(move |pause: &Yielder<(), ()>, ()| code(pause));
        assert!(matches!(stack.resume(()), CoroutineResult::Yield(())));
        stack
    }

    fn finish(stack: &mut Stack) {
        assert!(matches!(stack.resume(()), CoroutineResult::Return(())));
    }

    #[test]
    fn regions_of_two_stacks_end_in_the_order_in_which_they_opened() {
        const FORBIDS: Policy = COUNT.allow(Ops::ALL).forbid();
        test(|| {
            let mut stack = paused(|pause| FORBIDS.run(|| pause.suspend(())));
            FORBIDS.run(|| {
                finish(&mut stack);
                drop(stack);
                assert_eq!(protection_level(), 1);
            });
        });
        test(|| {
            let mut stack = paused(|pause| {
                let (counts, ()) = count_alloc(|| {
                    pause.suspend(());
                    event();
                });
                assert_eq!(counts.allocs(), 2);
            });
            let (counts, ()) = count_alloc(|| {
                event();
                finish(&mut stack);
                event();
            });
            assert_eq!(counts.allocs(), 3);
        });
    }

    #[test]
    fn a_budget_is_exact_where_a_permit_of_another_stack_ends_inside() {
        test(|| {
            let outer = COUNT.allow(Ops::DEALLOC).budget(Budget::new().requests(2)).enter();
            let mut stack = paused(|pause| {
                permit_alloc(|| {
                    (0..3).for_each(|_| COUNT.budget(Budget::new()).allow(Ops::DEALLOC).run(event));
                    pause.suspend(());
                });
            });
            let inner = COUNT.allow(Ops::DEALLOC).budget(Budget::new().requests(2));
            inner.run(|| {
                assert_eq!(violated(event), 0);
                finish(&mut stack);
                assert_eq!(violated(event), 0, "the second of 2 in both");
                assert_eq!(violated(event), 1);
            });
            outer.exit();
        });
    }

    #[test]
    fn a_stack_that_is_dropped_in_a_region_ends_it() {
        test(|| {
            let stack = paused(|pause| assert_no_alloc(|| COUNT.run(|| pause.suspend(()))));
            assert_eq!(protection_level(), 2);
            drop(stack);
        });
    }

    #[test]
    fn what_stays_inexact_with_stacks() {
        // Two equal policies on the fast path leave no record: the end of the first takes off what both set.
        test(|| {
            let mut stack = paused(|pause| COUNT.run(|| pause.suspend(())));
            COUNT.run(|| {
                finish(&mut stack);
                assert!(protection_level() <= 1);
            });
        });
        // A guard ends with the closure that is innermost when it is made, whatever stack that is on.
        test(|| {
            let base = COUNT.allow(Ops::ALL).mode(Mode::Count).enter();
            let mut stack = paused(|pause| assert_no_alloc(|| pause.suspend(())));
            let guard = COUNT.enter();
            finish(&mut stack);
            assert_eq!(protection_level(), 0, "the guard has ended with the other stack's closure");
            drop(guard);
            drop(base);
        });
    }
}

#[test]
fn a_full_table_is_said_and_what_has_no_room_ends_well() {
    if cfg!(miri) {
        return;
    }
    test(|| {
        let guards: Vec<_> = (0..66_000).map(|_| COUNT.enter()).collect();
        // No room: not watched, and balanced all the same.
        assert_no_alloc(|| COUNT.run(|| permit_alloc(enter_protected)));
        assert_eq!(protection_level(), 1, "the guards are open");
        for guard in guards.into_iter().rev() {
            drop(guard);
        }
        assert_eq!(COUNT.run(|| violated(event)), 2);
    });
}
