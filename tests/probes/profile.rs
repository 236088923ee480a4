//! The feature `profile`: what samples stand for is what was allocated, what is alive of it, and where; through reallocations, forks,
//! threads and frees elsewhere.
// expect: run figures
// expect: env QADAPT_MODE=count
// expect: stdout true

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use qadapt::{Policy, Profile, Qadapt, profile};
use qadapt_tests::force::leak;

#[global_allocator]
static ALLOC: Qadapt<Exact> = Qadapt::new(Exact);

/// The system's allocator, which adds up what is asked of it and what is given back.
struct Exact;

static ASKED: AtomicU64 = AtomicU64::new(0);
static FREED: AtomicU64 = AtomicU64::new(0);

// SAFETY: every method forwards to the system's, which keeps its promises. A block has the layout that it was asked for with: else
// what is alive would be wrong in the end.
#[expect(unsafe_code, reason = "an allocator")]
unsafe impl GlobalAlloc for Exact {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        FREED.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        ASKED.fetch_add(new_size as u64, Ordering::Relaxed);
        FREED.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.realloc(block, layout, new_size) }
    }
}

/// Bytes that were asked for and given back until now.
fn exact() -> [u64; 2] {
    [&ASKED, &FREED].map(|figure| figure.load(Ordering::Relaxed))
}

/// Bytes to a sample, on average.
const INTERVAL: u64 = 4096;

/// True if an estimate is at most 5 % wrong.
fn is_near(estimate: u64, exact: u64) -> bool {
    estimate.abs_diff(exact) * 20 <= exact
}

/// Blocks of many sizes, from 16 bytes to 5 KiB, some of which grow once.
fn blocks(count: u64) -> Vec<Vec<u8>> {
    let block = |number: u64| {
        let size = 16 << (number % 8);
        let mut block =
            black_box(Vec::<u8>::with_capacity(size + usize::try_from(number % 1000).unwrap_or(0)));
        if number.is_multiple_of(3) {
            block.extend_from_slice(&number.to_le_bytes());
            block.reserve_exact(black_box(5000));
            assert_eq!(block[..], number.to_le_bytes(), "what is in a block moves with it");
        }
        block
    };
    (0..count).map(block).collect()
}

/// What has changed from one profile to the next: allocated and live bytes, and samples.
fn change(before: &Profile, after: &Profile) -> [u64; 3] {
    [
        after.allocated().bytes - before.allocated().bytes,
        after.live().bytes.saturating_sub(before.live().bytes),
        after.samples() - before.samples(),
    ]
}

fn sums_are_right() {
    let before = profile();
    let [asked, freed] = exact();
    let kept = blocks(3_000);
    drop(blocks(3_000));
    let [asked, freed] = [exact()[0] - asked, exact()[1] - freed];
    let [allocated, live, samples] = change(&before, &profile());
    assert!(samples >= 1_000, "{samples}");
    assert!(is_near(allocated, asked), "{allocated} of {asked} bytes");
    assert!(is_near(live, asked - freed), "{live} of {} bytes alive", asked - freed);
    drop(kept);
    let after = profile();
    assert!(change(&before, &after)[1] < asked / 20, "{after:?}");
}

/// Blocks that one thread allocates and another frees.
fn threads_share_what_is_alive() {
    let before = profile();
    let exact: u64 = 2 * 1_000 * 1_500;
    let made: Vec<Vec<Box<[u8; 1_500]>>> = (0..2)
        .map(|_| thread::spawn(|| (0..1_000).map(|_| black_box(Box::new([7; 1_500]))).collect()))
        .map(|thread| thread.join().expect("it ends"))
        .collect();
    assert!(is_near(change(&before, &profile())[1], exact));
    thread::spawn(|| drop(made)).join().expect("it ends");
    assert!(change(&before, &profile())[1] < exact / 20);
}

