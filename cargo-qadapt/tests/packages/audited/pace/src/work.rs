//! Work that other programs do under other allocators, too, so that costs can be held beside one another.

use std::collections::BTreeMap;
use std::hint::black_box;

/// Does the work of this kind; none if there is no such kind.
pub(crate) fn work(kind: &str) -> Option<u64> {
    match kind {
        "mixed" => Some(mixed(1_000_000)),
        "sparse" => Some(sparse(6_000_000)),
        "dense" => Some(dense(2_000_000)),
        _ => None,
    }
}

/// A map of strings, boxes and lists, of which some live for a while: four events a round, at a handful of sites.
fn mixed(rounds: u64) -> u64 {
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

/// A filter over blocks of 64 samples, of which one in 200 makes and drops a list: two events.
fn sparse(blocks: u64) -> u64 {
    let mut samples = [0.5_f32; 64];
    let mut state = 0.0_f32;
    for block in 0..blocks {
        for sample in black_box(&mut samples) {
            state = 0.9 * state + 0.1 * *sample;
            *sample = state;
        }
        if block % 200 == 0 {
            drop(black_box(vec![state; 8]));
        }
    }
    state.to_bits().into()
}

/// Words that are counted in a map: two events for each.
fn dense(words: u64) -> u64 {
    let mut map = BTreeMap::new();
    for word in 0..words {
        *map.entry(format!("{}", word % 5000)).or_insert(0_u64) += 1;
    }
    map.values().sum()
}
