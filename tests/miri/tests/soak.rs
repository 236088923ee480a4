//! Sixty-four threads of ordinary use: no figure is ever wrong.
//!
//! Alone in its process because it sets the process's mode. The variable `SOAK_SECONDS` asks for a longer run.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use qadapt::{
    Budget, Mode, Ops, Policy, QADAPT, assert_no_alloc, count_alloc, enter_protected, exit_protected,
    permit_alloc, protection_level, violations,
};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const THREADS: u64 = if cfg!(miri) { 2 } else { 64 };
/// Rounds of each thread where no time is asked for.
const ROUNDS: u64 = if cfg!(miri) { 20 } else { 2_000 };

/// So many allocations, each with its deallocation.
fn events(count: u64) {
    (0..count).for_each(|number| drop(black_box(Box::new(black_box(number)))));
}

/// One thing, whose violations and counts are known; false if they are not seen.
fn round(random: &mut Rng) -> bool {
    let some = u64::try_from(random.usize(..4)).expect("small");
    let before = violations();
    let (counts, expected) = match random.usize(..7) {
        0 => (count_alloc(|| assert_no_alloc(|| events(some))).0, 2 * some),
        1 => (count_alloc(|| assert_no_alloc(|| permit_alloc(|| events(some)))).0, 0),
        2 => {
            let policy = Policy::new().allow(Ops::DEALLOC).budget(Budget::new().requests(2));
            (count_alloc(|| policy.run(|| events(some))).0, some.saturating_sub(2))
        }
        3 => {
            let outer = Policy::new().disallow(Ops::ALL).forbid().enter();
            let inner = Policy::new().allow(Ops::ALL).enter();
            let counts = count_alloc(|| permit_alloc(|| events(some))).0;
            if random.usize(..2) == 0 {
                inner.exit();
                outer.exit();
            } else {
                drop(outer);
                drop(inner);
            }
            (counts, 2 * some)
        }
        4 => {
            enter_protected();
            let counts = count_alloc(|| Policy::new().allow(Ops::ALL).run(|| events(some))).0;
            exit_protected();
            (counts, 2 * some)
        }
        5 => {
            let policy = Policy::new().mode(Mode::Log).allow(Ops::ALL);
            (count_alloc(|| (0..some).for_each(|_| policy.run(|| events(1)))).0, 0)
        }
        _ => {
            let (counts, violated) = count_alloc(|| {
                let token = assert_no_alloc(Policy::current);
                let before = violations();
                // Its lender has closed: a region of its own.
                token.run(|| events(some));
                violations() - before
            });
            (counts, violated.max(2 * some))
        }
    };
    let exact =
        counts.allocs() == some && counts.deallocs() == some && counts.peak_bytes() == 8 * some.min(1);
    exact && violations() - before == expected && protection_level() == 0
}

#[test]
fn nothing_is_wrong_on_sixty_four_threads() {
    if !qadapt_tests::watching("a soak") {
        return;
    }
    qadapt::set_mode(Mode::Count);
    let seconds = std::env::var("SOAK_SECONDS").ok().map(|text| text.parse().expect("a number"));
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let (rounds, wrong) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for seed in 0..THREADS {
            let (rounds, wrong) = (&rounds, &wrong);
            scope.spawn(move || {
                let mut random = Rng::with_seed(seed);
                let mut done = 0;
                while until.map_or(done < ROUNDS, |until| Instant::now() < until) {
                    done += 1;
                    wrong.fetch_add(u64::from(!round(&mut random)), Ordering::Relaxed);
                }
                rounds.fetch_add(done, Ordering::Relaxed);
            });
        }
    });
    println!("{} rounds", rounds.load(Ordering::Relaxed));
    assert_eq!(wrong.load(Ordering::Relaxed), 0, "wrong rounds");
}
