//! Tables that find their entries by a key.
//!
//! Entries lie densely, in the order in which they came, so that a file has no holes to be skipped; an open-addressed
//! index of their numbers finds them. An entry is written before its number enters the index, so that nobody ever
//! waits for one. Of two threads that bring the same key at once one loses the race for the index, and its entry
//! stays unpublished: readers pass over it.

use crate::primitive::{AtomicU32, AtomicU64, Ordering};

/// An entry with a key.
pub(crate) trait Keyed {
    fn key(&self) -> &AtomicU64;
    /// 0 until the entry is complete and in the index.
    fn published(&self) -> &AtomicU32;
}

/// The number of the entry with this key. If there is none, `claim` gives one that nobody else gets, and `fill` writes
/// it; its result, not 0, is published. None if there is no room.
pub(crate) fn find_or_insert<E: Keyed>(
    index: &[AtomicU32],
    entries: &[E],
    key: u64,
    claim: impl FnOnce() -> Option<u32>,
    fill: impl FnOnce(&E) -> u32,
) -> Option<u32> {
    let mut at = home(key, index.len());
    let mut new = Some((claim, fill));
    let mut claimed: Option<(u32, u32)> = None;
    for _ in 0..index.len() {
        let slot = index.get(at)?;
        // Acquire pairs with the Release below: with an entry's number comes its key.
        let mut found = slot.load(Ordering::Acquire);
        if found == 0 {
            let (number, published) = match (claimed, new.take()) {
                (Some(claimed), _) => claimed,
                (None, Some((claim, fill))) => {
                    let number = claim()?;
                    let entry = entries.get(number as usize)?;
                    // Relaxed: ordered by the Release below.
                    entry.key().store(key, Ordering::Relaxed);
                    (number, fill(entry))
                }
                (None, None) => return None,
            };
            claimed = Some((number, published));
            // Release on success, for the Acquire above; Acquire on failure, as above.
            match slot.compare_exchange(0, number + 1, Ordering::Release, Ordering::Acquire) {
                Ok(_) => {
                    // Release: a reader of the live file sees a published entry whole.
                    entries.get(number as usize)?.published().store(published, Ordering::Release);
                    return Some(number);
                }
                Err(winner) => found = winner,
            }
        }
        let number = found - 1;
        if entries.get(number as usize)?.key().load(Ordering::Relaxed) == key {
            return Some(number);
        }
        at = if at + 1 < index.len() { at + 1 } else { 0 };
    }
    None
}

/// The number of the entry with this key, if there is one.
pub(crate) fn find<E: Keyed>(index: &[AtomicU32], entries: &[E], key: u64) -> Option<u32> {
    let nobody = || None;
    find_or_insert(index, entries, key, nobody, |_| 0)
}

/// Where the search begins: the key's place in 0..2^64, scaled to the index without a division (Lemire, "Fast Random
/// Integer Generation in an Interval", 2019).
#[expect(clippy::cast_possible_truncation, reason = "less than `slots`")]
fn home(key: u64, slots: usize) -> usize {
    ((u128::from(key) * slots as u128) >> 64) as usize
}
