//! A signal every 60 microseconds, whose handler opens and closes regions of every kind, interrupts a program that does the same.
//!
//! Each count is held against what was done: the handler's is exact, the program's lies between what is known to have happened
//! inside and what may have happened at its edges. The inner allocator serves the handler from an array by one atomic addition, and
//! sees what else the handler allocates: where it interrupted a watched call that must be nothing. The variable `SIGNALS` asks for
//! another number of signals.
// expect: run count count
// expect: env QADAPT_MODE=count
// expect: exit 0
// expect: stdout 0 wrong, level 0
// expect: off stdout 0 wrong, level 0
// expect: run log log
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stdout 0 wrong, level 0
// expect: off stdout 0 wrong, level 0
// expect: run abort abort
// expect: env QADAPT_MODE=abort
// expect: exit 0
// expect: stdout 0 wrong, level 0
// expect: off stdout 0 wrong, level 0

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::{env, ptr};

use fastrand::Rng;
use qadapt::{
    Budget, Counts, Mode, Ops, Policy, Qadapt, assert_no_alloc, count_alloc, enter_protected, exit_protected,
    permit_alloc, protection_level, violations,
};
use qadapt_tests::force::{alloc_and_free, leak};
use qadapt_tests::signal;

#[global_allocator]
static ALLOC: Qadapt<Bump> =
    Qadapt::new(Bump { memory: AtomicPtr::new(ptr::null_mut()), used: AtomicUsize::new(0) });

/// Enough for the blocks of ten million signals; what nobody touches takes no memory.
const SIZE: usize = 1 << 30;
/// Signals, if nobody asks for another number. Where the handler logs, each stack is a new one that takes milliseconds: there are
/// fewer.
static SIGNALS: AtomicU64 = AtomicU64::new(5_000);
const PERIOD: i64 = 60;
/// The size of the handler's blocks, which nothing else has.
const OWN: usize = 13;

struct Bump {
    /// Mapped by the first own block, and no array in the program: that the compiler would write out.
    memory: AtomicPtr<u8>,
    used: AtomicUsize,
}

thread_local! {
    /// The inner allocator is at work.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// The handler runs, and interrupted the inner allocator.
    static INTERRUPTED: Cell<bool> = const { Cell::new(false) };
}

static SEEN: AtomicU64 = AtomicU64::new(0);
static WRONG: AtomicU64 = AtomicU64::new(0);
/// Allocations and violations of the handler.
static ALLOCS: AtomicU64 = AtomicU64::new(0);
static VIOLATIONS: AtomicU64 = AtomicU64::new(0);
/// 1 where violations abort.
static ABORTS: AtomicU64 = AtomicU64::new(0);

impl Bump {
    /// The array; null where there is no memory for it.
    fn memory(&self) -> *mut u8 {
        let known = self.memory.load(Ordering::Relaxed);
        if !known.is_null() {
            return known;
        }
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping, which touches no other.
        #[expect(unsafe_code, reason = "it has no safe form")]
        let new =
            unsafe { libc::mmap(ptr::null_mut(), SIZE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        if new == libc::MAP_FAILED {
            return ptr::null_mut();
        }
        // The handler may have come first.
        match self.memory.compare_exchange(ptr::null_mut(), new.cast(), Ordering::Relaxed, Ordering::Relaxed)
        {
            Ok(_) => new.cast(),
            Err(first) => first,
        }
    }
}

// SAFETY: each own block lies in the array and belongs to nobody else, since `used` only goes up; the rest is the system's
// allocator's. An own block is never given back to that.
#[expect(unsafe_code, reason = "an allocator is unsafe to implement and to call")]
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() == OWN && layout.align() == 1 {
            let start = self.used.fetch_add(OWN, Ordering::Relaxed);
            let memory = self.memory();
            return if memory.is_null() || start + OWN > SIZE {
                ptr::null_mut()
            } else {
                memory.wrapping_add(start)
            };
        }
        if INTERRUPTED.get() {
            wrong();
            return ptr::null_mut();
        }
        let outer = INSIDE.replace(true);
        // SAFETY: the caller's contract.
        let block = unsafe { System.alloc(layout) };
        INSIDE.set(outer);
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if layout.size() != OWN || layout.align() != 1 {
            let outer = INSIDE.replace(true);
            // SAFETY: the block was not handed out by the array; for the rest the caller's contract.
            unsafe { System.dealloc(block, layout) };
            INSIDE.set(outer);
        }
    }
}

