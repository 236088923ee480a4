//! One future, pinned in a box and on the stack: 1 allocation and 0.
//!
//! `cargo run -p qadapt-examples --example pinned` counts in a debug build; a release build needs `QADAPT_ENFORCE=1`.

use std::hint::black_box;
use std::pin::pin;

use qadapt::{Counts, GuardExt as _, count_alloc};
use qadapt_examples::cli::HOW_TO_MEASURE;
use qadapt_examples::poll::{Pause, finish};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

/// Keeps its samples while it waits, and so in the future itself.
async fn average() -> f32 {
    let samples = black_box([0.25_f32; 64]);
    Pause::default().await;
    samples.iter().sum::<f32>() / 64.0
}

fn main() {
    // The guard is part of the future: it takes a few words there, and no memory either.
    let (on_the_stack, stack) = count_alloc(|| finish(pin!(average().no_alloc())));
    let (in_a_box, boxed) = count_alloc(|| finish(Box::pin(average().no_alloc()).as_mut()));
    assert_eq!(stack.to_bits(), boxed.to_bits());
    if !on_the_stack.is_measured() {
        println!("{HOW_TO_MEASURE}");
    }
    print("Box::pin(future)", &in_a_box);
    print("std::pin::pin!(future)", &on_the_stack);
}

fn print(how: &str, counts: &Counts) {
    println!("{how:<24} {} allocations, {} bytes", counts.allocs(), counts.bytes());
}
