//! Models of the index that loom runs in every interleaving; the two largest, in those with few interruptions.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p qadapt-trace --test loom --release`
//!
//! The index's own source is compiled into this test over loom's atomics. loom allows a Relaxed load any value that the
//! C11 memory model allows it, so a missing Release or Acquire shows here on any processor.
#![cfg(loom)]

#[path = "../src/index.rs"]
mod index;

mod primitive {
    pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};
}

use loom::sync::Arc;
use loom::{model, thread};

use index::{Keyed, find_or_insert};
use primitive::{AtomicU32, AtomicU64, Ordering};

/// What an entry holds for a key.
const VALUE: u64 = 1000;

#[derive(Debug)]
struct Entry {
    key: AtomicU64,
    published: AtomicU32,
    value: AtomicU64,
    count: AtomicU64,
}

impl Keyed for Entry {
    fn key(&self) -> &AtomicU64 {
        &self.key
    }

    fn published(&self) -> &AtomicU32 {
        &self.published
    }
}

/// A table with twice as many places in its index as entries, as the trace's have.
#[derive(Debug)]
struct Table {
    index: Vec<AtomicU32>,
    entries: Vec<Entry>,
    used: AtomicU32,
}

impl Table {
    fn of(entries: usize) -> Arc<Self> {
        let entry = |_| Entry {
            key: AtomicU64::new(0),
            published: AtomicU32::new(0),
            value: AtomicU64::new(0),
            count: AtomicU64::new(0),
        };
        Arc::new(Self {
            index: (0..2 * entries).map(|_| AtomicU32::new(0)).collect(),
            entries: (0..entries).map(entry).collect(),
            used: AtomicU32::new(0),
        })
    }

    /// Finds or inserts the key, checks that what was found is whole, and counts.
    fn hit(&self, key: u64) -> Option<u32> {
        let room = u32::try_from(self.entries.len()).expect("few");
        let claim = || {
            self.used
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| (used < room).then_some(used + 1))
                .ok()
        };
        let fill = |entry: &Entry| {
            entry.value.store(VALUE + key, Ordering::Relaxed);
            7
        };
        let number = find_or_insert(&self.index, &self.entries, key, claim, fill)?;
        let entry = &self.entries[number as usize];
        // With an entry's number comes all of it.
        assert_eq!(
            (entry.key.load(Ordering::Relaxed), entry.value.load(Ordering::Relaxed)),
            (key, VALUE + key)
        );
        entry.count.fetch_add(1, Ordering::Relaxed);
        Some(number)
    }

    /// What a reader of the live file sees: published entries, which must be whole.
    fn read(&self) -> Vec<u64> {
        let published = self.entries.iter().filter(|entry| entry.published.load(Ordering::Acquire) != 0);
        published
            .map(|entry| {
                let key = entry.key.load(Ordering::Relaxed);
                assert_eq!((key != 0, entry.value.load(Ordering::Relaxed)), (true, VALUE + key));
                key
            })
            .collect()
    }
}

/// Each thread hits its keys in turn, the last of them on this one; returns the numbers that each got.
fn together<const N: usize>(table: &Arc<Table>, keys: [&'static [u64]; N]) -> Vec<Vec<Option<u32>>> {
    let hit = |table: &Table, keys: &[u64]| keys.iter().map(|&key| table.hit(key)).collect::<Vec<_>>();
    let (here, others) = keys.split_last().expect("at least one");
    let threads: Vec<_> = others
        .iter()
        .map(|&keys| {
            let table = Arc::clone(table);
            thread::spawn(move || hit(&table, keys))
        })
        .collect();
    let last = hit(table, here);
    threads.into_iter().map(|thread| thread.join().expect("no panic")).chain([last]).collect()
}

/// A model too large for every interleaving: those in which a thread is interrupted at most twice.
fn bounded_model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(check);
}

/// Small keys all start their search at the first place of the index.
#[test]
fn two_threads_share_the_entry_of_a_key_and_lose_no_count() {
    model(|| {
        let table = Table::of(2);
        let numbers = together(&table, [&[1], &[1]]);
        assert!(numbers[0][0].is_some());
        assert_eq!(numbers[0], numbers[1]);
        assert_eq!(table.read(), [1]);
        let number = numbers[0][0].expect("there is room") as usize;
        assert_eq!(table.entries[number].count.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn three_threads_share_the_entry_of_a_key() {
    bounded_model(|| {
        let table = Table::of(3);
        let numbers = together(&table, [&[1], &[1], &[1]]);
        assert!(numbers[0][0].is_some() && numbers.iter().all(|got| got == &numbers[0]));
        assert_eq!(table.read(), [1]);
    });
}

#[test]
fn keys_that_meet_at_a_place_have_entries_of_their_own() {
    bounded_model(|| {
        let table = Table::of(4);
        let numbers = together(&table, [&[1, 2], &[2, 1]]);
        assert_eq!((numbers[0][0], numbers[0][1]), (numbers[1][1], numbers[1][0]));
        assert_ne!(numbers[0][0], numbers[0][1]);
        let mut keys = table.read();
        keys.sort_unstable();
        assert_eq!(keys, [1, 2]);
    });
}

#[test]
fn in_a_table_that_is_full_one_of_two_keys_gets_no_entry() {
    model(|| {
        let table = Table::of(1);
        let numbers = together(&table, [&[1], &[2]]);
        assert_eq!(numbers.iter().flatten().flatten().count(), 1, "{numbers:?}");
        assert_eq!(table.read().len(), 1);
    });
}

/// A reader that looks at the file while it is written sees whole entries only.
#[test]
fn what_a_reader_sees_published_is_whole() {
    model(|| {
        let table = Table::of(2);
        let writer = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.hit(1))
        };
        let seen = table.read();
        assert!(seen.is_empty() || seen == [1], "{seen:?}");
        assert!(writer.join().expect("no panic").is_some());
        assert_eq!(table.read(), [1]);
    });
}
