//! The table of call stacks: its rules case by case, then with threads.

use core::num::NonZeroU64;
use std::{
    collections::HashSet,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use qadapt_spin::{Key, Slot, StackTable};

fn key(number: u64) -> Key {
    Key::from(NonZeroU64::new(number).expect("not 0"))
}

/// The stack of a number: distinct, of one to four frames.
fn frames_of(number: usize) -> Vec<usize> {
    (0..=number % 4).map(|frame| number * 16 + frame).collect()
}

#[test]
fn equal_stacks_share_a_slot_and_distinct_ones_do_not() {
    let table = StackTable::<64, 4>::new();
    let mut slots: Vec<Slot> = Vec::new();
    for number in 0..40 {
        let frames = frames_of(number);
        slots.push(table.insert(Key::of(0, &frames), &frames, [number as u64, 0]).expect("room"));
    }
    for (number, &slot) in slots.iter().enumerate() {
        let frames = frames_of(number);
        assert_eq!(table.insert(Key::of(0, &frames), &frames, [0, 0]), Some(slot));
        let stack = table.stack(slot).expect("published");
        assert_eq!(stack.frames(), frames);
        assert_eq!(stack.tag(), [number as u64, 0]);
    }
    let claimed: HashSet<Slot> = table.slots().collect();
    assert_eq!(claimed, slots.into_iter().collect());
    assert_eq!(claimed.len(), 40);
}

#[test]
fn frames_are_cut_at_the_capacity() {
    let cases: [(&[usize], &[usize]); 5] = [
        (&[], &[]),
        (&[1], &[1]),
        (&[1, 2, 3], &[1, 2, 3]),
        (&[1, 2, 3, 4], &[1, 2, 3]),
        (&[0, 0, 0, 0, 5], &[0, 0, 0]),
    ];
    let table = StackTable::<8, 3>::new();
    for (given, kept) in cases {
        let slot = table.insert(Key::of(0, given), given, [0, 0]).expect("room");
        assert_eq!(table.stack(slot).expect("published").frames(), kept, "{given:?}");
    }
}

#[test]
fn a_table_without_frames_keeps_tags_and_counts() {
    let table = StackTable::<2, 0>::new();
    let slot = table.insert(key(1), &[1, 2], [3, 4]).expect("room");
    let stack = table.stack(slot).expect("published");
    assert_eq!((stack.frames(), stack.tag()), (&[][..], [3, 4]));
    assert_eq!(table.hit(slot), 1);
}

#[test]
fn the_first_tag_and_frames_stay() {
    let table = StackTable::<8, 2>::new();
    let slot = table.insert(key(5), &[1, 2], [3, 4]);
    assert_eq!(table.insert(key(5), &[7], [8, 9]), slot);
    let stack = table.stack(slot.expect("room")).expect("published");
    assert_eq!((stack.frames(), stack.tag()), (&[1, 2][..], [3, 4]));
}

#[test]
fn a_seed_keeps_stacks_apart_that_have_the_same_frames() {
    let table = StackTable::<8, 2>::new();
    let one = table.insert(Key::of(1, &[1, 2]), &[1, 2], [1, 0]).expect("room");
    let two = table.insert(Key::of(2, &[1, 2]), &[1, 2], [2, 0]).expect("room");
    assert_ne!(one, two);
    assert_eq!(table.stack(one).expect("published").tag(), [1, 0]);
    assert_eq!(table.stack(two).expect("published").tag(), [2, 0]);
}

/// Keys near `u64::MAX` start at the last slot, keys near 0 at the first.
#[test]
fn the_search_wraps_from_the_last_slot_to_the_first() {
    let table = StackTable::<4, 1>::new();
    let indexes: Vec<usize> = [u64::MAX, u64::MAX - 1, 1, u64::MAX - 2]
        .into_iter()
        .map(|number| table.insert(key(number), &[], [0, 0]).expect("room").index())
        .collect();
    assert_eq!(indexes, [3, 0, 1, 2]);
    assert_eq!(table.insert(key(u64::MAX - 2), &[], [0, 0]).map(Slot::index), Some(2));
}

#[test]
fn a_full_table_finds_what_it_has_and_takes_nothing_new() {
    let table = StackTable::<7, 4>::new();
    let slots: Vec<_> = (0..7)
        .map(|number| table.insert(Key::of(0, &frames_of(number)), &frames_of(number), [0, 0]))
        .collect();
    assert!(slots.iter().all(Option::is_some));
    for number in 7..200 {
        assert_eq!(table.insert(Key::of(0, &frames_of(number)), &frames_of(number), [0, 0]), None);
    }
    for (number, &slot) in slots.iter().enumerate() {
        assert_eq!(table.insert(Key::of(0, &frames_of(number)), &[], [9, 9]), slot);
        let stack = table.stack(slot.expect("there")).expect("published");
        assert_eq!((stack.frames(), stack.tag()), (&frames_of(number)[..], [0, 0]));
    }
}

#[test]
fn the_slot_of_a_larger_table_is_answered_with_nothing() {
    let large = StackTable::<8, 1>::new();
    let small = StackTable::<4, 1>::new();
    let slot = large.insert(key(u64::MAX), &[1], [0, 0]).expect("room");
    assert_eq!(slot.index(), 7);
    assert_eq!(small.stack(slot), None);
    assert_eq!(small.hit(slot), 0);
    small.mark_reported(slot, 1);
    assert_eq!((small.hits(slot), small.unreported(slot), small.take_unreported(slot)), (0, 0, 0));
    // And of a slot in range that nobody claimed.
    let slot = small.insert(key(u64::MAX), &[1], [0, 0]).expect("room");
    assert_eq!(large.stack(slot), None);
}

#[test]
fn hits_less_reported_is_unreported() {
    // Hits, then marks; what is left.
    let cases = [(0, 0, 0), (3, 0, 3), (3, 2, 1), (3, 3, 0), (3, 4, 0), (0, 1, 0)];
    let table = StackTable::<8, 0>::new();
    for (number, (hits, marked, left)) in (1..).zip(cases) {
        let slot = table.insert(key(number), &[], [0, 0]).expect("room");
        for nth in 1..=hits {
            assert_eq!(table.hit(slot), nth);
        }
        table.mark_reported(slot, marked);
        assert_eq!((table.hits(slot), table.unreported(slot)), (hits, left), "{hits} - {marked}");
        assert_eq!(table.take_unreported(slot), left);
        assert_eq!(table.take_unreported(slot), 0);
        // Taking marks no less than was marked before.
        table.hit(slot);
        assert_eq!(table.unreported(slot), (hits + 1).saturating_sub(marked.max(hits)));
    }
}

#[test]
fn debug_output_shows_the_essentials() {
    let table = StackTable::<8, 4>::new();
    let slot = table.insert(key(1), &[0x1f, 0x20], [24, 8]).expect("room");
    assert_eq!(format!("{table:?}"), "StackTable { claimed: 1, slots: 8, frames: 4 }");
    assert_eq!(format!("{slot:?}"), "Slot(0)");
    let stack = table.stack(slot).expect("published");
    assert_eq!(format!("{stack:?}"), "Stack { frames: [0x1f, 0x20], tag: [24, 8] }");
}

#[test]
fn threads_share_slots_and_lose_no_hit() {
    const KEYS: usize = 1_000;
    const THREADS: usize = 4;
    const ROUNDS: u64 = 20;
    static TABLE: StackTable<1024, 4> = StackTable::new();

    let barrier = Barrier::new(THREADS);
    let found: Vec<Vec<Slot>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let mut slots = vec![None; KEYS];
                    barrier.wait();
                    for round in 0..ROUNDS {
                        for step in 0..KEYS {
                            // Half of the threads walk upwards, half downwards; the first of each start together.
                            let number = if thread % 2 == 0 { step } else { KEYS - 1 - step };
                            let frames = frames_of(number);
                            let slot = TABLE
                                .insert(Key::of(0, &frames), &frames, [number as u64, !0])
                                .expect("room");
                            TABLE.hit(slot);
                            assert_eq!(*slots[number].get_or_insert(slot), slot, "round {round}");
                        }
                    }
                    slots.into_iter().flatten().collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });

    for slots in &found {
        assert_eq!(slots, &found[0]);
    }
    assert_eq!(found[0].iter().collect::<HashSet<_>>().len(), KEYS);
    assert_eq!(TABLE.slots().count(), KEYS);
    for (number, &slot) in found[0].iter().enumerate() {
        assert_eq!(TABLE.hits(slot), ROUNDS * THREADS as u64);
        let stack = TABLE.stack(slot).expect("published");
        assert_eq!((stack.frames(), stack.tag()), (&frames_of(number)[..], [number as u64, !0]));
    }
}

