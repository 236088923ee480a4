//! `#[async_trait]`, which boxes the future of each method: its polls are inside, the box is outside.

use std::fmt::Display;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use async_trait::async_trait;
use qadapt::{
    allocate_panic, assert_no_alloc, count_alloc, is_active, no_alloc, permit_alloc, protection_level,
    violations,
};
use qadapt_tests::force::{alloc_and_free, leak};
use qadapt_tests::polled::{Yield, finish, poll_once};

use super::{assert_inside, one, violates};

#[async_trait]
trait Voice {
    async fn level(&self) -> usize;

    async fn mix(
        &mut self,
        by: u32,
        (left, right): (u32, u32),
        _: &str,
    ) -> Result<u32, std::num::TryFromIntError>;

    async fn write<T: Display + Send>(&self, size: usize, text: T);

    async fn shared(self: Arc<Self>) -> usize;

    /// A default method, on which the attribute is expanded after the trait's.
    #[allocate_panic(name = "twice")]
    async fn twice(&self) -> [usize; 2]
    where
        Self: Sync,
    {
        let before = protection_level();
        Yield::default().await;
        [before, protection_level()]
    }

    #[allocate_panic]
    async fn unit(&self) {
        Yield::default().await;
        leak(24);
    }
}

#[derive(Default)]
struct Meter {
    sum: u32,
}

#[async_trait]
impl Voice for Meter {
    #[allocate_panic]
    async fn level(&self) -> usize {
        Yield::default().await;
        protection_level()
    }

    #[no_alloc(forbid)]
    async fn mix(
        &mut self,
        by: u32,
        (left, right): (u32, u32),
        _: &str,
    ) -> Result<u32, std::num::TryFromIntError> {
        if by == 0 {
            return Ok(0);
        }
        let by: u8 = by.try_into()?;
        Yield::default().await;
        self.sum += (left + right) * u32::from(by);
        Ok(self.sum)
    }

    #[allocate_panic(mode = "count")]
    async fn write<T: Display + Send>(&self, size: usize, text: T) {
        alloc_and_free(size);
        Yield::default().await;
        leak(size);
        drop(text);
    }

    #[no_alloc]
    async fn shared(self: Arc<Self>) -> usize {
        protection_level()
    }
}

#[test]
fn polls_are_inside_and_the_box_is_not() {
    let mut meter = Meter::default();
    let before = violations();
    let level = finish(pin!(meter.level()));
    assert_eq!(finish(pin!(meter.mix(2, (3, 4), "x"))), Ok(14));
    assert_eq!(finish(pin!(meter.mix(0, (3, 4), "x"))), Ok(0));
    assert!(finish(pin!(meter.mix(500, (3, 4), "x"))).is_err());
    let [first, second] = finish(pin!(meter.twice()));
    assert_eq!(violations(), before, "each call made a box and freed it");
    assert_inside(&[level, first, second]);
    // The guard's own argument keeps the last reference, so that nothing is freed inside.
    let shared = Arc::new(meter);
    assert_inside(&[finish(pin!(Arc::clone(&shared).shared()))]);
}

#[test]
fn counts_are_exact() {
    let meter = Meter::default();
    let before = violations();
    let (counts, mut future) = qadapt::count_alloc(|| meter.write(40, "text"));
    assert!(counts.allocs() == 1_u64 || !is_active(), "the box: {counts:?}");
    assert_eq!(violations(), before);
    assert!(poll_once(future.as_mut()).is_pending());
    assert_eq!(violations() - before, if is_active() { 2 } else { 0 });
    let (counts, ()) = qadapt::count_alloc(|| finish(future.as_mut()));
    assert!(counts.bytes() == 40_u64 || !is_active(), "{counts:?}");
    assert_eq!(violations() - before, if is_active() { 3 } else { 0 });
    drop(future);
    assert_eq!(violations() - before, if is_active() { 3 } else { 0 }, "the box is freed outside");
}

