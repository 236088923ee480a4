//! What a platform must show that has neither threads nor unwinding: WASI. One violation, under `QADAPT_MODE`, and one that
//! is left for the end.

use std::hint::black_box;

use qadapt::{QADAPT, assert_no_alloc, count_alloc, enter_protected, violations};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[qadapt::allocate_panic]
fn allocates() {
    drop(black_box(Box::new(black_box([0_u8; 16]))));
}

#[qadapt::allocate_panic]
fn adds(left: u32, right: u32) -> u32 {
    black_box(left) + black_box(right)
}

fn main() {
    println!("checks {}", if qadapt::is_active() { "on" } else { "off" });
    assert_eq!(adds(2, 3), 5);
    let (counts, ()) = count_alloc(|| drop(black_box(Box::new(black_box([0_u8; 24])))));
    println!("{counts:?}");
    let before = violations();
    allocates();
    println!("{} violations", violations() - before);
    assert_no_alloc(|| ());
    enter_protected();
    drop(black_box(Box::new(black_box([0_u8; 21]))));
    println!("done");
}
