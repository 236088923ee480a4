//! Where functions are called: the places of regions, for people. Nothing is proven from this.

use super::addr_map::AddrMap;
use super::load::{Image, Slot};

/// The first direct call of each of these functions, by function. It looks at every byte: what looks like a call of one
/// of so few addresses and is none is too rare to matter.
#[must_use]
pub fn first_calls(image: &Image<'_>, functions: &[u64]) -> AddrMap<u64, u64> {
    let mut found = AddrMap::default();
    for (start, code) in image.code_segments() {
        for (offset, window) in (0u64..).zip(code.windows(7)) {
            let site = start.wrapping_add(offset);
            let target = match *window {
                // `call` and `jmp` by a distance.
                [0xe8 | 0xe9, a, b, c, d, ..] => Some(beyond(site, 5, [a, b, c, d])),
                // The same through a slot of the global offset table, or a load from there into a register.
                [0xff, 0x15 | 0x25, a, b, c, d, _] => slot(image, beyond(site, 6, [a, b, c, d])),
                [0x48 | 0x4c, 0x8b, modrm, a, b, c, d] if modrm & 0xc7 == 5 => {
                    slot(image, beyond(site, 7, [a, b, c, d]))
                }
                _ => None,
            };
            let Some(target) = target else { continue };
            if functions.contains(&target) {
                found.entry(target).or_insert(site);
            }
        }
    }
    found
}

fn slot(image: &Image<'_>, addr: u64) -> Option<u64> {
    match image.constant(addr) {
        Some(Slot::Addr(target)) => Some(target),
        _ => None,
    }
}

/// The address that lies this distance from the end of an instruction of so many bytes.
fn beyond(site: u64, length: u64, distance: [u8; 4]) -> u64 {
    site.wrapping_add(length).wrapping_add_signed(i64::from(i32::from_le_bytes(distance)))
}
