//! Collections of std's that live in a byte pool, where the compiler has std's `Allocator`.
#![cfg(qadapt_pool_allocator)]
#![feature(allocator_api)]

use std::sync::Arc;

use qadapt_pool::{BytePool, Bytes, Pool};

static SMALL: Pool<Bytes<64>, 4> = Pool::new();
static LARGE: Pool<Bytes<1024>, 2> = Pool::new();
static MEMORY: BytePool<'static, 2> = BytePool::new([SMALL.class(), LARGE.class()]);

#[test]
fn vectors_boxes_and_shared_values_live_in_a_pool() {
    let mut numbers = Vec::new_in(&MEMORY);
    numbers.extend(0..100_u64);
    assert_eq!(numbers.iter().sum::<u64>(), 99 * 50);
    assert_eq!((SMALL.available(), LARGE.available()), (4, 1));
    let boxed = Box::new_in([1_u8; 16], &MEMORY);
    let pinned = Box::pin_in([2_u8; 16], &MEMORY);
    let shared = Arc::new_in(3_u8, &MEMORY);
    assert_eq!(SMALL.available(), 1);
    assert_eq!(boxed[0] + pinned[0] + *shared, 6);
    drop((numbers, boxed, pinned, shared));
    assert_eq!((SMALL.available(), LARGE.available()), (4, 2));
}
