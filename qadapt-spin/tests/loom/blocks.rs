//! Models of lists and rings of blocks that wait to be freed.

use core::ptr::NonNull;

use loom::{model, sync::Arc};

use crate::block_list::{BlockList, Link};
use crate::block_ring::BlockRing;
use crate::{Reached, together};

/// A link in a block of its own.
fn leak(note: usize) -> NonNull<Link> {
    NonNull::from(Box::leak(Box::new(Link::new(note))))
}

/// Takes all that can be had, and frees it.
#[expect(unsafe_code, reason = "links lie in blocks of memory")]
fn take_all(list: &BlockList, notes: &mut Vec<usize>) {
    let Some(mut taker) = list.take() else { return };
    while let Some((link, note)) = taker.next_if(|_| true) {
        // SAFETY: the link was made by a `Box` in `leak`, and has left the list.
        drop(unsafe { Box::from_raw(link.as_ptr()) });
        notes.push(note);
    }
}

#[expect(unsafe_code, reason = "links lie in blocks of memory")]
fn pusher(list: &Arc<BlockList>, notes: [usize; 2]) -> Box<dyn FnOnce() -> Vec<usize> + Send> {
    let list = Arc::clone(list);
    Box::new(move || {
        let last = leak(notes[0]);
        let first = NonNull::from(Box::leak(Box::new(Link::before(last, notes[1]))));
        // SAFETY: the first link leads to the last; both are valid and the list's from here on.
        unsafe { list.push(first, last) };
        Vec::new()
    })
}

/// Two threads push chains while a third takes and frees: each block is taken once, and nobody reads a block that was freed, which
/// loom tells by its atomics' end.
#[test]
fn every_block_of_a_list_is_taken_once() {
    static EARLY: Reached = Reached::new();
    model(|| {
        let list = Arc::new(BlockList::new());
        let taker: Box<dyn FnOnce() -> Vec<usize> + Send> = {
            let list = Arc::clone(&list);
            Box::new(move || {
                let mut notes = Vec::new();
                take_all(&list, &mut notes);
                notes
            })
        };
        let mut notes = together([pusher(&list, [1, 2]), taker, pusher(&list, [3, 4])]).concat();
        if !notes.is_empty() {
            EARLY.here();
        }
        take_all(&list, &mut notes);
        notes.sort_unstable();
        assert_eq!(notes, [1, 2, 3, 4]);
    });
    assert!(EARLY.at_least_once());
}

/// Two threads want to take: one at a time does, and what one leaves the other finds.
#[test]
fn what_a_taker_leaves_another_finds() {
    model(|| {
        let list = Arc::new(BlockList::new());
        for job in [pusher(&list, [1, 2]), pusher(&list, [3, 4])] {
            job();
        }
        let one = || -> Box<dyn FnOnce() -> Vec<usize> + Send> {
            let list = Arc::clone(&list);
            Box::new(move || {
                // Whoever does not get in tries again, and must not get in beside the other.
                let taker = list.take().or_else(|| list.take());
                let taken = taker.and_then(|mut taker| taker.next_if(|_| true));
                taken.into_iter().map(|(_, note)| note).collect()
            })
        };
        let mut notes = together([one(), one()]).concat();
        take_all(&list, &mut notes);
        notes.sort_unstable();
        assert_eq!(notes, [1, 2, 3, 4]);
    });
}

/// Two threads push into a ring with one place while two take: what comes out went in, with its own note, once.
#[test]
fn what_goes_into_a_ring_comes_out_once() {
    static TAKEN: Reached = Reached::new();
    model(|| {
        let ring = Arc::new(BlockRing::<1>::new());
        let push = |note: usize| -> Box<dyn FnOnce() -> Vec<usize> + Send> {
            let ring = Arc::clone(&ring);
            Box::new(move || {
                let is_in = ring.push(core::ptr::without_provenance_mut(note), note as u64);
                if is_in { vec![note] } else { Vec::new() }
            })
        };
        let take = |ring: &BlockRing<1>| {
            let taken = ring.pop_if(|_| true);
            taken.map(|(block, note)| {
                assert_eq!(block.addr() as u64, note);
                block.addr()
            })
        };
        let taker: Box<dyn FnOnce() -> Vec<usize> + Send> = {
            let ring = Arc::clone(&ring);
            Box::new(move || take(&ring).into_iter().collect())
        };
        let done = together([push(10), taker, push(20)]);
        if !done[1].is_empty() {
            TAKEN.here();
        }
        let mut out = done[1].clone();
        out.extend(std::iter::from_fn(|| take(&ring)));
        out.sort_unstable();
        let mut gone_in = [done[0].clone(), done[2].clone()].concat();
        gone_in.sort_unstable();
        assert_eq!(out, gone_in);
        assert!(!gone_in.is_empty());
    });
    assert!(TAKEN.at_least_once());
}
