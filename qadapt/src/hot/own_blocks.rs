//! Blocks that QADAPT makes and the program frees: the payload of a report's panic.
//!
//! Whoever catches the panic drops a `String` that is none of the program's making, in a box, and the unwinder has freed
//! a block of its own before. So that none of the three counts as the program's, their addresses are kept until they are
//! freed.
//!
//! A block that is freed where nothing watches is not seen to go, and its address can be another's soon. So a block is
//! only taken for an own one if it has the size that it had and begins with the same two words, which allocators
//! overwrite when a block is freed, and so does whoever gets it next; and an address that is seen to be given out is
//! forgotten.

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::record::{Kind, Serial};
use super::{end, push, setting};

/// Two words at a block's beginning.
type Beginning = [usize; 2];

/// What is known of an own block.
struct Entry {
    /// 0 for none, and [`CLAIMED`] while it is written. Whoever takes the block takes this away.
    address: AtomicUsize,
    size: AtomicUsize,
    beginning: [AtomicUsize; 2],
}

/// In place of an address: a thread, or a signal handler on it, writes the rest.
const CLAIMED: usize = 1;

/// A place that its holder alone writes, and the address that it had.
struct Claimed {
    entry: &'static Entry,
    was: usize,
}

/// A block has one of [`WAYS`] places. Where all of them are taken the next in turn is given up, and counts as the
/// program's.
static ENTRIES: [[Entry; WAYS]; SETS] = [const { [const { Entry::new() }; WAYS] }; SETS];
const SETS: usize = 32;
const WAYS: usize = 8;

/// Which of the places is given up next. Relaxed: any would do.
static TURN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The last two blocks that this thread made while it raised a panic.
    static MADE: Cell<[(usize, usize); 2]> = const { Cell::new([(0, 0); 2]) };
}

impl Entry {
    const fn new() -> Self {
        Self {
            address: AtomicUsize::new(0),
            size: AtomicUsize::new(0),
            beginning: [const { AtomicUsize::new(0) }; 2],
        }
    }
}

/// From here on the thread raises a panic: what it allocates is neither counted nor a violation. Until the unwinding
/// reaches this and drops it.
#[derive(Debug)]
#[must_use]
pub(crate) struct Raising {
    serial: Serial,
}

impl Raising {
    pub(crate) fn begin() -> Self {
        Self { serial: push::work(Kind::Raising) }
    }
}

impl Drop for Raising {
    /// The last two blocks are the payload's box and the unwinder's exception, in the order of `std::panicking`: the
    /// hook runs before them, and nothing allocates after.
    fn drop(&mut self) {
        let _ = end::record_slowly(self.serial);
        for (address, size) in MADE.try_with(Cell::take).unwrap_or_default() {
            own(address, size);
        }
    }
}

/// Notes a block that was made while the thread raises a panic.
#[cold]
pub(super) fn made(block: *const u8, size: usize) {
    let _ = MADE.try_with(|made| {
        let [_, last] = made.get();
        made.set([last, (block.expose_provenance(), size)]);
    });
}

/// Keeps a block, by its address and size in bytes, that QADAPT has made and the program will free.
pub(crate) fn own(address: usize, size: usize) {
    // Miri asks for more than a look at the words of whoever has the block.
    if address == 0 || size < size_of::<Beginning>() || cfg!(miri) {
        return;
    }
    let set = set_of(address);
    let free = set.iter().find_map(|entry| entry.claim(address).or_else(|| entry.claim(0)));
    let Some(Claimed { entry, was }) = free.or_else(|| {
        let entry = set.get(TURN.fetch_add(1, Ordering::Relaxed) % WAYS)?;
        entry.claim(entry.address.load(Ordering::Relaxed))
    }) else {
        return;
    };
    if was == 0 {
        setting::add_own_block();
    }
    entry.size.store(size, Ordering::Relaxed);
    for (place, word) in entry.beginning.iter().zip(beginning(address)) {
        place.store(word, Ordering::Relaxed);
    }
    // Release pairs with the Acquire in `take`.
    entry.address.store(address, Ordering::Release);
}

