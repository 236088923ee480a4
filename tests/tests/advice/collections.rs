//! Maps, sets, queues.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::hint::black_box;

use qadapt::assert_no_alloc;

use crate::seen::shown;

#[test]
fn hash_tables() {
    let mut map: HashMap<u32, u32> = HashMap::new();
    shown("hash-map-insert", || assert_eq!(assert_no_alloc(|| map.insert(black_box(1), 2)), None));
    shown("hash-map-insert", || assert_no_alloc(|| (0..10).for_each(|n| _ = map.insert(black_box(n), 2))));
    shown("hash-map-insert", || {
        assert_no_alloc(|| (0..100).for_each(|n| *map.entry(black_box(n)).or_insert(0) += 1));
    });
    shown("hash-map-insert", || assert_no_alloc(|| map.extend((0..1000).map(|n| (black_box(n), 3)))));
    let mut set: HashSet<u32> = HashSet::new();
    shown("hash-set-insert", || assert!(assert_no_alloc(|| set.insert(black_box(1)))));
    shown("hash-set-insert", || assert_no_alloc(|| (0..100).for_each(|n| _ = set.insert(black_box(n)))));
    shown("collection-clone", || drop(assert_no_alloc(|| black_box(&map).clone())));
}

#[test]
fn b_trees() {
    let mut map: BTreeMap<u32, u32> = BTreeMap::new();
    shown("b-tree-insert", || assert_eq!(assert_no_alloc(|| map.insert(black_box(1), 2)), None));
    shown("b-tree-insert", || assert_no_alloc(|| (0..100).for_each(|n| _ = map.insert(black_box(n), 2))));
    shown("b-tree-insert", || {
        assert_no_alloc(|| (100..200).for_each(|n| *map.entry(black_box(n)).or_insert(0) += 1));
    });
    let mut set: BTreeSet<u32> = BTreeSet::new();
    shown("b-tree-insert", || assert!(assert_no_alloc(|| set.insert(black_box(1)))));
    shown("collection-clone", || drop(assert_no_alloc(|| black_box(&map).clone())));
    shown("b-tree-remove", || assert_no_alloc(|| (0..90).for_each(|n| _ = map.remove(&black_box(n)))));
    assert_eq!(map.len(), 110);
}

#[test]
fn queues() {
    let mut deque: VecDeque<u32> = VecDeque::with_capacity(1);
    let lines =
        shown("deque-growth", || assert_no_alloc(|| (0..9).for_each(|n| deque.push_back(black_box(n)))));
    assert!(lines.iter().all(|line| line.contains("the VecDeque grew from")), "{lines:?}");
    shown("collection-clone", || drop(assert_no_alloc(|| black_box(&deque).clone())));
    let mut heap: BinaryHeap<u32> = BinaryHeap::new();
    shown("heap-growth", || assert_no_alloc(|| (0..9).for_each(|n| heap.push(black_box(n)))));
    let mut list: LinkedList<u32> = LinkedList::new();
    shown("linked-list", || assert_no_alloc(|| (0..3).for_each(|n| list.push_back(black_box(n)))));
    shown("linked-list", || assert_eq!(assert_no_alloc(|| black_box(&mut list).pop_front()), Some(0)));
}
