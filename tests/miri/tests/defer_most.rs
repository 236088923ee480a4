//! The most that ever waited, where blocks found no room.
//!
//! Alone because the figure is of the whole process and only rises.
#![cfg(not(miri))]

use std::alloc::System;

use qadapt::{Amount, Deferring, Qadapt, defer_frees, deferred, reclaim};
use qadapt_tests::force::force_alloc;

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));

/// Blocks that hold no link have room for a number of each kind.
#[test]
fn what_finds_no_room_has_never_waited() {
    for (blocks, size) in [(1_100, 5_000), (5_000, 8)] {
        let values: Vec<_> = (0..blocks).map(|_| force_alloc(size)).collect();
        let over = deferred().over;
        defer_frees(|| values.into_iter().for_each(drop));
        let found = deferred();
        assert!(found.over > over, "{found:?}");
        // The vector's own memory comes last.
        assert!(found.waiting.blocks < blocks, "{found:?}");
        assert!(found.most.blocks < blocks, "{found:?}");
        assert_eq!(reclaim(Amount::ALL).blocks, found.waiting.blocks);
        assert_eq!(deferred().waiting, Amount::NONE);
    }
}
