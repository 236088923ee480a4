//! What a report says: operation, size, alignment, region, site with its source line, folded stack, how often.
// expect: run alloc alloc
// expect: exit 101
// expect: stderr panicked at tests/src/bin/report.rs:{region}:5:
// expect: after qadapt: allocation of 40 bytes (align 8) in the protected region `the audio callback`
// expect: after --> tests/src/bin/report.rs:{alloc}:5
// expect: after {alloc} |     Box::new(black_box([1; 5]))
// expect: after |     ^
// expect: after = region entered at tests/src/bin/report.rs:{region}:14
// expect: after = stack, innermost call first:
// expect: after of std or qadapt)
// expect: after allocate  tests/src/bin/report.rs:{alloc}:5
// expect: after main  tests/src/bin/report.rs:
// expect: after = QADAPT_BACKTRACE=full shows all
// expect: never alloc::boxed
// expect: never qadapt::hot
// expect: never __rust_alloc
// expect: never times,
// expect: times 1 qadapt: allocation
// expect: run full alloc
// expect: env QADAPT_BACKTRACE=full
// expect: exit 101
// expect: stderr allocate  tests/src/bin/report.rs:{alloc}:5
// expect: after lang_start
// expect: never of std or qadapt)
// expect: never QADAPT_BACKTRACE=full shows all
// expect: run zeroed zeroed
// expect: exit 101
// expect: stderr qadapt: zeroed allocation of 96 bytes (align 1) in the protected region `the audio callback`
// expect: after --> tests/src/bin/report.rs:{zeroed}:
// expect: run realloc realloc
// expect: exit 101
// expect: stderr qadapt: reallocation from 4 to 640 bytes (align 4) in the protected region `the audio callback`
// expect: after --> tests/src/bin/report.rs:{realloc}:
// expect: run dealloc dealloc
// expect: exit 101
// expect: stderr qadapt: deallocation of 24 bytes (align 8) in the protected region `the audio callback`
// expect: after --> tests/src/bin/report.rs:{dealloc}:
// expect: run aligned aligned
// expect: exit 101
// expect: stderr qadapt: allocation of 256 bytes (align 256) in the protected region `the audio callback`
// expect: after --> tests/src/bin/report.rs:{aligned}:
// expect: run often often
// expect: exit 101
// expect: stderr qadapt: allocation of 7 bytes (align 1), 1000 times, in the protected region `the audio callback`
// expect: times 1 qadapt: allocation
// expect: run unnamed unnamed
// expect: exit 101
// expect: stderr qadapt: allocation of 40 bytes (align 8) in a protected region
// expect: after = region entered at tests/src/bin/report.rs:{unnamed}:
// expect: run two two
// expect: exit 101
// expect: stderr qadapt: allocation of 40 bytes (align 8)
// expect: after qadapt: deallocation of 40 bytes (align 8)
// expect: times 2 the protected region `the audio callback`
// expect: times 1 panicked at
// expect: run deep deep
// expect: exit 101
// expect: stderr qadapt: allocation of 40 bytes (align 8)
// expect: after --> tests/src/bin/report.rs:{alloc}:
// expect: after recurse  tests/src/bin/report.rs:

use std::hint::black_box;
use std::{env, mem};

use qadapt::__private::{Place, no_alloc};
use qadapt::{QADAPT, assert_no_alloc};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// More than one cache line, aligned to 256 bytes.
#[repr(align(256))]
struct Aligned {
    bytes: [u8; 256],
}

#[inline(never)]
#[expect(clippy::unnecessary_box_returns, reason = "the box is the point")]
fn allocate() -> Box<[u64; 5]> {
    Box::new(black_box([1; 5])) // here: alloc
}

#[inline(never)]
fn zeroed() -> Vec<u8> {
    vec![0_u8; black_box(96)] // here: zeroed
}

#[inline(never)]
fn grow(vector: &mut Vec<u32>) {
    vector.reserve_exact(black_box(160)); // here: realloc
}

#[inline(never)]
fn free(boxed: Box<[u64; 3]>) {
    drop(black_box(boxed)); // here: dealloc
}

#[inline(never)]
fn align() -> Box<Aligned> {
    Box::new(Aligned { bytes: black_box([1; 256]) }) // here: aligned
}

#[inline(never)]
fn recurse(depth: u32) -> u32 {
    if black_box(depth) == 0 {
        mem::forget(allocate());
        return 0;
    }
    recurse(depth - 1) + black_box(1)
}

fn region(body: impl FnOnce()) {
    no_alloc(Place::named("the audio callback"), body); // here: region
}

fn main() {
    let case = env::args().nth(1).unwrap_or_default();
    // Made outside of the region.
    let mut vector = black_box(Vec::<u32>::with_capacity(1));
    let boxed = Box::new(black_box([1_u64; 3]));
    match case.as_str() {
        "alloc" => region(|| mem::forget(allocate())),
        "zeroed" => region(|| mem::forget(zeroed())),
        "realloc" => region(|| grow(&mut vector)),
        "dealloc" => region(|| free(boxed)),
        "aligned" => region(|| assert_eq!(Box::leak(align()).bytes[255], 1)),
        "often" => region(|| {
            for _ in 0..1000 {
                mem::forget(black_box(Vec::<u8>::with_capacity(black_box(7))));
            }
        }),
        "unnamed" => assert_no_alloc(|| mem::forget(allocate())), // here: unnamed
        "two" => region(|| drop(black_box(allocate()))),
        "deep" => region(|| assert_eq!(recurse(200), 200)),
        other => panic!("no case {other}"),
    }
    black_box(vector);
}
