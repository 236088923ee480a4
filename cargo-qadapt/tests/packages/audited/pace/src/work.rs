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
    let mut filter = Filter::new();
    for block in 0..blocks {
        filter.pass();
        filter.list_now_and_then(block);
    }
    filter.result()
}

/// Words that are counted in a map: two events for each.
fn dense(words: u64) -> u64 {
    count_words(words).values().sum()
}

/// A map of how often each of 5,000 words comes.
pub(crate) fn count_words(words: u64) -> BTreeMap<String, u64> {
    let mut map = BTreeMap::new();
    for word in 0..words {
        *map.entry(format!("{}", word % 5000)).or_insert(0) += 1;
    }
    map
}

/// A filter and a block of 64 samples.
pub(crate) struct Filter {
    samples: [f32; 64],
    state: f32,
}

impl Filter {
    pub(crate) fn new() -> Self {
        Self { samples: [0.5; 64], state: 0.0 }
    }

    /// Filters the block, without an allocation.
    #[inline]
    pub(crate) fn pass(&mut self) {
        let mut state = self.state;
        for sample in black_box(&mut self.samples) {
            state = 0.9 * state + 0.1 * *sample;
            *sample = state;
        }
        self.state = state;
    }

    /// With one block of 200 makes and drops a list.
    #[inline]
    pub(crate) fn list_now_and_then(&self, block: u64) {
        if block % 200 == 0 {
            drop(black_box(vec![self.state; 8]));
        }
    }

    pub(crate) fn result(&self) -> u64 {
        self.state.to_bits().into()
    }
}
