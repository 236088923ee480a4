//! C's allocation functions, called from Rust, keep their contracts, and each is one event.
//!
//! Alone in its process because the mode of the process is changed.
#![expect(unsafe_code, reason = "calls C")]

use core::ffi::{c_int, c_void};
use core::hint::black_box;
use core::ptr;
use std::sync::{Mutex, PoisonError};

use qadapt::{Counts, Mode, Ops, Policy, QADAPT, count_alloc};
use qadapt_malloc as _;
use qadapt_tests::watching;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Whose holder depends on the process's mode.
static MODE: Mutex<()> = Mutex::new(());

unsafe extern "C" {
    fn malloc_usable_size(block: *mut c_void) -> usize;
    fn memalign(align: usize, size: usize) -> *mut c_void;
    fn pvalloc(size: usize) -> *mut c_void;
    fn valloc(size: usize) -> *mut c_void;
}

fn malloc(size: usize) -> *mut c_void {
    // SAFETY: any size may be asked for.
    black_box(unsafe { libc::malloc(black_box(size)) })
}

fn calloc(count: usize, size: usize) -> *mut c_void {
    // SAFETY: any size may be asked for.
    black_box(unsafe { libc::calloc(black_box(count), size) })
}

/// Only for blocks of these functions, none twice.
fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: as this function's own text says.
    black_box(unsafe { libc::realloc(block, black_box(size)) })
}

/// Only for blocks of these functions, none twice.
fn reallocarray(block: *mut c_void, count: usize, size: usize) -> *mut c_void {
    // SAFETY: as this function's own text says.
    black_box(unsafe { libc::reallocarray(block, black_box(count), size) })
}

fn posix_memalign(align: usize, size: usize) -> (c_int, *mut c_void) {
    let mut block = ptr::null_mut();
    // SAFETY: the block's address has a place.
    let error = unsafe { libc::posix_memalign(&raw mut block, black_box(align), size) };
    (error, black_box(block))
}

/// Only for blocks of these functions, none twice.
fn free(block: *mut c_void) {
    // SAFETY: as this function's own text says.
    unsafe { libc::free(black_box(block)) }
}

fn usable(block: *mut c_void) -> u64 {
    // SAFETY: a block of the functions above.
    unsafe { malloc_usable_size(block) as u64 }
}

fn set_error(error: c_int) {
    // SAFETY: it cannot fail.
    let place = unsafe { libc::__errno_location() };
    // SAFETY: it is this thread's own.
    unsafe { *place = error };
}

fn error() -> c_int {
    std::io::Error::last_os_error().raw_os_error().expect("an error of the system's")
}

/// Allocations, reallocations, deallocations and requests that got nothing.
fn figures(counts: &Counts) -> [Option<u64>; 4] {
    [counts.allocs().get(), counts.reallocs().get(), counts.deallocs().get(), counts.failed().get()]
}

/// As [`figures`] has them, where this build has checks.
fn expected(allocs: u64, reallocs: u64, deallocs: u64, failed: u64) -> [Option<u64>; 4] {
    let is_watched = qadapt::is_active();
    [allocs, reallocs, deallocs, failed].map(|figure| is_watched.then_some(figure))
}

#[test]
fn the_guard_says_whether_c_is_watched() {
    assert_eq!(qadapt::c_is_active(), cfg!(any(debug_assertions, feature = "enforce")));
}

#[test]
fn an_allocation_of_rust_is_one_event() {
    let (counts, mut text) = count_alloc(|| String::from(black_box("text")));
    assert_eq!(figures(&counts), expected(1, 0, 0, 0));
    let (counts, ()) = count_alloc(|| text.reserve_exact(black_box(5000)));
    assert_eq!(figures(&counts), expected(0, 1, 0, 0));
    let (counts, ()) = count_alloc(|| drop(text));
    assert_eq!(figures(&counts), expected(0, 0, 1, 0));
    let (counts, zeroed) = count_alloc(|| vec![0_u8; black_box(100)]);
    assert_eq!(figures(&counts), expected(1, 0, 0, 0));
    drop(zeroed);
}

