//! Maps keyed by addresses, with a hash that costs one multiplication.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map from addresses.
pub(crate) type AddrMap<K, V> = HashMap<K, V, BuildHasherDefault<AddrHasher>>;

/// A set of addresses.
pub(crate) type AddrSet = HashSet<u64, BuildHasherDefault<AddrHasher>>;

/// Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, 6.4). A file made to collide only slows
/// down its own analysis, whose work is bounded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AddrHasher(u64);

impl Hasher for AddrHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, n: u64) {
        let product = (self.0 ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The table takes its bits from both ends.
        self.0 = product ^ (product >> 32);
    }
}
