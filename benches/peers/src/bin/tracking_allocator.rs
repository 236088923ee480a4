//! `tracking-allocator` with a tracker that counts.

use std::alloc::System;
use std::sync::atomic::{AtomicUsize, Ordering};

use qadapt_peers::{Ways, main_with, pair};
use tracking_allocator::{
    AllocationGroupId, AllocationGroupToken, AllocationRegistry, AllocationTracker, Allocator,
};

#[global_allocator]
static ALLOC: Allocator<System> = Allocator::system();

static CALLS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

impl AllocationTracker for Counting {
    fn allocated(&self, _: usize, _: usize, _: usize, _: AllocationGroupId) {
        CALLS.fetch_add(1, Ordering::Relaxed);
    }

    fn deallocated(&self, _: usize, _: usize, _: usize, _: AllocationGroupId, _: AllocationGroupId) {
        CALLS.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() -> std::process::ExitCode {
    main_with(&Ways {
        recorded: Some(|turns| {
            AllocationRegistry::set_global_tracker(Counting).ok();
            AllocationRegistry::enable_tracking();
            let mut group = AllocationGroupToken::register().expect("a group");
            let guard = group.enter();
            (0..turns).for_each(|_| pair());
            drop(guard);
            AllocationRegistry::disable_tracking();
        }),
        ..Ways::default()
    })
}