#[test]
fn bytes_are_what_the_c_library_has_set_aside() {
    let (counts, block) = count_alloc(|| malloc(10));
    let size = usable(block);
    assert!(size >= 10);
    let (more, block) = count_alloc(|| realloc(block, 1000));
    let (last, ()) = count_alloc(|| free(block));
    if watching("the counts of bytes") {
        assert_eq!(counts.bytes(), size);
        assert_eq!((counts + more + last).net_bytes(), 0);
        assert_eq!(more.freed_bytes(), size);
    }
}

#[test]
fn each_request_is_one_event() {
    let (counts, block) = count_alloc(|| calloc(3, 7));
    assert_eq!(figures(&counts), expected(1, 0, 0, 0));
    let (counts, block) = count_alloc(|| reallocarray(block, 100, 7));
    assert_eq!(figures(&counts), expected(0, 1, 0, 0));
    // glibc frees a block that is to have no byte.
    let (counts, none) = count_alloc(|| realloc(block, 0));
    assert!(none.is_null());
    assert_eq!(figures(&counts), expected(0, 0, 1, 0));
    let (counts, block) = count_alloc(|| realloc(ptr::null_mut(), 9));
    assert_eq!(figures(&counts), expected(1, 0, 0, 0));
    let (counts, ()) = count_alloc(|| free(block));
    assert_eq!(figures(&counts), expected(0, 0, 1, 0));
    let (counts, ()) = count_alloc(|| free(ptr::null_mut()));
    assert_eq!(figures(&counts), expected(0, 0, 0, 0));
}

#[test]
fn blocks_are_aligned() {
    for align in [16, 64, 4096, 1 << 16] {
        let (counts, (error, block)) = count_alloc(|| posix_memalign(align, 100));
        assert_eq!((error, block.addr() % align), (0, 0));
        assert_eq!(figures(&counts), expected(1, 0, 0, 0));
        free(block);
        // SAFETY: a power of two.
        let (counts, block) = count_alloc(|| black_box(unsafe { libc::aligned_alloc(align, align) }));
        assert_eq!((figures(&counts), block.addr() % align), (expected(1, 0, 0, 0), 0));
        free(block);
        // SAFETY: a power of two.
        let (counts, block) = count_alloc(|| black_box(unsafe { memalign(align, 3) }));
        assert_eq!((figures(&counts), block.addr() % align), (expected(1, 0, 0, 0), 0));
        free(block);
    }
    for whole_page in [valloc, pvalloc] {
        // SAFETY: any size may be asked for.
        let (counts, block) = count_alloc(|| black_box(unsafe { whole_page(3) }));
        assert_eq!((figures(&counts), block.addr() % 4096), (expected(1, 0, 0, 0), 0));
        free(block);
    }
}

#[test]
fn a_wrong_alignment_is_an_error_and_no_event() {
    for align in [0, 3, 4, 48] {
        let (counts, (error, block)) = count_alloc(|| posix_memalign(align, 100));
        assert!(error == libc::EINVAL && block.is_null(), "{align}");
        assert_eq!(figures(&counts), expected(0, 0, 0, 0), "{align}");
    }
}

#[test]
fn what_is_too_large_fails() {
    let (counts, block) = count_alloc(|| malloc(usize::MAX / 4));
    assert!(block.is_null() && error() == libc::ENOMEM);
    assert_eq!(figures(&counts), expected(0, 0, 0, 1));
    let (counts, block) = count_alloc(|| calloc(usize::MAX / 2, 4));
    assert!(block.is_null() && error() == libc::ENOMEM);
    assert_eq!(figures(&counts), expected(0, 0, 0, 1));
    let kept = malloc(8);
    set_error(0);
    let (counts, none) = count_alloc(|| reallocarray(kept, usize::MAX / 2, 4));
    assert!(none.is_null() && error() == libc::ENOMEM);
    assert_eq!(figures(&counts), expected(0, 0, 0, 1));
    set_error(0);
    assert!(reallocarray(kept, usize::MAX / 2, 4).is_null() && error() == libc::ENOMEM);
    free(kept);
}

#[test]
fn the_error_of_the_thread_stays_as_it_is() {
    let watch = || {
        set_error(libc::EDOM);
        let block = malloc(20_000_000);
        free(realloc(block, 40_000_000));
        assert_eq!(error(), libc::EDOM);
    };
    watch();
    Policy::new().mode(Mode::Log).run(watch);
    let _ = count_alloc(watch);
}

