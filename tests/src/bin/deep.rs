//! Regions in regions in regions: what `tests/linear.rs` counts the instructions of.
// expect: run budgets budgets 2000
// expect: stdout level 0
// expect: run ends ends 2000
// expect: stdout level 0
// expect: run more-entries-than-there-is-room-for entries 70000
// expect: stdout level 0
// expect: times 3 is not watched: 65472 regions are open on this thread already
// expect: off exit 0

use std::env;
use std::hint::black_box;
use std::panic::catch_unwind;

use qadapt::{
    Budget, Mode, Policy, QADAPT, assert_no_alloc, enter_protected, exit_protected, protection_level,
};
use qadapt_tests::force::alloc_and_free;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const COUNT: Policy = Policy::new().mode(Mode::Count);

/// A budget in a budget, and an event in each.
fn budgets(depth: u64) {
    if depth > 0 {
        COUNT.budget(Budget::new().requests(1_000_000)).run(|| {
            alloc_and_free(8);
            budgets(black_box(depth - 1));
        });
    }
}

/// Guards of which the oldest ends first, and then the newest.
fn ends(count: u64) {
    let mut guards: Vec<_> = (0..count).map(|_| Some(COUNT.enter())).collect();
    for guard in guards.iter_mut().take(1) {
        drop(guard.take());
    }
    for guard in guards.iter_mut().rev() {
        drop(guard.take());
    }
}

/// More entries than a thread has room for; each has its exit, which ends no other one.
fn entries(count: u64) {
    (0..count).for_each(|_| enter_protected());
    let most = protection_level();
    assert_no_alloc(|| {
        enter_protected();
        exit_protected();
    });
    assert_eq!(protection_level(), most);
    for left in (0..count).rev() {
        exit_protected();
        let level = usize::try_from(left).map_or(most, |left| left.min(most));
        assert_eq!(protection_level(), level, "{left} are left");
    }
    assert_eq!(catch_unwind(exit_protected).is_err(), qadapt::is_active());
}

fn run(case: &str, depth: u64) {
    match case {
        "budgets" => budgets(depth),
        "ends" => ends(depth),
        "entries" => entries(depth),
        other => panic!("no case {other}"),
    }
}

#[inline(never)]
fn counted_from_here(case: &str, depth: u64) {
    run(case, depth);
    black_box(case);
}

fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [case, depth] = arguments.as_slice() else { panic!("a case and a depth") };
    let depth = depth.parse().expect("a number");
    // 8,000 regions in one another need more than the main thread's stack in a build without optimisation.
    let code = {
        let case = case.clone();
        move || {
            // What is made once is not counted.
            run(&case, 1);
            counted_from_here(&case, depth);
            println!("level {}", protection_level());
        }
    };
    std::thread::Builder::new().stack_size(64 << 20).spawn(code).expect("a thread").join().expect("no panic");
}