/// The line of the first thing that was wrong.
static LINE: AtomicU32 = AtomicU32::new(0);

#[track_caller]
fn wrong() {
    WRONG.fetch_add(1, Ordering::Relaxed);
    let line = Location::caller().line();
    let _ = LINE.compare_exchange(0, line, Ordering::Relaxed, Ordering::Relaxed);
}

#[track_caller]
fn check(holds: bool) {
    if !holds {
        wrong();
    }
}

fn number(level: usize) -> u64 {
    u64::try_from(level).unwrap_or(u64::MAX)
}

/// Some allocations of the handler.
fn own_allocs(count: u64) {
    for _ in 0..count {
        ALLOCS.fetch_add(1, Ordering::Relaxed);
        leak(OWN);
    }
}

/// So many violations are made by the body, if the checks are on.
#[track_caller]
fn own_violations(count: u64, body: impl FnOnce()) {
    let before = violations();
    VIOLATIONS.fetch_add(if qadapt::is_active() { count } else { 0 }, Ordering::Relaxed);
    body();
    check(!qadapt::is_active() || violations() - before == count);
}

fn is(counts: &Counts, allocs: u64) -> bool {
    !counts.is_measured() || counts.allocs() == allocs && counts.deallocs() == 0
}

const COUNT: Policy = Policy::new().mode(Mode::Count).name("handler");

extern "C" fn handler(_: i32) {
    let seen = SEEN.fetch_add(1, Ordering::Relaxed);
    if seen >= SIGNALS.load(Ordering::Relaxed) {
        // Each signal in a report would give more to report.
        return;
    }
    let outer = INTERRUPTED.replace(INSIDE.get());
    permit_alloc(|| {
        let (counts, ()) = count_alloc(|| own_allocs(1 + seen % 3));
        check(is(&counts, 1 + seen % 3));
        // A region of the program that forbids permits makes its own of what happens here.
        if protection_level() > 0 || ABORTS.load(Ordering::Relaxed) > 0 {
            assert_no_alloc(|| COUNT.run(|| enter_protected()));
            let guard = COUNT.enter();
            drop(guard);
            return;
        }
        match seen % 5 {
            0 => own_violations(1, || assert_no_alloc(|| own_allocs(1))),
            1 => own_violations(2, || COUNT.budget(Budget::new().requests(1)).run(|| own_allocs(3))),
            2 => own_violations(1, || {
                let guard = COUNT.enter();
                own_allocs(1);
                drop(guard);
            }),
            3 => own_violations(1, || {
                enter_protected();
                own_allocs(1);
                exit_protected();
            }),
            _ => own_violations(0, || {
                // What is left open ends with its closure.
                assert_no_alloc(|| {
                    enter_protected();
                    COUNT.allow(Ops::ALL).run(enter_protected);
                });
            }),
        }
    });
    INTERRUPTED.set(outer);
}

/// What the program knows that happened, for certain and at most, while a body ran.
struct Bounds {
    outside: (u64, u64),
    inside: (u64, u64),
    violations: u64,
}

fn now() -> (u64, u64) {
    (ALLOCS.load(Ordering::Relaxed), VIOLATIONS.load(Ordering::Relaxed))
}

/// Runs a body that itself makes so many violations, and holds counts and violations against what happened.
#[track_caller]
fn counted(allocs: u64, own_violations: u64, is_exact: bool, body: impl FnOnce()) {
    let mut bounds = Bounds { outside: now(), inside: (0, 0), violations: violations() };
    let (counts, ()) = count_alloc(|| {
        let first = now();
        body();
        let last = now();
        bounds.inside = (last.0 - first.0, last.1 - first.1);
    });
    let violated = violations() - bounds.violations;
    let last = now();
    let most = (last.0 - bounds.outside.0, last.1 - bounds.outside.1);
    if !qadapt::is_active() {
        return;
    }
    let measured = counts.allocs().get().unwrap_or(u64::MAX);
    // What interrupts a report is not counted.
    let fewest = if is_exact { allocs + bounds.inside.0 } else { allocs };
    check((fewest..=allocs + most.0).contains(&measured));
    check((own_violations + bounds.inside.1..=own_violations + most.1).contains(&violated));
}