#[test]
fn a_region_sees_each_function_of_c() {
    const COUNTING: Policy = Policy::new().mode(Mode::Count);
    let before = qadapt::violations();
    COUNTING.run(|| free(realloc(malloc(10), 100)));
    COUNTING.run(|| free(calloc(1, 10)));
    let seen = qadapt::violations() - before;
    assert_eq!(seen, if qadapt::is_active() { 5 } else { 0 });
}

/// The compiler knows what C's functions read and write, and must keep the flags of a policy and of a permit all the same.
#[test]
fn a_policy_round_a_call_of_c_is_not_optimised_away() {
    const COUNTING: Policy = Policy::new().mode(Mode::Count);
    let before = qadapt::violations();
    // SAFETY: any size may be asked for.
    let first = black_box(COUNTING.run(|| unsafe { libc::malloc(10) }));
    // SAFETY: as above.
    let second = black_box(COUNTING.run(|| qadapt::permit_alloc(|| unsafe { libc::malloc(10) })));
    // SAFETY: the block is from above.
    COUNTING.run(|| unsafe { libc::free(first) });
    // SAFETY: as above.
    COUNTING.run(|| qadapt::permit_alloc(|| unsafe { libc::free(second) }));
    let seen = qadapt::violations() - before;
    assert_eq!(seen, if qadapt::is_active() { 2 } else { 0 });
}

/// The end of the region must look at the word again: there is something to say.
#[test]
fn a_region_round_a_call_of_c_panics() {
    const PANICS: Policy = Policy::new().mode(Mode::Panic);
    let _alone = MODE.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: any size may be asked for.
    let plain = std::panic::catch_unwind(|| qadapt::assert_no_alloc(|| unsafe { libc::malloc(10) }.addr()));
    // SAFETY: as above.
    let policy = std::panic::catch_unwind(|| PANICS.run(|| unsafe { libc::malloc(10) }.addr()));
    assert_eq!((plain.is_err(), policy.is_err()), (qadapt::is_active(), qadapt::is_active()));
}

/// The compiler knows that `malloc` reads no thread-local, and must keep the region's mark all the same.
#[test]
fn a_plain_region_round_a_call_of_c_is_not_optimised_away() {
    let _alone = MODE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = qadapt::violations();
    let mode = qadapt::set_mode(Mode::Count);
    // SAFETY: any size may be asked for.
    let first = black_box(qadapt::assert_no_alloc(|| unsafe { libc::malloc(10) }));
    qadapt::enter_protected();
    // SAFETY: as above.
    let second = black_box(unsafe { libc::calloc(1, 10) });
    qadapt::exit_protected();
    // SAFETY: each block is from above.
    qadapt::assert_no_alloc(|| unsafe { libc::free(first) });
    // SAFETY: as above.
    qadapt::assert_no_alloc(|| unsafe { libc::free(second) });
    let seen = qadapt::violations() - before;
    qadapt::set_mode(mode);
    assert_eq!(seen, if qadapt::is_active() { 4 } else { 0 });
}

#[test]
fn a_request_that_is_refused_fails_as_c_has_it() {
    const FAILING: Policy = Policy::new().mode(Mode::Fail).allow(Ops::DEALLOC);
    let kept = malloc(8);
    set_error(0);
    let (block, error_then) = FAILING.run(|| (malloc(8), error()));
    let (moved, aligned) = FAILING.run(|| (realloc(kept, 100), posix_memalign(64, 100)));
    if watching("the refusals") {
        assert!(block.is_null() && error_then == libc::ENOMEM);
        assert!(moved.is_null() && aligned == (libc::ENOMEM, ptr::null_mut()));
        free(kept);
    } else {
        free(block);
        free(moved);
        free(aligned.1);
    }
}

#[test]
fn permits_and_own_threads_hold_for_c() {
    let before = qadapt::violations();
    qadapt::assert_no_alloc(|| qadapt::permit_alloc(|| free(malloc(10))));
    assert_eq!(qadapt::violations(), before);
    let thread = std::thread::spawn(|| {
        free(malloc(10));
        qadapt::violations()
    });
    assert_eq!(thread.join().expect("it ends"), 0);
}
