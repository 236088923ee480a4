//! Hash maps, checksums and digests.
use sha2::Digest;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

type Std = HashMap<u32, u32>;

cases! {
    std_get, Never, (0..40).map(|n| (n, n)).collect() => Std,
        |x, i| x.get(&(i as u32)).map_or(0, |v| *v as usize);
    std_get_text, Never, (0..40).map(|n: u32| (n.to_string(), n)).collect() => HashMap<String, u32>,
        |x, i| x.get(["7", "39", "none"][i % 3]).map_or(0, |v| *v as usize);
    std_remove, Never, (0..40).map(|n| (n, n)).collect() => Std,
        |x, i| x.remove(&(i as u32)).map_or(0, |v| v as usize);
    std_values, Never, (0..40).map(|n| (n, n)).collect() => Std,
        |x, i| { for v in x.values_mut() { *v += 1; } x.values().sum::<u32>() as usize + i };
    std_insert, Some, HashMap::with_capacity(64) => Std,
        |x, i| x.insert(i as u32, 1).map_or(0, |v| v as usize);
    std_entry, Some, HashMap::with_capacity(64) => Std,
        |x, i| { *x.entry(i as u32 % 4).or_insert(0) += 1; x.len() };
    brown_get, Never, (0..40).map(|n| (n, n)).collect() => hashbrown::HashMap<u32, u32>,
        |x, i| x.get_mut(&(i as u32)).map_or(0, |v| { *v += 1; *v as usize });
    brown_retain, Never, (0..40).map(|n| (n, n)).collect() => hashbrown::HashMap<u32, u32>,
        |x, i| { x.retain(|k, _| *k as usize != i); x.len() };
    ahash_get, Never, (0..40).map(|n| (n, n)).collect() => ahash::AHashMap<u64, u64>,
        |x, i| x.get(&(i as u64)).map_or(0, |v| *v as usize);
    ahash_hash, Never, ahash::RandomState::with_seeds(1, 2, 3, 4) => ahash::RandomState,
        |x, i| {
            let mut h = x.build_hasher();
            "a key of text".hash(&mut h);
            h.write_u64(i as u64);
            h.finish() as usize
        };
    indexmap_get, Never, (0..40).map(|n| (n, n)).collect() => indexmap::IndexMap<u32, u32>,
        |x, i| x.get(&(i as u32)).map_or(0, |v| *v as usize) + x.get_index(i).map_or(0, |(k, _)| *k as usize);
    indexmap_remove, Never, (0..40).map(|n| (n, n)).collect() => indexmap::IndexMap<u32, u32>,
        |x, i| x.swap_remove(&(i as u32)).map_or(0, |v| v as usize);
    siphash, Never, std::collections::hash_map::RandomState::new() => std::collections::hash_map::RandomState,
        |x, i| x.hash_one((i, "text")) as usize;
    crc32, Never, vec![3u8; 300] => Vec<u8>,
        |x, i| {
            let mut h = crc32fast::Hasher::new();
            h.update(&x[i..]);
            h.finalize() as usize
        };
    sha256, Never, vec![3u8; 300] => Vec<u8>, |x, i| usize::from(sha2::Sha256::digest(&x[i..])[0]);
}
