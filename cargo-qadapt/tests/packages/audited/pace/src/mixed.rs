//! Work that other programs do under other allocators, too.

use std::collections::BTreeMap;
use std::hint::black_box;

/// A map of strings, boxes and lists, of which some live for a while: four events a round, at a handful of sites.
pub(crate) fn mixed(rounds: u64) -> u64 {
    let mut names: BTreeMap<u64, String> = BTreeMap::new();
    let mut kept: Vec<Box<[u64; 4]>> = Vec::new();
    let mut sum = 0;
    for round in 0..rounds {
        names.insert(round % 1_000, format!("{round}"));
        let list: Vec<u64> = black_box((round..round + 3).collect());
        sum += list.iter().sum::<u64>();
        if round % 8 == 0 {
            kept.push(black_box(Box::new([round; 4])));
        }
        if kept.len() > 2_000 {
            kept.clear();
        }
    }
    sum + names.values().map(|name| name.len() as u64).sum::<u64>()
}
