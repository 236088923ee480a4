//! Has C allocate in a region whose violations are logged.

use std::hint::black_box;

use qadapt::{Mode, QADAPT, assert_no_alloc};
use qadapt_c_tests::allocates;
use qadapt_malloc as _;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() {
    qadapt::set_mode(Mode::Log);
    black_box(assert_no_alloc(|| allocates(black_box(77))));
}
