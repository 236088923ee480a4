//! The feature `process-counts`: `metrics` has each violation once, whatever its mode, under its region.
// expect: run figures
// expect: env QADAPT_MODE=count
// expect: stdout Some(3) violations without a region, 76 lost
// expect: never qadapt: allocation of 12 bytes

use std::hint::black_box;
use std::panic::catch_unwind;
use std::thread;

use qadapt::{Counts, Metrics, Mode, Policy, QADAPT, RegionMetrics, metrics};
use qadapt_tests::force::{alloc_and_free, leak};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[qadapt::no_alloc]
fn plain() {
    alloc_and_free(12);
}

#[qadapt::count_alloc]
fn counted(size: usize) {
    leak(size);
}

/// The one region with this name.
fn region(metrics: &Metrics, name: &str) -> RegionMetrics {
    let mut found = metrics.regions().iter().filter(|region| region.name().to_string().ends_with(name));
    let region = found.next().unwrap_or_else(|| panic!("{name} is not in {metrics:?}"));
    assert_eq!(found.next().map(RegionMetrics::violations), None, "{name} is there once");
    *region
}

/// One allocation, at a stack that the digits of `path` choose, of which there are four.
#[inline(never)]
fn descend(path: u32, digits: u32) -> u32 {
    match (digits, black_box(path) % 4) {
        (0, _) => {
            leak(17);
            0
        }
        (_, 0) => way::<0>(path / 4, digits - 1),
        (_, 1) => way::<1>(path / 4, digits - 1),
        (_, 2) => way::<2>(path / 4, digits - 1),
        (_, _) => way::<3>(path / 4, digits - 1),
    }
}

/// A function for each number, which no optimiser takes for another.
#[inline(never)]
fn way<const NUMBER: u32>(path: u32, digits: u32) -> u32 {
    descend(path, digits) + black_box(NUMBER)
}

fn policy(name: &'static str) -> Policy {
    Policy::new().name(name)
}

const NESTED: [&str; 8] = ["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7"];

/// A region in a region for each name, with an allocation before and after the inner one; in the innermost one.
fn nested(names: &[&'static str]) {
    let [name, inner @ ..] = names else { return };
    policy(name).run(|| {
        leak(1);
        nested(inner);
        if !inner.is_empty() {
            leak(1);
        }
    });
}

fn main() {
    let before = metrics();
    assert_eq!(
        (before.violations().get(), before.lost().get(), before.regions().len()),
        (Some(0), Some(0), 0)
    );

    // What is alive: the list that a reader gets is gone again with it.
    let alive = || metrics().counts().net_bytes().get().expect("it is measured");
    let (first, second) = (alive(), alive());
    assert_eq!(first, second);
    leak(777);
    assert_eq!(alive(), first + 777);

    // Mode count, on the fast path of regions, on several threads.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..2).for_each(|_| plain()));
        }
    });
    assert_eq!(region(&metrics(), "plain").violations(), 16);

    // Many regions in each other: each has its own.
    nested(&NESTED);
    let now = metrics();
    assert_eq!(NESTED.map(|name| region(&now, name).violations()), [2, 2, 2, 2, 2, 2, 2, 1]);

    // Regions that end in the order in which they began: what the later one does meanwhile stays its own, and nothing is left for others.
    for _ in 0..5 {
        let [first, second] = ["first", "second"].map(|name| {
            let guard = policy(name).enter();
            leak(1);
            guard
        });
        drop(first);
        leak(1);
        drop(second);
    }
    policy("after").run(|| policy("then").run(|| leak(1)));
    let now = metrics();
    assert_eq!(["first", "second", "then"].map(|name| region(&now, name).violations()), [5, 10, 1]);

    // The other modes, and what is lent.
    policy("log").mode(Mode::Log).run(|| (0..3).for_each(|_| leak(2)));
    let panicked = catch_unwind(|| policy("panic").mode(Mode::Panic).run(|| leak(3)));
    assert!(panicked.is_err());
    let refused = policy("fail").mode(Mode::Fail).run(|| Vec::<u8>::new().try_reserve(4).is_err());
    assert!(refused);
    policy("lender").run(|| {
        let token = Policy::current();
        thread::scope(|scope| {
            let _ = qadapt::permit_alloc(|| scope.spawn(move || token.run(|| leak(5)))).join();
        });
    });

    // Calls are told apart, where they are seen.
    assert_eq!(metrics().blocking_violations().get(), Some(0));
    Policy::no_blocking().name("waits").run(thread::yield_now);
    let is_watched = qadapt::is_blocking_watched();
    assert_eq!(metrics().blocking_violations().get(), is_watched.then_some(1));
    assert!(!is_watched || region(&metrics(), "waits").violations() == 1);

    // A region that is still open has no entry yet.
    let guard = policy("guard").enter();
    leak(6);
    let is_there = || metrics().regions().iter().any(|region| region.name().to_string() == "guard");
    let early = qadapt::permit_alloc(is_there);
    drop(guard);
    assert!(!early && is_there());
    assert_eq!(region(&metrics(), "guard").violations(), 1);

    // A counted function, and what is said of those that are not.
    counted(100);
    counted(50);
    let now = metrics();
    let function = region(&now, "counted");
    assert_eq!((function.calls(), function.counts().bytes().get(), function.violations()), (2, Some(150), 0));
    assert_eq!((region(&now, "log").calls(), region(&now, "log").counts().is_measured()), (0, false));
    assert_eq!(Counts::default().events(), 0);

    // More stacks than a thread has room for.
    policy("flood").mode(Mode::Log).run(|| {
        for path in 0..1_100 {
            black_box(descend(path, 6));
        }
    });

    // What a region that never ends has done belongs to the process alone.
    let forever = policy("forever").enter();
    alloc_and_free(8);
    leak(8);
    let now = qadapt::permit_alloc(metrics);
    std::mem::forget(forever);
    let print = || print(&now);
    qadapt::permit_alloc(print);
}

fn print(now: &Metrics) {
    let violations =
        ["plain", "log", "panic", "fail", "lender", "flood"].map(|name| region(now, name).violations());
    assert_eq!(violations, [16, 3, 1, 1, region(now, "lender").violations(), 1_100]);
    assert!(region(now, "lender").violations() >= 1, "{now:?}");
    let all: u64 = now.regions().iter().map(RegionMetrics::violations).sum();
    let lost: u64 = now.regions().iter().map(RegionMetrics::lost).sum();
    assert_eq!(Some(lost), now.lost().get());
    let left = now.violations().get().and_then(|violations| violations.checked_sub(all));
    println!("{left:?} violations without a region, {lost} lost");
}
