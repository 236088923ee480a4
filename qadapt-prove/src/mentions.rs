//! Where a file speaks of the statics that hold function pointers: one look at all of its bytes, for all of them.
//!
//! Code speaks of a place by four bytes that are its distance from the instruction's end, wherever in the code they lie; by the
//! address itself, where that fits; or by a number of eight bytes that is added to a table's address. Data has the address, or the
//! distance from the word itself. Slots of the global offset table that hold such an address are spoken of as the place itself is.

use super::load::Image;
use super::machine::Machine;

/// How many mentions are kept: a file with more is made to waste time.
const MOST: usize = 1 << 20;

/// Each place has eight bytes.
const SIZE: u64 = 8;

/// A place, and the address of the bytes that speak of it.
type Mention = (u64, u64);

/// All that a file says of its private pointers.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    /// Slots of the global offset table with a place's address.
    slots: Vec<Mention>,
    /// Other data with a place's address, or one within it, or a distance.
    data: Vec<Mention>,
    /// Code with the distance of a place or of a slot.
    code: Vec<Mention>,
    /// What code has the address itself of, or one within it.
    absolute: Vec<u64>,
    /// The numbers of eight bytes that code moves into registers.
    wide: Vec<u64>,
}

impl Mentions {
    /// Looks through a file; none if it says more than can be kept, or its code does not count the distances that x86-64 counts.
    pub(crate) fn of(image: &Image<'_>) -> Option<Self> {
        if image.machine() != Machine::X86_64 {
            return None;
        }
        let pointers = Places::new(image.private_pointers().to_vec());
        let mut found = Self::default();
        for (at, addr) in image.addresses_written() {
            pointers.within(addr, |place| {
                let is_slot = addr == place && image.is_slot(at);
                keep(if is_slot { &mut found.slots } else { &mut found.data }, (place, at));
            });
        }
        found.slots.sort_unstable();
        let all = pointers.sorted.iter().copied().chain(found.slots.iter().map(|slot| slot.1));
        let spots = Places::new(all.collect());
        for (base, bytes, is_code) in image.all_bytes() {
            if is_code {
                found.look_at_code(base, bytes, &pointers, &spots);
            } else {
                found.look_at_data(base, bytes, &pointers);
            }
        }
        let mentions = [found.slots.len(), found.data.len(), found.code.len(), found.absolute.len()];
        if mentions.into_iter().any(|count| count > MOST) {
            return None;
        }
        // It is no news that the place itself, its slots and what the loader is told have its address.
        let known = &found.slots;
        found.data.retain(|&(place, at)| {
            let is_slot = || known.binary_search(&(place, at)).is_ok();
            at.wrapping_sub(place) >= SIZE && !is_slot() && !image.is_for_loader(at)
        });
        for mentions in [&mut found.data, &mut found.code] {
            mentions.sort_unstable();
            mentions.dedup();
        }
        found.absolute.sort_unstable();
        found.wide.sort_unstable();
        Some(found)
    }

    /// Looks for addresses of places, or of what is within them, and for distances.
    fn look_at_data(&mut self, base: u64, bytes: &[u8], places: &Places) {
        for (at, word) in (base..).zip(bytes.windows(8)) {
            let word = word.try_into().map_or(0, u64::from_le_bytes);
            let mut speaks = |place| keep(&mut self.data, (place, at));
            places.within(word, &mut speaks);
            if !at.is_multiple_of(4) {
                continue;
            }
            // Small numbers abound: one that leads into the middle, as -1 behind a place does, is not meant for it.
            places.exactly(at.wrapping_add(word), &mut speaks);
            places.exactly(at.wrapping_add_signed(low(word).cast_signed().into()), &mut speaks);
        }
    }

    /// Looks for distances from instructions to spots, and for addresses: of spots where they have four bytes, of places where
    /// they have eight.
    fn look_at_code(&mut self, base: u64, code: &[u8], places: &Places, spots: &Places) {
        for (offset, bytes) in code.windows(4).enumerate() {
            let number = bytes.try_into().map_or(0, u32::from_le_bytes);
            let at = base.wrapping_add(offset as u64);
            if spots.may_have_within(number) {
                spots.within(number.into(), |spot| keep(&mut self.absolute, spot));
                if let Some(word) = code[offset..].first_chunk() {
                    places.within(u64::from_le_bytes(*word), |place| keep(&mut self.data, (place, at)));
                }
            }
            // Up to four bytes of a constant follow, before the end that the distance counts from.
            spots.near(low(at).wrapping_add(number), |spot| keep(&mut self.code, (spot, at)));
        }
        // `movabs`.
        self.wide.extend(code.windows(10).filter_map(|bytes| match bytes {
            [0x48 | 0x49, 0xb8..=0xbf, number @ ..] => number.try_into().ok().map(u64::from_le_bytes),
            _ => None,
        }));
    }

