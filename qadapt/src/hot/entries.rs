//! How often regions were entered, for those that ask: sampled ones and those with a warm-up.

use core::ptr;

use qadapt_spin::{Key, StackTable};

use crate::model::Place;

/// Places that entries are counted for; a place beyond these counts as entered for the first time, always.
static PLACES: StackTable<256, 1> = StackTable::new();

/// What entries are counted for: each has its own count.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Sample,
    WarmUp,
    /// What became of a region is said once.
    Misuse,
}

/// Counts an entry and returns how many there were in the process, this one included.
pub(crate) fn count(purpose: Purpose, place: Place) -> u64 {
    let address = [ptr::from_ref(place.location).addr()];
    PLACES.insert(Key::of(purpose as u64, &address), &address, [0; 2]).map_or(1, |slot| PLACES.hit(slot))
}
