//! Containers of fixed or reserved size.
use arrayvec::{ArrayString, ArrayVec};
use fixedbitset::FixedBitSet;
use slab::Slab;
use smallvec::SmallVec;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::fmt::Write as _;

cases! {
    smallvec_local, Never, 3u64 => u64,
        |x, i| {
            let mut v: SmallVec<[u64; 8]> = SmallVec::new();
            for n in 0..4 { v.push(*x + n + i as u64); } v.iter().sum::<u64>() as usize
        };
    smallvec_push, Some, SmallVec::new() => SmallVec<[u32; 8]>, |x, i| { x.push(i as u32); x.len() };
    arrayvec_push, Never, ArrayVec::new() => ArrayVec<u32, 8>,
        |x, i| { if x.is_full() { x.clear(); } x.push(i as u32); x.len() };
    arrayvec_try, Never, ArrayVec::new() => ArrayVec<u32, 8>,
        |x, i| usize::from(x.try_push(i as u32).is_ok());
    arrayvec_sorted, Never, [5, 3, 9, 1].into_iter().collect() => ArrayVec<u32, 8>,
        |x, i| { x.sort_unstable(); x.swap_remove(0); x.push(i as u32); x[0] as usize };
    arraystring_write, Never, ArrayString::new() => ArrayString<64>,
        |x, i| { x.clear(); let _ = write!(x, "order {} at {:>6}", i, i * 3); x.len() };
    heapless_push, Never, heapless::Vec::new() => heapless::Vec<u16, 16>,
        |x, i| { let _ = x.push(i as u16); x.len() };
    heapless_string, Never, heapless::String::new() => heapless::String<48>,
        |x, i| { x.clear(); let _ = write!(x, "{i:04x}:{}", i % 3); x.len() };
    heapless_map, Never, heapless::index_map::FnvIndexMap::new()
        => heapless::index_map::FnvIndexMap<u32, u32, 32>,
        |x, i| { let _ = x.insert(i as u32, 1); x.get(&3).map_or(0, |v| *v as usize) };
    heapless_deque, Never, heapless::Deque::new() => heapless::Deque<u32, 8>,
        |x, i| { if x.is_full() { x.pop_front(); } let _ = x.push_back(i as u32); x.len() };
    heapless_heap, Never, heapless::BinaryHeap::new()
        => heapless::BinaryHeap<u32, heapless::binary_heap::Max, 32>,
        |x, i| { let _ = x.push(i as u32 * 7 % 13); x.peek().map_or(0, |v| *v as usize) };
    slab_get, Never, (0..9u32).map(|n| (n as usize, n)).collect() => Slab<u32>,
        |x, i| x.get(i).map_or(0, |v| *v as usize);
    slab_remove, Never, (0..9u32).map(|n| (n as usize, n)).collect() => Slab<u32>,
        |x, i| x.try_remove(i).map_or(0, |v| v as usize);
    slab_insert, Some, Slab::with_capacity(4) => Slab<u32>, |x, i| x.insert(i as u32);
    bitset, Never, FixedBitSet::with_capacity(200) => FixedBitSet,
        |x, i| { x.insert(i * 3); x.set(i, false); x.count_ones(..) };
    bitset_ones, Never, { let mut b = FixedBitSet::with_capacity(200); b.insert_range(10..40); b }
        => FixedBitSet,
        |x, i| x.ones().map(|n| n ^ i).sum::<usize>() + usize::from(x.contains(i));
    bytemuck_cast, Never, vec![1u32, 2, 3, 4] => Vec<u32>,
        |x, i| bytemuck::cast_slice::<u32, u8>(x).iter().map(|b| usize::from(*b)).sum::<usize>() + i;
    bytemuck_read, Never, vec![7u8; 64] => Vec<u8>,
        |x, i| bytemuck::pod_read_unaligned::<u32>(&x[i..i + 4]) as usize;
    vec_push, Some, Vec::with_capacity(16) => Vec<u32>, |x, i| { x.push(i as u32); x.len() };
    vec_sort_unstable, Never, (0..50u32).map(|n| n * 37 % 50).collect() => Vec<u32>,
        |x, i| { x.sort_unstable(); x[i] as usize };
    vec_sort_floats, Never, (0..50u32).map(|n| f64::from(n * 37 % 50)).collect() => Vec<f64>,
        |x, i| { x.sort_unstable_by(f64::total_cmp); x[i] as usize };
    vec_select, Never, (0..50u32).map(|n| n * 37 % 50).collect() => Vec<u32>,
        |x, i| *x.select_nth_unstable(i).1 as usize;
    vec_sort_stable, Some, (0..50u32).map(|n| n * 37 % 50).collect() => Vec<u32>,
        |x, i| { x.sort_by_key(|n| n ^ i as u32); x[i] as usize };
    vec_retain, Never, (0..90u32).collect() => Vec<u32>,
        |x, i| { x.retain(|n| n % 29 != i as u32); x.dedup(); x.truncate(80); x.len() };
    deque_rotate, Never, (0..9u32).collect() => VecDeque<u32>,
        |x, i| {
            x.rotate_left(i.min(x.len()));
            x.pop_front().map_or(0, |n| n as usize) + x.iter().sum::<u32>() as usize
        };
    deque_push, Some, VecDeque::with_capacity(4) => VecDeque<u32>, |x, i| { x.push_back(i as u32); x.len() };
    heap_pop, Never, (0..40u32).map(|n| n * 17 % 40).collect() => BinaryHeap<u32>,
        |x, i| {
            if let Some(mut top) = x.peek_mut() { *top = i as u32; } x.pop().map_or(0, |n| n as usize)
        };
    btree_get, Never, (0..40u32).map(|n| (n, n * 2)).collect() => BTreeMap<u32, u32>,
        |x, i| x.get(&(i as u32)).map_or(0, |v| *v as usize);
    btree_range, Never, (0..40u32).map(|n| (n, n * 2)).collect() => BTreeMap<u32, u32>,
        |x, i| x.range(i as u32..).take(3).map(|(k, v)| (k + v) as usize).sum();
    btree_text, Never, (0..40u32).map(|n| (n.to_string(), n * 2)).collect() => BTreeMap<String, u32>,
        |x, i| x.get(["1", "17", "99"][i % 3]).map_or(0, |v| *v as usize);
    btree_insert, Some, (0..40u32).map(|n| (n, n * 2)).collect() => BTreeMap<u32, u32>,
        |x, i| { x.insert(i as u32 * 9, 1); x.len() };
}