    /// The slots of the global offset table that have a place's address at any time; none if other data speaks of it.
    pub(crate) fn slots(&self, place: u64) -> Option<impl Iterator<Item = u64> + Clone> {
        let slots = of(&self.slots, place).iter().map(|slot| slot.1);
        of(&self.data, place).is_empty().then_some(slots)
    }

    /// The addresses at which code may speak of a place or of a slot, as the distance from the instruction's end; none if it may do
    /// so by the address itself.
    pub(crate) fn in_code(&self, spot: u64) -> Option<impl Iterator<Item = u64>> {
        let found = of(&self.code, spot).iter().map(|mention| mention.1);
        self.absolute.binary_search(&spot).is_err().then_some(found)
    }

    /// Whether code has this distance, or one of up to eight bytes more, as a constant of eight bytes.
    pub(crate) fn has_distance(&self, distance: u64) -> bool {
        let reaches = |from: u64, to: u64| {
            let first = self.wide.partition_point(|&number| number < from);
            self.wide.get(first).is_some_and(|&number| number <= to)
        };
        match distance.checked_add(SIZE - 1) {
            Some(last) => reaches(distance, last),
            None => reaches(distance, u64::MAX) || reaches(0, distance.wrapping_add(SIZE - 1)),
        }
    }
}

/// Adds to a list, of which one more than can be kept says that there are too many.
fn keep<T>(list: &mut Vec<T>, mention: T) {
    if list.len() <= MOST {
        list.push(mention);
    }
}

/// Those that are of one place.
fn of(mentions: &[Mention], place: u64) -> &[Mention] {
    let start = mentions.partition_point(|mention| mention.0 < place);
    let end = mentions.partition_point(|mention| mention.0 <= place);
    &mentions[start..end]
}

fn low(addr: u64) -> u32 {
    u32::try_from(addr & u64::from(u32::MAX)).unwrap_or_default()
}

/// Places to look for among many numbers, almost none of which is one.
struct Places {
    sorted: Vec<u64>,
    /// The same by their lower halves.
    low: Vec<(u32, u64)>,
    /// Whether an address that ends so can be within a place.
    have_within: Vec<bool>,
    /// Whether an instruction's sum that ends so can lead to one.
    have_near: Vec<bool>,
}

/// Places are told apart quickly by that much of their addresses.
const ENDS: usize = 1 << 16;

/// From an instruction's sum of a distance and of its own address: the first and the last place that it may lead into.
const NEAR: (u32, u32) = (3, 8);

impl Places {
    fn new(mut sorted: Vec<u64>) -> Self {
        sorted.sort_unstable();
        sorted.dedup();
        let mut low: Vec<(u32, u64)> = sorted.iter().map(|&place| (self::low(place), place)).collect();
        low.sort_unstable();
        let (mut have_within, mut have_near) = (vec![false; ENDS], vec![false; ENDS]);
        for &place in &sorted {
            // Of less than sixteen bytes the first and the last tell all ends.
            for addr in [place, place.wrapping_add(SIZE - 1)] {
                have_within[end(self::low(addr))] = true;
            }
            for sum in [self::low(place).wrapping_sub(NEAR.1), self::low(place).wrapping_add(NEAR.0)] {
                have_near[end(sum)] = true;
            }
        }
        Self { sorted, low, have_within, have_near }
    }

    /// Whether there may be a place that an address with this lower half is within.
    fn may_have_within(&self, low: u32) -> bool {
        self.have_within[end(low)]
    }

    /// Calls `found` with the place that begins at an address.
    fn exactly(&self, addr: u64, found: impl FnMut(u64)) {
        if self.may_have_within(low(addr)) {
            self.between(addr, addr, found);
        }
    }

    /// Calls `found` with each place that an address is within.
    fn within(&self, addr: u64, found: impl FnMut(u64)) {
        if self.may_have_within(low(addr)) {
            self.between(addr.saturating_sub(SIZE - 1), addr, found);
        }
    }

    fn between(&self, first: u64, last: u64, found: impl FnMut(u64)) {
        let start = self.sorted.partition_point(|&place| place < first);
        self.sorted[start..].iter().copied().take_while(|&place| place <= last).for_each(found);
    }

