//! Where the drop of a guarded future happens: outside, or inside where that is asked for.

use std::cell::Cell;
use std::future::pending;
use std::pin::pin;

use qadapt::{GuardExt as _, is_active, protection_level};
use qadapt_tests::force::force_alloc;
use qadapt_tests::polled::poll_once;

use crate::{COUNT, assert_levels, violated};

/// Frees memory and says at which level.
struct Frees<'a> {
    block: Vec<u8>,
    level: &'a Cell<Option<usize>>,
}

impl Drop for Frees<'_> {
    fn drop(&mut self) {
        drop(std::mem::take(&mut self.block));
        self.level.set(Some(protection_level()));
    }
}

#[test]
fn the_drop_is_outside_unless_it_is_asked_in() {
    for (inside, polls) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
        let level = Cell::new(None);
        let frees = Frees { block: force_alloc(8), level: &level };
        let future = COUNT.wrap(async move {
            pending::<()>().await;
            drop(frees);
        });
        let seen = violated(|| {
            let mut future = pin!(if inside { future.drop_inside() } else { future });
            for _ in 0..polls {
                assert!(poll_once(future.as_mut()).is_pending());
            }
        });
        let expected = usize::from(inside && is_active());
        assert_eq!((level.get(), seen), (Some(expected), expected as u64), "{inside} after {polls} polls");
    }
}

/// The drop inside owes a panic, which a drop must not raise: it is logged, and nothing stays open.
#[test]
fn a_drop_inside_never_panics() {
    let level = Cell::new(None);
    let frees = Frees { block: force_alloc(8), level: &level };
    let future = async move { drop(frees) }.no_alloc().drop_inside();
    let seen = violated(|| drop(future));
    assert_levels([level.get().expect("dropped")], [1]);
    assert_eq!((seen, protection_level()), (u64::from(is_active()), 0));
}

#[test]
fn counts_of_a_drop_inside_reach_the_handle() {
    let block = force_alloc(33);
    let mut counted = async move { drop(block) }.count_alloc().drop_inside();
    let handle = counted.handle();
    drop(counted);
    if is_active() {
        assert_eq!(handle.counts().freed_bytes(), 33);
    }
}