/// True if the block that is about to be freed is an own one; then it is no more.
#[inline]
pub(super) fn take(block: *const u8, size: usize) -> bool {
    setting::has_own_blocks() && look_up(block.expose_provenance(), size)
}

/// Forgets an address that was given out just now: what was there is gone.
#[inline]
pub(super) fn forget(block: *const u8) {
    if setting::has_own_blocks() {
        remove(block.addr());
    }
}

#[cold]
fn remove(address: usize) {
    for entry in set_of(address) {
        entry.remove(address);
    }
}

#[cold]
fn look_up(address: usize, size: usize) -> bool {
    set_of(address).iter().any(|entry| {
        // Acquire pairs with the Release in `own`: with the address come size and beginning. If they are another's by
        // now, so is the address, and it is not taken away.
        entry.address.load(Ordering::Acquire) == address
            && entry.size.load(Ordering::Relaxed) == size
            && entry.beginning.each_ref().map(|place| place.load(Ordering::Relaxed)) == beginning(address)
            && entry.remove(address)
    })
}

impl Entry {
    /// Takes the place, if it has this address and nobody writes it.
    fn claim(&'static self, was: usize) -> Option<Claimed> {
        // Relaxed: what was written before is looked at by nobody who has not found that address.
        let is_mine = was != CLAIMED
            && self.address.compare_exchange(was, CLAIMED, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        is_mine.then_some(Claimed { entry: self, was })
    }

    fn remove(&self, address: usize) -> bool {
        // Relaxed, both: only one can take it.
        let removed = self.address.compare_exchange(address, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if removed {
            setting::remove_own_block();
        }
        removed
    }
}

/// Spreads addresses over the sets (Fibonacci hashing: Knuth, The Art of Computer Programming, vol. 3, 6.4): reports are
/// about as long as each other, and their blocks often lie at steps that the low bits do not tell apart.
fn set_of(address: usize) -> &'static [Entry] {
    /// An odd number near 2^BITS times the golden ratio's fraction, 0.618.
    const GOLDEN: usize = (usize::MAX / 1000 * 618) | 1;
    // Most allocators leave the low four bits 0.
    let hash = (address >> 4).wrapping_mul(GOLDEN) >> (usize::BITS - SETS.ilog2());
    ENTRIES.get(hash).map_or(&[], |set| set)
}

#[expect(unsafe_code, reason = "another's words are looked at")]
fn beginning(address: usize) -> Beginning {
    let words: *const Beginning = ptr::with_exposed_provenance(address);
    // SAFETY: the block is still allocated, of at least this size (`own` keeps no smaller ones, and `take` is told the
    // same size) and aligned as its maker asked: a string's buffer, read unaligned. What the program left unwritten
    // reads as some number, since a volatile read is left to the machine; Miri never comes here.
    unsafe { ptr::read_volatile(words.cast::<[[u8; size_of::<usize>()]; 2]>()) }.map(usize::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_block_is_taken_once() {
        let block = Box::new([7_usize, 8, 9]);
        let address = ptr::from_ref(&*block).cast::<u8>();
        own(address.expose_provenance(), 24);
        assert!(!take(address, 16), "another size");
        assert!(take(address, 24));
        assert!(!take(address, 24));
    }

    #[test]
    fn threads_at_once_lose_no_block() {
        // As many as a set has places, so that none is given up.
        std::thread::scope(|scope| {
            for _ in 0..WAYS - 2 {
                scope.spawn(|| {
                    // Of all sets.
                    let blocks: Vec<_> = (0..100).map(|_| Box::new([1_usize, 2, 3])).collect();
                    for block in blocks.iter().cycle().take(20_000) {
                        let address = ptr::from_ref(&**block).cast::<u8>();
                        own(address.expose_provenance(), 24);
                        assert!(take(address, 24));
                    }
                });
            }
        });
    }

    #[test]
    fn another_s_block_at_the_same_address_is_not_taken() {
        let mut block = Box::new([7_usize, 8, 9]);
        let address = ptr::from_mut(&mut *block).cast::<u8>().cast_const();
        own(address.expose_provenance(), 24);
        block[0] = 6;
        assert!(!take(address, 24));
        block[0] = 7;
        forget(address);
        assert!(!take(address, 24), "it was given out again");
    }
}
