//! More blocks than are followed without `--live`: some are given back at once, some by another thread, some never.

use std::hint::black_box;
use std::mem::forget;

use qadapt::assert_no_alloc;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn made<const BYTES: usize>() -> Box<[u8; BYTES]> {
    black_box(Box::new(black_box([7; BYTES])))
}

fn main() {
    let rounds = black_box(400_000);
    let mut kept: Vec<Box<[u8; 128]>> = Vec::with_capacity(rounds);
    for round in 0..rounds {
        assert_no_alloc(|| drop(made::<64>())); // at once
        if round % 20 == 0 {
            assert_no_alloc(|| forget(made::<96>())); // never
        }
        if round % 40 == 0 {
            kept.push(assert_no_alloc(|| made::<128>())); // elsewhere
        }
        if round % 100 == 0 {
            let mut list: Vec<u8> = assert_no_alloc(|| Vec::with_capacity(black_box(16))); // small
            assert_no_alloc(|| list.reserve_exact(black_box(200))); // grown
            forget(black_box(list));
        }
    }
    std::thread::spawn(move || drop(kept)).join().expect("it ends");
    let large = assert_no_alloc(|| vec![black_box(1_u8); 3_000_000]); // large
    forget(black_box(large));
    assert_no_alloc(|| forget(made::<24>())); // one
}
