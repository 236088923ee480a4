//! Sixty-four threads that allocate from Rust and from C, values with the system's allocator among them, while threads begin and
//! end and children are forked: no event is lost or doubled.
//!
//! Alone in its process because it sets the process's mode. The variable `SOAK_SECONDS` asks for a longer run.
#![expect(unsafe_code, reason = "calls C and forks")]

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use qadapt::{Mode, QADAPT, assert_no_alloc, count_alloc, permit_alloc, violations};
use qadapt_malloc as _;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const THREADS: u64 = 64;
/// Rounds of each thread where no time is asked for.
const ROUNDS: u64 = 1_000;

/// Some events: how many allocations, reallocations and deallocations they are.
fn events(kind: usize) -> [u64; 3] {
    match kind {
        0 => {
            drop(black_box(Box::new(black_box(7_u64))));
            [1, 0, 1]
        }
        1 => {
            // SAFETY: a C string.
            let copy = black_box(unsafe { libc::strdup(c"a string".as_ptr()) });
            // SAFETY: the line above made it.
            unsafe { libc::free(copy.cast()) };
            [1, 0, 1]
        }
        2 => {
            // SAFETY: any size may be asked for.
            let block = black_box(unsafe { libc::calloc(black_box(3), 5) });
            // SAFETY: the line above made it.
            let block = black_box(unsafe { libc::realloc(block, black_box(5_000)) });
            // SAFETY: the line above made it.
            unsafe { libc::free(block) };
            [1, 1, 1]
        }
        3 => {
            let mut text = String::with_capacity(black_box(10));
            text.reserve_exact(black_box(5_000));
            drop(black_box(text));
            [1, 1, 1]
        }
        _ => {
            let mut block = std::ptr::null_mut();
            // SAFETY: the block's address has a place.
            let error = unsafe { libc::posix_memalign(&raw mut block, black_box(64), 100) };
            assert_eq!(error, 0);
            // SAFETY: the line above made it.
            unsafe { libc::free(black_box(block)) };
            [1, 0, 1]
        }
    }
}

/// One thing, whose violations and counts are known; false if they are not seen.
fn round(random: &mut Rng) -> bool {
    let kind = random.usize(..5);
    let before = violations();
    let (counts, (figures, are_violations)) = match random.usize(..3) {
        0 => count_alloc(|| (events(kind), false)),
        1 => count_alloc(|| (assert_no_alloc(|| events(kind)), true)),
        _ => count_alloc(|| (assert_no_alloc(|| permit_alloc(|| events(kind))), false)),
    };
    let expected = if are_violations { figures.iter().sum() } else { 0 };
    let seen = [counts.allocs(), counts.reallocs(), counts.deallocs()].map(qadapt::Measured::get);
    seen == figures.map(Some) && counts.net_bytes() == 0 && violations() - before == expected
}

/// A child that does the same for a while; false if it saw something else, or died.
fn in_a_child(random: &mut Rng) -> bool {
    // SAFETY: the child calls what may be called after a fork of a program with threads: glibc's allocator is made for it, and the
    // guard too.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let good = (0..20).all(|_| round(random));
        // SAFETY: it ends the child.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    let mut status = -1;
    // SAFETY: the status has a place.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    waited == child && status == 0
}

#[test]
fn nothing_is_lost_or_doubled_on_sixty_four_threads() {
    if !qadapt_tests::watching("a soak") {
        return;
    }
    qadapt::set_mode(Mode::Count);
    let seconds = std::env::var("SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let wrong = AtomicU64::new(0);
    let rounds = AtomicU64::new(0);
    let children = AtomicU64::new(0);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (wrong, rounds, children) = (&wrong, &rounds, &children);
            scope.spawn(move || {
                let mut random = Rng::with_seed(number + 1);
                let mut done = 0;
                while end.map_or(done < ROUNDS, |end| Instant::now() < end) {
                    let mut good = round(&mut random);
                    if done % 500 == number % 500 {
                        good &= in_a_child(&mut random);
                        children.fetch_add(1, Ordering::Relaxed);
                        // A thread of its own, which ends again.
                        let seed = number + done;
                        good &= thread::spawn(move || (0..20).all(|_| round(&mut Rng::with_seed(seed + 7))))
                            .join()
                            .unwrap_or(false);
                    }
                    wrong.fetch_add(u64::from(!good), Ordering::Relaxed);
                    done += 1;
                }
                rounds.fetch_add(done, Ordering::Relaxed);
            });
        }
    });
    let (rounds, children) = (rounds.into_inner(), children.into_inner());
    println!("{rounds} rounds, {children} children, {} wrong", wrong.load(Ordering::Relaxed));
    assert_eq!(wrong.into_inner(), 0, "of {rounds}");
}
