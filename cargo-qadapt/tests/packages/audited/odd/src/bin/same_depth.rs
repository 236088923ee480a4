//! For `live.rs`: requests from one depth of the stack by different callers, in an order without a pattern, on threads that
//! come to lie where others did. The words that one call leaves are still there when the next one is made.

use std::hint::black_box;
use std::panic;
use std::thread;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn main() {
    for _ in 0..4 {
        thread::spawn(|| (0..7000).for_each(call)).join().expect("it ends");
    }
    (0..7000).for_each(call);
}

fn call(number: u32) {
    match number.wrapping_mul(0x9E37_79B1) >> 16 & 7 {
        0 => first(one),
        1 => second(one),
        2 => first(other),
        3 => second(other),
        4 => drop(panic::catch_unwind(|| third(one))),
        5 => deeper(number % 5),
        _ => third(other),
    }
}

#[inline(never)]
fn first(inner: fn()) {
    inner(); // by first
    black_box(());
}

#[inline(never)]
fn second(inner: fn()) {
    inner(); // by second
    black_box(());
}

#[inline(never)]
fn third(inner: fn()) {
    inner(); // by third
    black_box(());
}

#[inline(never)]
fn deeper(more: u32) {
    if more > 0 {
        deeper(more - 1)
    } else {
        first(other)
    }
    black_box(());
}

#[inline(never)]
fn one() {
    drop(black_box(Box::new([1_u8; 24]))); // one
}

#[inline(never)]
fn other() {
    drop(black_box(Box::new([2_u8; 40]))); // other
}
