//! The ways to drop, and what is dropped.

use std::alloc::System;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::mpsc;
use std::thread;

use basedrop::{Collector, Owned};
use qadapt::{Amount, Deferring, Qadapt, defer_frees, reclaim};

use crate::time;

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));

#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// All drops of a slice in one region.
    Deferred,
    /// A region for each drop.
    DeferredAlone,
    /// Outside of regions: the allocator's idle path.
    Freed,
    Basedrop,
    Channel,
}

pub(crate) const WAYS: [Way; 5] =
    [Way::Deferred, Way::DeferredAlone, Way::Freed, Way::Basedrop, Way::Channel];

impl Way {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Deferred => "deferred",
            Self::DeferredAlone => "deferred, a region for each",
            Self::Freed => "freed at once, by System",
            Self::Basedrop => "basedrop 0.1.3, Owned",
            Self::Channel => "sent to a thread by a bounded channel",
        }
    }
}

/// Something that is dropped.
pub(crate) struct Value {
    pub(crate) name: &'static str,
    /// How many are dropped in a slice.
    pub(crate) slice: usize,
    /// Nanoseconds a drop.
    pub(crate) drop: fn(Way, usize) -> f64,
}

pub(crate) const VALUES: [Value; 4] = [
    Value { name: "a Box of 64 bytes", slice: 4_000, drop: |way, slice| dropped(way, slice, small) },
    Value { name: "a Box of 8 bytes", slice: 1_000, drop: |way, slice| dropped(way, slice, tiny) },
    Value { name: "a block of 4 MiB, touched", slice: 64, drop: |way, slice| dropped(way, slice, large) },
    Value { name: "a map of 1,200 strings", slice: 16, drop: |way, slice| dropped(way, slice, map) },
];

#[expect(clippy::unnecessary_box_returns, reason = "the box is what is dropped")]
fn small() -> Box<[u8; 64]> {
    Box::new(black_box([1; 64]))
}

#[expect(clippy::unnecessary_box_returns, reason = "as above")]
fn tiny() -> Box<u64> {
    Box::new(black_box(1))
}

fn large() -> Vec<u8> {
    let mut block = vec![0; 4 << 20];
    block.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    block
}

fn map() -> BTreeMap<usize, String> {
    (0..1_200).map(|key| (key, format!("the value with the number {key}"))).collect()
}

/// Makes a slice of values and drops them.
fn dropped<T: Send + 'static>(way: Way, slice: usize, make: fn() -> T) -> f64 {
    match way {
        Way::Deferred => {
            let values = made(slice, make);
            let time = time::each(slice, || defer_frees(|| each(values, drop)));
            reclaim(Amount::ALL);
            time
        }
        Way::DeferredAlone => {
            let values = made(slice, make);
            let time = time::each(slice, || each(values, |value| defer_frees(|| drop(value))));
            reclaim(Amount::ALL);
            time
        }
        Way::Freed => {
            let values = made(slice, make);
            time::each(slice, || each(values, drop))
        }
        Way::Basedrop => {
            let mut collector = Collector::new();
            let handle = collector.handle();
            let values: Vec<_> = (0..slice).map(|_| Owned::new(&handle, make())).collect();
            let time = time::each(slice, || each(values, drop));
            collector.collect();
            time
        }
        Way::Channel => {
            let values = made(slice, make);
            let (sender, receiver) = mpsc::sync_channel(slice);
            let thread = thread::spawn(move || receiver.into_iter().for_each(drop));
            let time = time::each(slice, || {
                each(values, |value| sender.send(value).expect("the thread receives until the sender goes"));
            });
            drop(sender);
            thread.join().expect("it does not panic");
            time
        }
    }
}

fn made<T>(slice: usize, make: fn() -> T) -> Vec<T> {
    (0..slice).map(|_| make()).collect()
}

/// The vector's own block is freed in the slice too.
fn each<T>(values: Vec<T>, work: impl FnMut(T)) {
    values.into_iter().map(black_box).for_each(work);
}
