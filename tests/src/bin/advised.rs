//! The advice at the end of a report, for what only a process's first use shows.
// shows: print
// expect: run first-print print
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stderr qadapt: allocation of
// expect: after    = help: call `qadapt::warm_up()` at the start of main: the first use of stdout allocates its buffer
// expect: stdout printed
// expect: off stdout printed
// expect: run growth growth
// expect: exit 101
// expect: stderr qadapt: reallocation from 16 to 32 bytes (align 4) in a protected region
// expect: after    = help: reserve the capacity outside the region: the Vec grew from 16 to 32 bytes
// expect: run no-habit none
// expect: env QADAPT_MODE=log
// expect: exit 0
// expect: stderr qadapt: allocation of 24 bytes
// expect: never help:

use std::alloc::{Layout, alloc};
use std::env;
use std::hint::black_box;

use qadapt::{QADAPT, assert_no_alloc};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() {
    let case = env::args().nth(1).unwrap_or_default();
    let mut vector = Vec::with_capacity(4);
    match case.as_str() {
        "print" => assert_no_alloc(|| println!("printed")),
        "growth" => assert_no_alloc(|| (0..5_u32).for_each(|n| vector.push(black_box(n)))),
        "none" => assert_no_alloc(directly),
        other => panic!("no case {other}"),
    }
    black_box(vector);
}

#[expect(unsafe_code, reason = "memory without any library in between")]
fn directly() {
    // SAFETY: the layout's size is not 0.
    assert!(!black_box(unsafe { alloc(Layout::new::<[u64; 3]>()) }).is_null());
}