    /// Calls `found` with each place into which an instruction may lead that has these lower halves of a distance and of its own
    /// address, added up: the distance is of four bytes, after which up to four more follow.
    fn near(&self, sum: u32, mut found: impl FnMut(u64)) {
        if !self.have_near[end(sum)] {
            return;
        }
        // Around the end of four gigabytes, too.
        let first = sum.wrapping_sub(NEAR.0);
        for place in (0..=NEAR.0 + NEAR.1).map(|offset| first.wrapping_add(offset)) {
            let start = self.low.partition_point(|&(low, _)| low < place);
            let same = self.low[start..].iter().take_while(|&&(low, _)| low == place);
            same.for_each(|&(_, place)| found(place));
        }
    }
}

fn end(low: u32) -> usize {
    (low >> 4) as usize % ENDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_code(base: u64, code: &[u8], place: u64) -> Mentions {
        let mut found = Mentions::default();
        let places = Places::new(vec![place, place + 0x100_0000]);
        found.look_at_code(base, code, &places, &places);
        found.wide.sort_unstable();
        found
    }

    #[test]
    fn distances_are_found_wherever_they_are() {
        for place in [0x5000u64, 0x7fff_5000, 0xffff_fffe, 0x1_0000_0002, 0x7f12_0000_0000] {
            for trailing in [0u64, 1, 2, 4] {
                let base = place.wrapping_sub(0x4000);
                let mut code = vec![0x90u8; 32];
                let at = base + 7;
                let distance = low(place.wrapping_sub(at + 4 + trailing));
                code[7..11].copy_from_slice(&distance.to_le_bytes());
                let at_place = |place: u64| {
                    let found = in_code(base, &code, place);
                    found.in_code(place).map(Iterator::collect::<Vec<u64>>)
                };
                assert_eq!(at_place(place), Some(vec![at]), "{place:#x} {trailing}");
                assert_eq!(at_place(place - 7), Some(vec![at]), "into the middle");
                assert_eq!(at_place(place + 8), Some(vec![]), "the next place");
            }
        }
        let mut code = vec![0x90u8; 32];
        code[3..7].copy_from_slice(&0x5004u32.to_le_bytes());
        assert!(in_code(0x1000, &code, 0x5000).in_code(0x5000).is_none(), "the address itself");
    }

    #[test]
    fn a_file_with_too_many_is_not_kept() {
        // All of it is the address of a place.
        let mut found = Mentions::default();
        let places = Places::new(vec![0]);
        found.look_at_code(0x1000, &vec![0; 2 * MOST], &places, &places);
        assert_eq!(found.absolute.len(), MOST + 1);
    }

    #[test]
    fn distances_from_a_table_are_found_where_they_are_moved_into_registers() {
        // mov rcx, 0x60 (all eight bytes); mov qword [rsp + 0x60], 0
        let (wide, other) =
            ([0x48, 0xb9, 0x60, 0, 0, 0, 0, 0, 0, 0], [0x48, 0xc7, 0x84, 0x24, 0x60, 0, 0, 0, 0, 0, 0, 0]);
        let wide = in_code(0x1000, &wide, 0x5000);
        assert!(wide.has_distance(0x60));
        assert!(wide.has_distance(0x59), "into the middle");
        assert!(!wide.has_distance(0x61) && !wide.has_distance(0x58));
        assert!(!in_code(0x1000, &other, 0x5000).has_distance(0x60));
        let zero = in_code(0x1000, &[0x48, 0xb9, 0, 0, 0, 0, 0, 0, 0, 0], 0x5000);
        assert!(zero.has_distance(u64::MAX) && !zero.has_distance(u64::MAX - 7));
    }

    #[test]
    fn words_of_data_speak_of_a_place_by_its_address_and_by_their_distance() {
        let place = 0x5000u64;
        let places = Places::new(vec![place]);
        let speaks = |at: u64, word: u64, is_code: bool| {
            let mut found = Mentions::default();
            let bytes = word.to_le_bytes();
            if is_code {
                found.look_at_code(at, &bytes, &places, &places);
            } else {
                found.look_at_data(at, &bytes, &places);
            }
            !found.data.is_empty()
        };
        for (at, word, expected) in [
            (0x2001, place, true),
            (0x2001, place + 7, true),
            (0x2001, place + 8, false),
            (0x2001, place - 1, false),
            (0x2004, 0x5000 - 0x2004, true),
            (0x2004, 0xabcd_0000_0000 | (0x5000 - 0x2004), true),
            (0x6004, 0u64.wrapping_sub(0x1004), true),
            (0x6004, 0x1_0000_0000 - 0x1004, true),
            (0x2005, 0x5000 - 0x2005, false),
            (0x5008, u64::MAX, false),
        ] {
            assert_eq!(speaks(at, word, false), expected, "{at:#x} {word:#x}");
            assert_eq!(speaks(at, word, true), expected && at == 0x2001, "in code: {at:#x} {word:#x}");
        }
    }
}
