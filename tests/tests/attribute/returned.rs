//! Functions that return a future: with the option `future` its polls are watched, and not the call.

use std::future::Future;
use std::pin::{Pin, pin};

use qadapt::{allocate_panic, count_alloc, is_active, no_alloc, permit_alloc, protection_level, violations};
use qadapt_tests::force::{alloc_and_free, force_alloc};
use qadapt_tests::polled::{Yield, finish, poll_once};

use super::{assert_inside, one, violates};

/// The levels in the call, before and after a wait.
type Levels = [usize; 3];

#[no_alloc(future)]
fn levels(seed: &str) -> impl Future<Output = Levels> {
    let call = protection_level();
    let owned = seed.to_owned();
    async move {
        let before = protection_level();
        Yield::default().await;
        assert_eq!(owned.len(), 2);
        let after = protection_level();
        // Its drop would be a violation.
        std::mem::forget(owned);
        [call, before, after]
    }
}

#[test]
fn the_polls_are_inside_and_the_call_is_not() {
    let mut future = pin!(levels("ab"));
    assert!(poll_once(future.as_mut()).is_pending());
    assert_eq!(protection_level(), 0, "between two polls");
    let [call, before, after] = finish(future);
    assert_eq!(call, 0);
    assert_inside(&[before, after]);
}

#[allocate_panic(future, name = "early", mode = "count")]
fn either(early: bool) -> impl Future<Output = usize> + Send {
    async fn allocating(size: usize) -> usize {
        Yield::default().await;
        alloc_and_free(size);
        size
    }
    alloc_and_free(8);
    if early {
        return allocating(16);
    }
    allocating(32)
}

#[test]
fn every_way_out_is_wrapped_and_violations_are_exact() {
    for (early, size) in [(true, 16), (false, 32)] {
        let before = violations();
        let mut future = pin!(either(early));
        assert_eq!(violations(), before, "the call is outside");
        assert!(poll_once(future.as_mut()).is_pending());
        assert_eq!(violations(), before);
        assert_eq!(finish(future), size);
        assert_eq!(violations() - before, if is_active() { 2 } else { 0 });
    }
}

#[no_alloc(future)]
fn parsed(text: &str) -> impl Future<Output = Result<u32, Box<dyn std::error::Error>>> + '_ {
    async move {
        Yield::default().await;
        let number: u32 = text.parse()?;
        Ok(number + u32::try_from(protection_level())?)
    }
}

#[test]
fn errors_come_out() {
    assert_eq!(finish(pin!(parsed("4"))).expect("a number"), if is_active() { 5 } else { 4 });
}

#[test]
fn the_poll_that_allocates_says_which_it_was() {
    let outcome = std::panic::catch_unwind(|| finish(pin!(parsed("x"))));
    assert_eq!(outcome.is_err(), is_active());
    let Err(payload) = outcome else { return };
    let report = payload.downcast_ref::<String>().expect("a report");
    assert!(report.contains("in poll 2 of the protected future `"), "{report}");
    assert!(report.contains("attribute::returned::parsed`"), "{report}");
}

trait Reads {
    fn read(&self) -> impl Future<Output = (usize, u32)> + Send;

    #[no_alloc(future)]
    fn twice(&self) -> impl Future<Output = (usize, u32)> + Send
    where
        Self: Sync,
    {
        let call = protection_level();
        async move {
            let (level, first) = self.read().await;
            (call + level, first + self.read().await.1)
        }
    }
}

struct Source<T>(T);

impl<T: Copy + Into<u32> + Sync> Reads for Source<T> {
    #[no_alloc(future, forbid)]
    fn read(&self) -> impl Future<Output = (usize, u32)> + Send {
        let Self(value) = *self;
        let value = value.into();
        async move {
            Yield::default().await;
            (protection_level(), value)
        }
    }
}

impl<T> Source<T> {
    #[permit_alloc(future)]
    fn describe<'a>(&'a self, what: &'a str) -> impl Future<Output = (usize, String)> + use<'a, T>
    where
        T: std::fmt::Display,
    {
        let owned = what.to_owned();
        async move {
            Yield::default().await;
            (protection_level(), format!("{owned} {}", self.0))
        }
    }
}

#[test]
fn methods_of_traits_run_inside() {
    let source = Source(7_u8);
    let (level, value) = finish(pin!(source.read()));
    assert_eq!(value, 7);
    assert_inside(&[level]);
    let (level, value) = finish(pin!(source.twice()));
    assert_eq!((level, value), (2 * one(), 14));
}

#[no_alloc]
async fn described() -> (usize, usize) {
    // The permit covers the call too.
    let (level, text) = Source(3).describe("three is").await;
    assert_eq!(text, "three is 3");
    std::mem::forget(text);
    (level, protection_level())
}

#[test]
fn a_permit_covers_the_call_and_the_polls() {
    let (permitted, inside) = finish(pin!(described()));
    assert_eq!(permitted, 0);
    assert_inside(&[inside]);
}

#[no_alloc(future, budget(requests = 2), allow(dealloc))]
fn spends(times: u32) -> impl Future<Output = u32> {
    async move {
        for _ in 0..times {
            alloc_and_free(8);
            Yield::default().await;
        }
        times
    }
}

#[test]
fn a_budget_is_one_for_all_polls() {
    assert_eq!(finish(pin!(spends(2))), 2);
    assert_eq!(violates(|| assert_eq!(finish(pin!(spends(3))), 3)), is_active());
}

#[no_alloc(future, sample = 2)]
fn sampled() -> impl Future<Output = usize> {
    async {
        Yield::default().await;
        protection_level()
    }
}

#[test]
fn one_future_in_two_is_watched() {
    let seen: Vec<usize> = (0..4).map(|_| finish(pin!(sampled()))).collect();
    assert_eq!(seen, [one(), 0, one(), 0]);
}

#[no_alloc(future, prove)]
fn proven() -> impl Future<Output = usize> {
    std::future::ready(5)
}

#[count_alloc(future)]
fn counted() -> impl Future<Output = Vec<u8>> {
    async { force_alloc(8) }
}

#[test]
fn other_forms_give_their_values() {
    assert_eq!(finish(pin!(proven())), 5);
    assert_eq!(finish(pin!(counted())).capacity(), 8);
}

#[test]
fn a_future_is_send_if_the_bare_one_is() {
    fn sent<T: Send>(value: T) -> T {
        value
    }
    assert_eq!(finish(pin!(sent(either(true)))), 16);
    assert_eq!(finish(pin!(sent(Source(1_u8).twice()))).1, 2);
}

/// The future goes into the box guarded.
#[allocate_panic(future, mode = "count")]
fn ready_in_a_box(value: u32) -> Pin<Box<dyn Future<Output = (usize, u32)>>> {
    let sum = value + 1;
    alloc_and_free(8);
    Box::pin(std::future::poll_fn(move |_| std::task::Poll::Ready((protection_level(), sum))))
}

#[test]
fn a_future_in_a_box_is_guarded_inside_it() {
    let before = violations();
    let (level, sum) = finish(ready_in_a_box(4).as_mut());
    assert_eq!(sum, 5);
    assert_eq!(violations(), before);
    assert_inside(&[level]);
}
