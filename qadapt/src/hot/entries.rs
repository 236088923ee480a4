//! How often regions were entered, for those that ask: sampled ones and those with a warm-up.

use core::ptr;

use qadapt_spin::{Key, StackTable};

use crate::model::Place;

/// Places that entries are counted for.
static PLACES: StackTable<4096, 3> = StackTable::new();

/// What entries are counted for: each has its own count.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Sample,
    WarmUp,
    /// What became of a region is said once.
    Misuse,
}

/// Counts an entry of a region, which is a place and a name, and returns how many there were in the process, this one included; `None` where there are too many places.
pub(crate) fn count(purpose: Purpose, place: Place) -> Option<u64> {
    let [name, length] = place.name.identity();
    let region = [ptr::from_ref(place.location).addr(), name, length];
    PLACES.insert(Key::of(purpose as u64, &region), &region, [0; 2]).map(|slot| PLACES.hit(slot))
}

#[cfg(test)]
mod tests {
    use core::panic::Location;

    use super::*;
    use crate::model::Name;

    #[test]
    fn each_place_has_its_own_count_until_there_are_too_many() {
        let place = || {
            let location = Box::leak(Box::new(*Location::caller()));
            Place { name: Name::NONE, location, poll: 0 }
        };
        let places: Vec<Place> = (0..3_000).map(|_| place()).collect();
        for entries in 1..=3 {
            assert!(places.iter().all(|&place| count(Purpose::WarmUp, place) == Some(entries)));
        }
        assert_eq!(count(Purpose::Sample, places[0]), Some(1));
        let named = Place { name: Name::given("another"), ..places[0] };
        assert_eq!(count(Purpose::WarmUp, named), Some(1));
        assert!((0..5_000).any(|_| count(Purpose::WarmUp, place()).is_none()));
    }
}