/// One thing that the program does; its own events are `alloc_and_free`, an allocation and a deallocation each.
fn act(random: &mut Rng, may_violate: bool, is_exact: bool) {
    let level = protection_level();
    let times = number(random.usize(..3));
    let some = || (0..times).for_each(|_| alloc_and_free(8));
    let violates = u64::from(may_violate) * 2 * times;
    match random.usize(..8) {
        0 => counted(times * u64::from(may_violate), violates, is_exact, || {
            assert_no_alloc(|| {
                check(!qadapt::is_active() || protection_level() == level + 1);
                if may_violate {
                    some();
                }
            });
        }),
        1 => counted(times, 0, is_exact, || assert_no_alloc(|| permit_alloc(some))),
        2 => counted(2 + times, 0, is_exact, || {
            let policy = Policy::new().allow(Ops::DEALLOC).budget(Budget::new().requests(2 + times));
            policy.run(|| {
                alloc_and_free(8);
                permit_alloc(|| ());
                some();
                alloc_and_free(8);
            });
        }),
        3 => counted(times, 0, is_exact, || {
            let outer = Policy::new().allow(Ops::ALL).enter();
            let inner = Policy::new().allow(Ops::ALL).forbid().enter();
            drop(outer);
            some();
            inner.exit();
        }),
        4 => counted(times * u64::from(may_violate), violates, is_exact, || {
            enter_protected();
            if may_violate {
                some();
            }
            exit_protected();
        }),
        5 => counted(times, 0, is_exact, || {
            let policy = Policy::new().disallow(Ops::ALL);
            policy.run(|| policy.run(|| permit_alloc(|| assert_no_alloc(|| permit_alloc(some)))));
        }),
        6 => {
            // On the fast path.
            assert_no_alloc(|| assert_no_alloc(|| permit_alloc(some)));
            Policy::new().allow(Ops::DEALLOC).run(|| ());
        }
        _ => {
            let guards = [(); 12].map(|()| Policy::new().allow(Ops::ALL).enter());
            let mut left = guards.map(Some);
            while let Some(guard) =
                left.iter_mut().filter(|guard| guard.is_some()).nth_back(random.usize(..2))
            {
                drop(guard.take());
            }
            for guard in &mut left {
                drop(guard.take());
            }
        }
    }
    check(protection_level() == level);
}

fn main() {
    let case = env::args().nth(1).expect("a case");
    if let Ok(text) = env::var("SIGNALS") {
        SIGNALS.store(text.parse().expect("a number"), Ordering::Relaxed);
    }
    let signals = SIGNALS.load(Ordering::Relaxed) / if case == "log" { 50 } else { 1 };
    SIGNALS.store(signals, Ordering::Relaxed);
    ABORTS.store(u64::from(case == "abort"), Ordering::Relaxed);
    // Asked before a handler asks.
    let _ = qadapt::is_active();
    let mut random = Rng::with_seed(1);
    // What is said once is said before the first signal.
    for _ in 0..200 {
        act(&mut random, false, true);
    }
    signal::handle(libc::SIGALRM, handler).expect("a handler");
    timer(PERIOD);
    let mut run = |is_exact| {
        while SEEN.load(Ordering::Relaxed) < signals && WRONG.load(Ordering::Relaxed) == 0 {
            act(&mut random, case != "abort", is_exact);
        }
    };
    if case == "log" {
        // Handlers may log where each call of the allocator is watched.
        let _ = count_alloc(|| run(false));
    } else {
        run(true);
    }
    timer(0);
    println!("{} wrong, level {}", WRONG.load(Ordering::Relaxed), protection_level());
    println!(
        "{} signals; first wrong in line {}",
        SEEN.load(Ordering::Relaxed),
        LINE.load(Ordering::Relaxed)
    );
}

/// Raises `SIGALRM` every so many microseconds; never for 0.
#[expect(unsafe_code, reason = "std has no timers")]
fn timer(microseconds: i64) {
    let interval = libc::timeval { tv_sec: 0, tv_usec: microseconds };
    let timer = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: `timer` is filled in, and the old one is not asked for.
    let set = unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut()) };
    assert_eq!(set, 0, "no timer");
}
