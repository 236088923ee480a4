//! Maps, sets, queues.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::hint::black_box;

use qadapt::assert_no_alloc;

use crate::seen::{followed, shown};

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
    shown("b-tree-remove", || assert_no_alloc(|| (0..90).for_each(|n| _ = map.remove(&black_box(n)))));
    assert_eq!(map.len(), 110);
}

#[test]
fn queues() {
    let mut deque: VecDeque<u32> = VecDeque::with_capacity(1);
    let lines =
        shown("deque-growth", || assert_no_alloc(|| (0..9).for_each(|n| deque.push_back(black_box(n)))));
    assert!(lines.iter().all(|line| line.contains("the VecDeque grew from")), "{lines:?}");
    let mut heap: BinaryHeap<u32> = BinaryHeap::new();
    shown("heap-growth", || assert_no_alloc(|| (0..9).for_each(|n| heap.push(black_box(n)))));
    let mut list: LinkedList<u32> = LinkedList::new();
    shown("linked-list", || assert_no_alloc(|| (0..3).for_each(|n| list.push_back(black_box(n)))));
    shown("linked-list", || assert_eq!(assert_no_alloc(|| black_box(&mut list).pop_front()), Some(0)));
}

#[test]
fn clones_of_queues() {
    let deque: VecDeque<u32> = (0..9).collect();
    shown("collection-clone", || drop(assert_no_alloc(|| black_box(&deque).clone())));
    let mut small = VecDeque::with_capacity(1);
    shown("collection-clone", || assert_no_alloc(|| small.clone_from(black_box(&deque))));
    let mut reserved = VecDeque::with_capacity(100);
    followed(|| assert_no_alloc(|| reserved.clone_from(black_box(&deque))));
    let heap: BinaryHeap<u32> = (0..9).collect();
    shown("collection-clone", || drop(assert_no_alloc(|| black_box(&heap).clone())));
    let mut small = BinaryHeap::with_capacity(1);
    shown("collection-clone", || assert_no_alloc(|| small.clone_from(black_box(&heap))));
    let mut reserved = BinaryHeap::with_capacity(100);
    followed(|| assert_no_alloc(|| reserved.clone_from(black_box(&heap))));
    let list: LinkedList<u32> = (0..9).collect();
    shown("linked-list-clone", || drop(assert_no_alloc(|| black_box(&list).clone())));
    let mut shorter: LinkedList<u32> = (0..3).collect();
    shown("linked-list-clone", || assert_no_alloc(|| shorter.clone_from(black_box(&list))));
    followed(|| assert_no_alloc(|| shorter.clone_from(black_box(&list))));
}

#[test]
fn clones_of_hash_tables() {
    let map: HashMap<u32, u32> = (0..100).map(|n| (n, n)).collect();
    shown("hash-map-clone", || drop(assert_no_alloc(|| black_box(&map).clone())));
    let mut reserved = HashMap::with_capacity(1000);
    followed(|| {
        assert_no_alloc(|| {
            reserved.clear();
            reserved.extend(black_box(&map));
        });
    });
    assert_eq!(reserved, map);
    shown("hash-map-clone", || assert_no_alloc(|| reserved.clone_from(black_box(&map))));
    let set: HashSet<u32> = (0..100).collect();
    shown("hash-map-clone", || drop(assert_no_alloc(|| black_box(&set).clone())));
    let mut reserved = HashSet::with_capacity(1000);
    shown("hash-map-clone", || assert_no_alloc(|| reserved.clone_from(black_box(&set))));
}

#[test]
fn clones_of_b_trees() {
    let map: BTreeMap<u32, u32> = (0..100).map(|n| (n, n)).collect();
    shown("b-tree-clone", || drop(assert_no_alloc(|| black_box(&map).clone())));
    let mut other = map.clone();
    shown("b-tree-clone", || assert_no_alloc(|| other.clone_from(black_box(&map))));
    let set: BTreeSet<u32> = (0..100).collect();
    shown("b-tree-clone", || drop(assert_no_alloc(|| black_box(&set).clone())));
    let mut other = set.clone();
    shown("b-tree-clone", || assert_no_alloc(|| other.clone_from(black_box(&set))));
    let mut entries = Vec::with_capacity(100);
    followed(|| {
        assert_no_alloc(|| entries.extend(black_box(&map).iter().map(|(key, value)| (*key, *value))));
    });
    assert!(entries.is_sorted());
}
