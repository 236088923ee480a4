//! The table that keeps each distinct call stack of a violation, in parts that are mapped as they are needed.

use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use qadapt_spin::{Key, Slot, Stack, StackTable};

use crate::sys;

/// Frames kept of one stack, from the allocator's caller outwards.
pub(crate) const FRAMES: usize = 32;

/// Stacks in one part.
const PART: usize = 1024;
/// Parts besides the first one.
const MORE: usize = 63;
/// Keys that are looked at in one part; then the search goes on in the next one.
const KEYS: usize = 32;

type Part = StackTable<PART, FRAMES>;

/// A table of stacks that grows outside the program's allocator.
///
/// The first part is static; each other one takes 304 KiB of memory that the kernel maps when all keys that a new stack
/// could have had in the parts before are taken. Slots of all parts have numbers of their own. With 64 parts there is
/// room for some 60,000 stacks; then [`insert`](Self::insert) gives none.
pub(crate) struct Stacks {
    first: Part,
    /// Null until it is mapped; then good for the life of the process.
    more: [AtomicPtr<Part>; MORE],
}

impl Stacks {
    pub(super) const fn new() -> Self {
        Self { first: Part::new(), more: [const { AtomicPtr::new(ptr::null_mut()) }; MORE] }
    }

    /// The slot of a key, as [`StackTable::insert`] gives it.
    pub(super) fn insert(&self, key: Key, frames: &[usize], tag: [u64; 2]) -> Option<Slot> {
        for number in 0..=MORE {
            let part = self.part(number).or_else(|| self.map(number))?;
            if let Some(slot) = part.insert_within(KEYS, key, frames, tag) {
                return u32::try_from(number * PART + slot.index()).ok().map(Slot::numbered);
            }
        }
        None
    }

    pub(crate) fn stack(&self, slot: Slot) -> Option<Stack<FRAMES>> {
        let (part, slot) = self.find(slot)?;
        part.stack(slot)
    }

    pub(super) fn hit(&self, slot: Slot) -> u64 {
        self.find(slot).map_or(0, |(part, slot)| part.hit(slot))
    }

    pub(crate) fn hits(&self, slot: Slot) -> u64 {
        self.find(slot).map_or(0, |(part, slot)| part.hits(slot))
    }

    pub(crate) fn mark_reported(&self, slot: Slot, times: u64) {
        if let Some((part, slot)) = self.find(slot) {
            part.mark_reported(slot, times);
        }
    }

    pub(crate) fn unreported(&self, slot: Slot) -> u64 {
        self.find(slot).map_or(0, |(part, slot)| part.unreported(slot))
    }

    pub(crate) fn take_unreported(&self, slot: Slot) -> u64 {
        self.find(slot).map_or(0, |(part, slot)| part.take_unreported(slot))
    }

    /// The slots claimed so far.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        let parts = (0..=MORE).map_while(|number| Some((number, self.part(number)?)));
        parts
            .flat_map(|(number, part)| {
                part.slots().filter_map(move |slot| u32::try_from(number * PART + slot.index()).ok())
            })
            .map(Slot::numbered)
    }

    fn find(&self, slot: Slot) -> Option<(&Part, Slot)> {
        let inside = u32::try_from(slot.index() % PART).ok()?;
        Some((self.part(slot.index() / PART)?, Slot::numbered(inside)))
    }

    #[inline]
    fn part(&self, number: usize) -> Option<&Part> {
        let Some(index) = number.checked_sub(1) else { return Some(&self.first) };
        // Acquire pairs with the Release in `map`: with the pointer comes the mapping.
        let part = self.more.get(index)?.load(Ordering::Acquire);
        #[expect(unsafe_code, reason = "the part lies in a mapping")]
        // SAFETY: null, or what `map` stored there: a mapping as large as a part, aligned to pages, zeroed at first,
        // which is an empty part, and never unmapped. All access to it is atomic.
        unsafe {
            part.as_ref()
        }
    }

    /// Maps a part, unless another thread was faster.
    #[cold]
    fn map(&self, number: usize) -> Option<&Part> {
        let place = self.more.get(number.checked_sub(1)?)?;
        let memory = sys::map_pages(size_of::<Part>());
        if memory.is_null() {
            return None;
        }
        // Release pairs with the Acquire in `part`. A failure reads nothing here; `part` below does.
        let stored =
            place.compare_exchange(ptr::null_mut(), memory.cast(), Ordering::Release, Ordering::Relaxed);
        if stored.is_err() {
            #[expect(unsafe_code, reason = "memory that is not the program's allocator's")]
            // SAFETY: it was mapped above with this size, and nobody else knows of it.
            unsafe {
                sys::unmap_pages(memory, size_of::<Part>());
            }
        }
        self.part(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_finds_again_what_it_keeps() {
        static STACKS: Stacks = Stacks::new();
        let key = |number: usize| Key::of(0, &[number]);
        let slots: Vec<_> = (0..5000)
            .map(|number| STACKS.insert(key(number), &[number], [number as u64, 0]).expect("there is room"))
            .collect();
        assert!(slots.iter().any(|slot| slot.index() >= 4 * PART));
        for (number, &slot) in slots.iter().enumerate() {
            assert_eq!(STACKS.insert(key(number), &[0], [0, 0]), Some(slot));
            assert_eq!(STACKS.stack(slot).expect("kept").frames(), [number]);
            assert_eq!(STACKS.hit(slot), 1);
        }
        let mut all: Vec<_> = STACKS.slots().map(Slot::index).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 5000);
        assert_eq!(STACKS.slots().map(|slot| STACKS.take_unreported(slot)).sum::<u64>(), 5000);
        assert_eq!(STACKS.slots().map(|slot| STACKS.unreported(slot)).sum::<u64>(), 0);
    }

    #[test]
    fn threads_that_map_the_same_part_share_it() {
        static STACKS: Stacks = Stacks::new();
        let slots = std::thread::scope(|scope| {
            let insert = || {
                (0..3000)
                    .map(|number| STACKS.insert(Key::of(0, &[number]), &[number], [0, 0]))
                    .collect::<Vec<_>>()
            };
            let threads = [scope.spawn(insert), scope.spawn(insert), scope.spawn(insert)];
            threads.map(|thread| thread.join().expect("no panic"))
        });
        assert!(slots[0].iter().all(Option::is_some));
        assert!(slots.iter().all(|other| *other == slots[0]));
    }
}