#[test]
fn threads_that_fill_a_table_get_each_slot_once_and_whole() {
    const THREADS: usize = 4;
    const EACH: usize = 50;
    static TABLE: StackTable<100, 4> = StackTable::new();

    let barrier = Barrier::new(THREADS + 1);
    let done = AtomicBool::new(false);
    let inserted = AtomicU64::new(0);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (barrier, inserted) = (&barrier, &inserted);
                scope.spawn(move || {
                    barrier.wait();
                    for step in 0..EACH {
                        let frames = frames_of(thread * EACH + step);
                        if TABLE.insert(Key::of(0, &frames), &frames, [frames[0] as u64, 0]).is_some() {
                            inserted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        let (barrier, done) = (&barrier, &done);
        scope.spawn(move || {
            barrier.wait();
            let check = || {
                for stack in TABLE.slots().filter_map(|slot| TABLE.stack(slot)) {
                    let first = stack.frames()[0];
                    assert_eq!(
                        (stack.frames(), stack.tag()),
                        (&frames_of(first / 16)[..], [first as u64, 0])
                    );
                }
            };
            while !done.load(Ordering::Relaxed) {
                check();
            }
            check();
        });
        for thread in threads {
            thread.join().expect("no panic");
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(inserted.into_inner(), 100);
    assert_eq!(TABLE.slots().filter_map(|slot| TABLE.stack(slot)).count(), 100);
}

#[test]
fn concurrent_takers_get_each_occurrence_once() {
    const HITS: u64 = 100_000;
    static TABLE: StackTable<1, 1> = StackTable::new();

    let slot = TABLE.insert(key(1), &[1], [0, 0]).expect("room");
    let taken: u64 = thread::scope(|scope| {
        let takers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || {
                    let mut taken = 0;
                    while TABLE.hits(slot) < HITS {
                        taken += TABLE.take_unreported(slot);
                    }
                    taken + TABLE.take_unreported(slot)
                })
            })
            .collect();
        for _ in 0..HITS {
            TABLE.hit(slot);
        }
        takers.into_iter().map(|taker| taker.join().expect("no panic")).sum()
    });
    assert_eq!(taken, HITS);
}
