//! Collections that live in a byte pool, through `allocator_api2`.
#![cfg(feature = "allocator-api2")]
#![expect(unsafe_code, reason = "an allocator is used by hand")]

mod support;

use std::alloc::Layout;
use std::mem::MaybeUninit;
use std::thread;

use allocator_api2::alloc::Allocator;
use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;
use fastrand::Rng;
use hashbrown::{DefaultHashBuilder, HashMap};
use qadapt_pool::{Arena, BytePool, Bytes, Pool};

static SMALL: Pool<Bytes<64>, 64> = Pool::new();
static MEMORY: BytePool<'static, 1> = BytePool::new([SMALL.class()]);

#[test]
fn a_vector_grows_in_its_slot_and_moves_to_larger_ones() {
    let small = Pool::<Bytes<64>, 2>::new();
    let large = Pool::<Bytes<512>, 1>::new();
    let pool = BytePool::new([small.class(), large.class()]);
    let mut numbers = Vec::<u64, _>::with_capacity_in(2, &pool);
    numbers.extend_from_slice(&[1, 2]);
    let place = numbers.as_ptr();
    numbers.reserve_exact(8 - 2);
    assert_eq!(numbers.as_ptr(), place, "64 bytes fit where 16 were asked for");
    numbers.extend(3..=64);
    assert_eq!((small.available(), large.available()), (2, 0));
    assert!(numbers.try_reserve(1).is_err(), "there is nothing larger");
    assert_eq!(numbers.iter().sum::<u64>(), 64 * 65 / 2);
    numbers.truncate(1);
    numbers.shrink_to_fit();
    assert_eq!(numbers[0], 1);
    drop(numbers);
    assert_eq!((small.available(), large.available()), (2, 1));
}

#[test]
fn a_map_lives_in_a_pool() {
    static TABLE: Pool<Bytes<16_384>, 2> = Pool::new();
    static CELLS: Pool<Bytes<16>, 120> = Pool::new();
    static POOL: BytePool<'static, 2> = BytePool::new([TABLE.class(), CELLS.class()]);
    let mut squares = HashMap::<u32, Box<u64, _>, DefaultHashBuilder, _>::with_capacity_in(100, &POOL);
    for number in 0..100 {
        squares.insert(number, Box::new_in(u64::from(number * number), &POOL));
    }
    assert_eq!(CELLS.available(), 20);
    assert_eq!(squares.get(&9).map(|square| **square), Some(81));
    squares.retain(|number, _| number % 2 == 0);
    assert_eq!(CELLS.available(), 70);
    assert_eq!(
        squares.values().map(|square| **square).sum::<u64>(),
        (0..100).step_by(2).map(|n| n * n).sum()
    );
    drop(squares);
    assert_eq!((CELLS.available(), TABLE.available()), (120, 2));
}

#[test]
fn nothing_takes_no_slot() {
    let layout = Layout::from_size_align(0, 4096).expect("it is valid");
    let memory = (&MEMORY).allocate(layout).expect("it takes nothing");
    assert_eq!((memory.len(), memory.cast::<u8>().addr().get() % 4096), (0, 0));
    // SAFETY: the memory comes from this allocator, for this layout.
    unsafe { (&MEMORY).deallocate(memory.cast(), layout) };
    let pool = BytePool::new([]);
    assert!((&pool).allocate(Layout::new::<u8>()).is_err());
}

/// Blocks at random, each filled with bytes of its own, grown, shrunk and given back in any order, by several threads.
#[test]
fn blocks_are_nobody_elses() {
    let steps = if cfg!(miri) { 100 } else { 20_000 };
    let mut memory = vec![MaybeUninit::uninit(); 40_000];
    let mut arena = Arena::new(&mut memory);
    let mut class = |size, count| {
        arena.class(Layout::from_size_align(size, 16).expect("it is valid"), count).expect("there is room")
    };
    let pool = BytePool::new([class(48, 100), class(200, 40), class(1000, 16)]);
    thread::scope(|scope| {
        for seed in 0..3_u8 {
            let pool = &pool;
            scope.spawn(move || {
                let mut random = Rng::with_seed(u64::from(seed));
                let mut held = std::vec::Vec::<(u8, Vec<u8, &BytePool<'_, 3>>)>::new();
                for step in 0..steps {
                    let mark = u8::try_from(step % 80).expect("less than 80") + seed * 80;
                    let len = random.usize(..1100);
                    match random.usize(..4) {
                        0 | 1 => {
                            let mut block = Vec::new_in(pool);
                            if block.try_reserve_exact(len).is_ok() {
                                block.resize(len, mark);
                                held.push((mark, block));
                            }
                        }
                        2 if !held.is_empty() => {
                            let index = random.usize(..held.len());
                            let (mark, block) = &mut held[index];
                            if block.try_reserve_exact(len.saturating_sub(block.len())).is_ok() {
                                block.resize(len, *mark);
                                block.shrink_to_fit();
                            }
                        }
                        _ if !held.is_empty() => {
                            let (mark, block) = held.swap_remove(random.usize(..held.len()));
                            assert!(block.iter().all(|byte| *byte == mark), "someone else wrote to it");
                        }
                        _ => {}
                    }
                }
                assert!(held.iter().all(|(mark, block)| block.iter().all(|byte| byte == mark)));
            });
        }
    });
    assert!(pool.classes().iter().all(|class| class.available() == class.capacity()));
}
