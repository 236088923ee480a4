//! Vectors, and what iterators are collected into.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::hint::black_box;

use qadapt::assert_no_alloc;

use crate::seen::{followed, shown};

#[test]
fn growing() {
    let mut vector: Vec<u32> = Vec::with_capacity(4);
    let lines = shown("vec-growth", || assert_no_alloc(|| (0..5).for_each(|n| vector.push(black_box(n)))));
    let expected = "reserve the capacity outside the region: the Vec grew from 16 to 32 bytes";
    assert!(lines.iter().all(|line| line == expected), "{lines:?}");
    let more = black_box(vec![7; 64]);
    shown("vec-growth", || assert_no_alloc(|| vector.extend(black_box(&more).iter().copied())));
    shown("vec-growth", || assert_no_alloc(|| vector.extend_from_slice(black_box(&[8; 200]))));
    shown("vec-growth", || assert_no_alloc(|| vector.reserve(black_box(1000))));
    shown("vec-growth", || assert_no_alloc(|| vector.resize(black_box(5000), 1)));
    vector.truncate(100);
    let lines = shown("shrink", || assert_no_alloc(|| black_box(&mut vector).shrink_to_fit()));
    assert!(lines.iter().all(|line| line.ends_with(" to 400 bytes")), "{lines:?}");
}

#[test]
fn making() {
    let lines = shown("vec-first-push", || {
        let mut vector = black_box(Vec::new());
        assert_no_alloc(|| vector.push(black_box(1_u32)));
        assert_eq!(vector, [1]);
    });
    assert!(lines.iter().all(|line| line.ends_with("its first elements allocated 16 bytes")), "{lines:?}");
    shown("with-capacity", || drop(assert_no_alloc(|| Vec::<u8>::with_capacity(black_box(10)))));
    shown("with-capacity", || drop(assert_no_alloc(|| String::with_capacity(black_box(10)))));
    shown("with-capacity", || drop(assert_no_alloc(|| VecDeque::<u8>::with_capacity(black_box(10)))));
    shown("with-capacity", || drop(assert_no_alloc(|| HashMap::<u8, u8>::with_capacity(black_box(10)))));
    shown("vec-macro", || drop(assert_no_alloc(|| vec![0_u8; black_box(10)])));
    shown("vec-macro", || drop(assert_no_alloc(|| vec![1_u8; black_box(10)])));
    shown("vec-macro", || drop(black_box(assert_no_alloc(|| vec![black_box(1_u8), 2, 3]))));
}

#[test]
fn copying_and_clearing() {
    let vector = black_box(vec![1_u32; 64]);
    shown("vec-clone", || drop(assert_no_alloc(|| black_box(&vector).clone())));
    let mut texts = black_box(vec![String::from("abc"); 3]);
    shown("vec-clear", || assert_no_alloc(|| black_box(&mut texts).clear()));
    let mut texts = black_box(vec![String::from("abc"); 3]);
    shown("vec-clear", || assert_no_alloc(|| black_box(&mut texts).truncate(1)));
    let mut spare = Vec::with_capacity(100);
    spare.push(1_u8);
    shown("shrink", || drop(assert_no_alloc(|| black_box(spare).into_boxed_slice())));
}

#[test]
fn collecting() {
    let numbers: Vec<u32> = black_box((0..64).collect());
    let each = || black_box(&numbers).iter();
    shown("collect-vec", || drop(assert_no_alloc(|| each().map(|n| n + 1).collect::<Vec<_>>())));
    shown("collect-vec", || {
        drop(assert_no_alloc(|| each().filter(|n| **n > black_box(3)).collect::<Vec<_>>()));
    });
    shown("collect-vec", || drop(assert_no_alloc(|| black_box("a b c").split(' ').collect::<Vec<_>>())));
    shown("collect-vec", || {
        let digits: Result<Vec<u8>, _> =
            assert_no_alloc(|| black_box(["1", "2"]).iter().map(|text| text.parse()).collect());
        assert_eq!(digits, Ok(vec![1, 2]));
    });
    shown("collect-string", || drop(assert_no_alloc(|| black_box("abc").chars().rev().collect::<String>())));
    shown("collect-map", || drop(assert_no_alloc(|| each().map(|n| (n, n)).collect::<HashMap<_, _>>())));
    shown("collect-map", || drop(assert_no_alloc(|| each().collect::<HashSet<_>>())));
    shown("collect-queue", || drop(assert_no_alloc(|| each().collect::<VecDeque<_>>())));
    shown("collect-queue", || drop(assert_no_alloc(|| each().collect::<BinaryHeap<_>>())));
    shown("partition", || drop(assert_no_alloc(|| each().partition::<Vec<u32>, _>(|n| **n > 3))));
    shown("partition", || {
        let (left, right): (Vec<u32>, Vec<u32>) = assert_no_alloc(|| each().map(|n| (*n, n + 1)).unzip());
        assert_eq!((left.len(), right.len()), (64, 64));
    });
    let mut map: HashMap<&u32, &u32> = HashMap::with_capacity(64);
    let mut deque: VecDeque<u32> = VecDeque::with_capacity(64);
    let mut heap: BinaryHeap<u32> = BinaryHeap::with_capacity(64);
    followed(|| assert_no_alloc(|| map.extend(each().map(|n| (n, n)))));
    followed(|| assert_no_alloc(|| deque.extend(each())));
    followed(|| assert_no_alloc(|| heap.extend(each())));
}

/// What has no capacity to reserve.
#[test]
fn collecting_into_nodes() {
    let numbers: Vec<u32> = black_box((0..64).rev().collect());
    let each = || black_box(&numbers).iter();
    shown("collect-b-tree", || {
        let map: BTreeMap<_, _> = assert_no_alloc(|| each().map(|n| (n, n)).collect());
        drop(map);
    });
    shown("collect-b-tree", || drop(assert_no_alloc(|| each().collect::<BTreeSet<_>>())));
    shown("collect-b-tree", || drop(assert_no_alloc(|| BTreeSet::from(black_box([1, 2, 3])))));
    shown("collect-b-tree", || drop(assert_no_alloc(|| BTreeMap::from(black_box([(1, 2), (3, 4)])))));
    shown("collect-list", || drop(assert_no_alloc(|| each().collect::<LinkedList<_>>())));
    shown("collect-list", || drop(assert_no_alloc(|| LinkedList::from(black_box([1, 2, 3])))));
    let mut sorted: Vec<u32> = Vec::with_capacity(64);
    followed(|| {
        assert_no_alloc(|| {
            sorted.extend(each());
            sorted.sort_unstable();
        });
    });
    assert_eq!(sorted.len(), 64);
    let mut deque: VecDeque<u32> = VecDeque::with_capacity(64);
    followed(|| assert_no_alloc(|| deque.extend(each())));
}
