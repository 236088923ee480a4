//! Frames are told apart by their source file, not by their name: a user's function may be called like std's.
// expect: exit 101
// expect: stderr --> tests/src/bin/names.rs:{alloc}:
// expect: after allocate  tests/src/bin/names.rs:{alloc}:

use qadapt::{QADAPT, assert_no_alloc};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

mod alloc {
    #[inline(never)]
    pub(crate) fn allocate() -> Vec<u8> {
        std::hint::black_box(Vec::with_capacity(std::hint::black_box(9))) // here: alloc
    }
}

fn main() {
    assert_no_alloc(|| std::mem::forget(alloc::allocate()));
}
