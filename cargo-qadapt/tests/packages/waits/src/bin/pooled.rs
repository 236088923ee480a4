//! Memory of pools.

use std::alloc::Layout;
use std::hint::black_box;

use allocator_api2::vec::Vec;
use qadapt::{allocate_panic, assert_no_alloc};
use qadapt_pool::{BytePool, Bytes, Pool, PoolBox};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

static ORDERS: Pool<[u64; 4], 32> = Pool::new();
static BUFFERS: Pool<Bytes<256>, 8> = Pool::new();
static BYTES: BytePool<'static, 1> = BytePool::new([BUFFERS.class()]);

#[allocate_panic]
#[inline(never)]
fn takes(n: u64) -> Option<PoolBox<'static, [u64; 4]>> {
    ORDERS.try_box([n; 4]).ok()
}

#[allocate_panic]
#[inline(never)]
fn takes_bytes(n: usize) -> Option<PoolBox<'static, [u8]>> {
    BYTES.try_bytes(n)
}

#[allocate_panic]
#[inline(never)]
fn takes_a_block(n: usize) -> bool {
    let layout = Layout::from_size_align(n, 1).unwrap_or(Layout::new::<u8>());
    BYTES.try_take(layout).is_some()
}

#[allocate_panic]
#[inline(never)]
fn gives_back(order: PoolBox<'static, [u64; 4]>) -> u64 {
    order[0]
}

#[allocate_panic]
#[inline(never)]
fn there_and_back(n: u64) -> u64 {
    ORDERS.try_box([n; 4]).map_or(0, |order| order[1])
}

#[inline(never)]
fn collects(n: u8) -> usize {
    assert_no_alloc(|| {
        let mut bytes = Vec::new_in(&BYTES);
        if bytes.try_reserve(16).is_ok() {
            bytes.push(n);
        }
        bytes.len()
    })
}

/// What does not fit goes elsewhere.
#[allocate_panic]
#[inline(never)]
fn takes_or_allocates(n: u64) -> u64 {
    match ORDERS.try_box([n; 4]) {
        Ok(order) => order[2],
        Err(order) => black_box(Box::new(order))[2],
    }
}

fn main() {
    let n = black_box(std::env::args().count());
    println!("{:?} {}", takes_bytes(n).map(|b| b.len()), takes_a_block(n));
    println!("{:?}", takes(n as u64).map(gives_back));
    println!("{} {} {}", there_and_back(n as u64), collects(n as u8), takes_or_allocates(n as u64));
}