#[test]
fn the_report_names_the_method_and_the_poll() {
    let meter = Meter::default();
    let outcome = std::panic::catch_unwind(|| finish(pin!(meter.unit())));
    assert_eq!(outcome.is_err(), is_active());
    let Err(payload) = outcome else { return };
    let report = payload.downcast_ref::<String>().expect("a report");
    let first = "qadapt: allocation of 24 bytes (align 1) in poll 2 of the protected future `";
    assert!(report.starts_with(first), "{report}");
    assert!(report.contains("attribute::async_trait::Voice::unit`"), "{report}");
    assert!(report.contains("attribute/async_trait.rs:"), "{report}");
}

#[test]
fn a_box_inside_a_region_is_a_violation_of_that_region() {
    let meter = Meter::default();
    assert_eq!(violates(|| assert_no_alloc(|| drop(meter.level()))), is_active());
}

/// The attribute on the whole block, above and below the other one, which is then expanded after or before it.
struct Above;
struct Below;

#[async_trait(?Send)]
trait Reads {
    async fn read(&self, seed: u32) -> (usize, u32);

    fn plain(&self) -> usize;
}

#[allocate_panic]
#[async_trait(?Send)]
impl Reads for Above {
    async fn read(&self, seed: u32) -> (usize, u32) {
        Yield::default().await;
        (protection_level(), seed)
    }

    fn plain(&self) -> usize {
        protection_level()
    }
}

#[async_trait(?Send)]
#[allocate_panic]
impl Reads for Below {
    async fn read(&self, seed: u32) -> (usize, u32) {
        Yield::default().await;
        (protection_level(), seed)
    }

    fn plain(&self) -> usize {
        protection_level()
    }
}

#[test]
fn a_block_is_marked_in_both_orders() {
    let before = violations();
    for reads in [&Above as &dyn Reads, &Below] {
        let (level, seed) = finish(pin!(reads.read(5)));
        assert_eq!(seed, 5);
        assert_inside(&[level, reads.plain()]);
    }
    assert_eq!(violations(), before);
}

#[async_trait]
trait Others {
    #[permit_alloc]
    async fn permitted(&self) -> usize {
        Yield::default().await;
        alloc_and_free(8);
        protection_level()
    }

    #[count_alloc]
    async fn counted(&self) -> usize {
        Yield::default().await;
        alloc_and_free(8);
        8
    }

    #[no_alloc]
    #[allocate_panic(name = "outer")]
    async fn nested(&self) -> usize {
        Yield::default().await;
        protection_level()
    }

    #[no_alloc(future)]
    async fn said(&self) -> usize {
        protection_level()
    }
}

impl Others for Above {}

#[no_alloc(allow(dealloc))]
async fn around() -> (usize, usize) {
    // The permit covers the box.
    (Above.permitted().await, protection_level())
}

#[test]
fn the_other_attributes_follow_the_polls_too() {
    let before = violations();
    let (permitted, _) = finish(pin!(around()));
    assert_eq!(permitted, 0);
    assert_eq!(finish(pin!(Above.counted())), 8);
    assert_eq!(finish(pin!(Above.nested())), 2 * one());
    assert_inside(&[finish(pin!(Above.said()))]);
    assert_eq!(violations(), before);
}

/// What `#[async_trait]` makes, written by hand, with something to do before.
#[no_alloc]
fn by_hand(text: &str) -> Pin<Box<dyn Future<Output = Result<usize, std::num::ParseIntError>> + Send + '_>> {
    let owned = text.to_owned();
    Box::pin(async move {
        let number: usize = text.parse()?;
        std::mem::forget(owned);
        Yield::default().await;
        Ok(number + protection_level())
    })
}

#[test]
fn by_hand_it_is_the_same() {
    let before = violations();
    assert_eq!(finish(by_hand("7").as_mut()), Ok(7 + one()));
    assert_eq!(violations(), before);
}
