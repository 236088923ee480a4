//! What does not count: blocks of permits, what is not counted, and a request that nobody could fulfil.

use std::hint::black_box;

use qadapt::{Mode, Policy, QADAPT, count_alloc, permit_alloc, uncounted};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const COUNTED: Policy = Policy::new().mode(Mode::Count);

fn permits(level: u32) {
    COUNTED.name("permits").run(|| {
        if level == 0 {
            permit_alloc(|| drop(black_box(vec![1_u8; 5_000])));
            return;
        }
        let large = permit_alloc(|| black_box(vec![1_u8; 1_000_000]));
        let small = black_box(vec![1_u8; 10]);
        permits(level - 1);
        permit_alloc(|| drop(large));
        drop(small);
        drop(black_box(vec![1_u8; 20]));
    });
}

fn main() {
    permits(1);
    let (counts, ()) = count_alloc(|| {
        uncounted(|| drop(black_box(vec![1_u8; 100])));
        drop(black_box(vec![1_u8; 7]));
    });
    assert_eq!(counts.peak_bytes(), 7);
    COUNTED.name("refused").run(|| {
        let mut list = Vec::<u8>::new();
        assert!(black_box(&mut list).try_reserve_exact(isize::MAX as usize - 1).is_err());
        for _ in 0..50 {
            std::mem::forget(black_box(vec![1_u8; 100]));
        }
    });
}
