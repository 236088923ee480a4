//! Blocks that wait: the list and the ring case by case, then with threads.
#![expect(unsafe_code, reason = "links lie in blocks of memory")]

use std::collections::BTreeSet;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use qadapt_spin::{BlockList, BlockRing, Link};

fn make(note: usize) -> NonNull<Link> {
    NonNull::from(Box::leak(Box::new(Link::new(note))))
}

fn push(list: &BlockList, note: usize) {
    let link = make(note);
    // SAFETY: the link is valid, alone, and the list's from here on.
    unsafe { list.push(link, link) };
}

/// Takes what is wanted, frees it, and returns the notes.
fn take(list: &BlockList, mut wanted: impl FnMut(usize) -> bool) -> Vec<usize> {
    let mut taker = list.take().expect("nobody else takes");
    let mut notes = Vec::new();
    while let Some((link, note)) = taker.next_if(&mut wanted) {
        // SAFETY: the link was made by a `Box` in `make`, and has left the list.
        drop(unsafe { Box::from_raw(link.as_ptr()) });
        notes.push(note);
    }
    notes
}

#[test]
fn the_newest_comes_first_and_what_is_not_wanted_stays() {
    let list = BlockList::new();
    assert_eq!(take(&list, |_| true), []);
    (1..=3).for_each(|note| push(&list, note));
    assert_eq!(format!("{list:?}"), "BlockList { is_empty: false, .. }");
    let mut room = 1;
    let one = |_| std::mem::take(&mut room) == 1;
    assert_eq!(take(&list, one), [3]);
    push(&list, 4);
    // What was taken off the list before goes first.
    assert_eq!(take(&list, |note| note != 1), [2]);
    assert_eq!(take(&list, |_| true), [1, 4]);
    assert_eq!(format!("{list:?}"), "BlockList { is_empty: true, .. }");
}

#[test]
fn a_chain_is_pushed_at_once() {
    let list = BlockList::new();
    push(&list, 1);
    let end = make(2);
    let start = NonNull::from(Box::leak(Box::new(Link::before(end, 3))));
    // SAFETY: the first link leads to the last; both are valid and the list's from here on.
    unsafe { list.push(start, end) };
    assert_eq!(take(&list, |_| true), [3, 2, 1]);
}

#[test]
fn one_takes_at_a_time() {
    let list = BlockList::new();
    let taker = list.take();
    assert!(taker.is_some() && list.take().is_none());
    assert!(list.take().is_none(), "one who did not get in lets nobody in");
    drop(taker);
    assert!(list.take().is_some());
}

#[test]
fn no_block_of_a_list_is_lost_between_threads() {
    let (threads, each) = if cfg!(miri) { (3, 40) } else { (8, 5_000) };
    let list = BlockList::new();
    let left = AtomicUsize::new(threads);
    let mut seen = BTreeSet::new();
    thread::scope(|scope| {
        let (list, left) = (&list, &left);
        for thread in 0..threads {
            scope.spawn(move || {
                (0..each).for_each(|note| push(list, thread * each + note));
                left.fetch_sub(1, Ordering::Release);
            });
        }
        loop {
            let was_last = left.load(Ordering::Acquire) == 0;
            for note in take(list, |_| true) {
                assert!(seen.insert(note), "{note} came twice");
            }
            if was_last {
                break;
            }
            thread::yield_now();
        }
    });
    assert_eq!(seen.len(), threads * each);
}

#[test]
fn a_ring_is_full_until_something_is_taken_the_oldest_first() {
    let ring = BlockRing::<3>::new();
    let block = |number: usize| ptr::without_provenance_mut::<u8>(number);
    for round in 0..4 {
        for note in 0..3 {
            assert!(ring.push(block(16), round * 3 + note));
        }
        assert!(!ring.push(block(16), 99));
        assert_eq!(format!("{ring:?}"), "BlockRing { waiting: 3, of: 3, .. }");
        assert_eq!(ring.pop_if(|note| note != round * 3), None);
        for note in 0..3 {
            assert_eq!(ring.pop_if(|_| true), Some((block(16), round * 3 + note)));
        }
        assert_eq!(ring.pop_if(|_| true), None);
    }
}

#[test]
fn no_block_of_a_ring_is_lost_between_threads() {
    let (pushers, takers, each) = if cfg!(miri) { (2, 2, 40) } else { (4, 3, 3_000) };
    let ring = BlockRing::<16>::new();
    let left = AtomicUsize::new(pushers);
    let sums = thread::scope(|scope| {
        let (ring, left) = (&ring, &left);
        for thread in 0..pushers {
            scope.spawn(move || {
                for note in 1..=each {
                    let address = thread * each + note;
                    while !ring.push(ptr::without_provenance_mut(address), address as u64) {
                        thread::yield_now();
                    }
                }
                left.fetch_sub(1, Ordering::Release);
            });
        }
        let take = || {
            let mut sum = (0, 0);
            loop {
                let was_last = left.load(Ordering::Acquire) == 0;
                while let Some((block, note)) = ring.pop_if(|_| true) {
                    assert_eq!(block.addr() as u64, note);
                    sum = (sum.0 + 1, sum.1 + note);
                }
                if was_last {
                    return sum;
                }
                thread::yield_now();
            }
        };
        let threads: Vec<_> = (0..takers).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    });
    let all = (pushers * each) as u64;
    assert_eq!(sums.iter().map(|sum| sum.0).sum::<u64>(), all);
    assert_eq!(sums.iter().map(|sum| sum.1).sum::<u64>(), all * (all + 1) / 2);
}