/// A zeroed block is zeroed wherever it lies, and an alignment that is asked for is one.
fn blocks_are_what_was_asked_for() {
    #[repr(align(8192))]
    struct Aligned(#[expect(dead_code, reason = "a block's contents")] [u8; 8192]);

    for _ in 0..200 {
        assert!(black_box(vec![0_u8; 3_000]).iter().all(|&byte| byte == 0));
        let aligned = black_box(Box::new(Aligned([1; 8192])));
        assert_eq!(std::ptr::from_ref(&*aligned).addr() % 8192, 0);
    }
    // It shrinks and grows again, sampled or not.
    let mut text = String::new();
    for turn in 0..20_000_u32 {
        text.push(char::from(b'a' + u8::try_from(turn % 26).unwrap_or(0)));
        if turn.is_multiple_of(500) {
            text.shrink_to_fit();
        }
    }
    assert!(text.bytes().enumerate().all(|(turn, letter)| usize::from(letter - b'a') == turn % 26));
}

#[qadapt::count_alloc]
fn counted() {
    leak(64 << 10);
}

#[qadapt::no_alloc]
fn plain() {
    leak(64 << 10);
}

/// More than one sample in one region; the permit opens and ends in it.
#[qadapt::no_alloc]
fn around_a_permit() {
    qadapt::permit_alloc(|| leak(64 << 10));
}

#[qadapt::no_alloc]
fn silent() {
    black_box(());
}

/// Blocks of which some are freed before their region ends.
#[qadapt::no_alloc]
fn made_inside() -> Vec<Vec<u8>> {
    leak(64 << 10);
    (0..20).map(|_| black_box(vec![1; 64 << 10])).inspect(|_| drop(black_box(vec![1_u8; 5_000]))).collect()
}

fn what_a_region_makes_is_followed() {
    let before = profile();
    let [asked, freed] = exact();
    let made = made_inside();
    let [asked, freed] = [exact()[0] - asked, exact()[1] - freed];
    let [allocated, live, _] = change(&before, &profile());
    assert!(is_near(allocated, asked), "{allocated} of {asked} bytes");
    assert!(is_near(live, asked - freed), "{live} of {} bytes alive", asked - freed);
    drop(made);
    let live = change(&before, &profile())[1];
    assert!(live.abs_diff(64 << 10) <= 2 * INTERVAL, "{live} bytes alive, not those of the block that leaks");
}

fn regions_are_labels() {
    counted();
    around_a_permit();
    qadapt::permit_alloc(|| leak(64 << 10));
    silent();
    let guard = Policy::new().name("the mixer").enter();
    leak(64 << 10);
    drop(guard);
    Policy::new().name("the reverb").run(|| leak(64 << 10));
    plain();
    let text = String::from_utf8_lossy(profile().pprof()).into_owned();
    let regions = ["profile::counted", "profile::plain", "the reverb", "profile::around_a_permit"];
    for label in ["region", "inuse_space"].iter().chain(&regions) {
        assert!(text.contains(label), "{label} is in the profile");
    }
    assert!(!text.contains("profile::silent"), "no sample is in it");
    // What is opened by hand is known to the checks alone.
    assert_eq!(text.contains("the mixer"), qadapt::is_active());
}

/// A child has its parent's memory, and samples on by itself.
#[expect(unsafe_code, reason = "std does not fork")]
fn a_child_goes_on() {
    let before = profile();
    // SAFETY: the child calls what allocates: no other thread of this process is alive.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let kept = blocks(1_000);
        let [_, live, samples] = change(&before, &profile());
        drop(kept);
        let code = i32::from(live == 0 || samples < 200);
        // SAFETY: it ends the process.
        unsafe { libc::_exit(code) };
    }
    let mut status = -1;
    // SAFETY: the child is this process's, and the place is a variable's.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(status, 0);
    // The profile itself may be sampled.
    assert!(change(&before, &profile())[2] < 20, "what a child allocates is its own");
}

fn what_is_off_samples_nothing() {
    qadapt::set_profile_interval(0);
    drop(blocks(100));
    let before = profile();
    drop(blocks(3_000));
    assert_eq!(change(&before, &profile())[2], 0);
    qadapt::set_profile_interval(INTERVAL);
    drop(blocks(3_000));
    assert!(change(&before, &profile())[2] > 100);
}

/// A thread that has found sampling off begins again once another one has turned it on, when it gives a block back that begins at a page,
/// or after some bytes of reallocations.
fn a_thread_at_rest_begins_again() {
    for wake in [|| drop(blocks(1_000)), || drop(black_box(Box::new(Page([1; 4096]))))] {
        qadapt::set_profile_interval(0);
        let [before, on] = [(); 2].map(|()| Arc::new(Barrier::new(2)));
        let thread = thread::spawn({
            let [before, on] = [&before, &on].map(Arc::clone);
            move || {
                // The last point of the stretch that it may have begun has been passed.
                leak(2 << 20);
                before.wait();
                on.wait();
                wake();
                let first = profile().samples();
                // Neither is a block reallocated here, nor does one begin at a page.
                for _ in 0..1_000 {
                    drop(black_box(Box::new([7_u8; 1_000])));
                }
                profile().samples() - first
            }
        });
        before.wait();
        qadapt::set_profile_interval(INTERVAL);
        on.wait();
        let samples = thread.join().expect("it ends");
        assert!((200..300).contains(&samples), "{samples}");
    }
}

/// Its blocks begin at a page.
#[repr(align(4096))]
struct Page(#[expect(dead_code, reason = "a block's contents")] [u8; 4096]);

fn main() {
    qadapt::set_profile_interval(INTERVAL);
    // The thread's first stretch may be as long as it was.
    leak(2 << 20);
    sums_are_right();
    threads_share_what_is_alive();
    blocks_are_what_was_asked_for();
    regions_are_labels();
    what_a_region_makes_is_followed();
    a_child_goes_on();
    what_is_off_samples_nothing();
    a_thread_at_rest_begins_again();
    println!("{}", profile().lost() == 0);
}
