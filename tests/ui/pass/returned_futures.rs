//! The option `future`, and futures in a box at the end of a function; both where the bare ones are `Send`.

#![deny(warnings)]

use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use qadapt::{allocate_panic, count_alloc, no_alloc, permit_alloc};

#[no_alloc(future)]
fn sum<'a>(samples: &'a [u32], mut by: u32) -> impl Future<Output = u32> + Send + use<'a> {
    by += 1;
    async move { samples.iter().map(|sample| sample * by).sum::<u32>() + ready(1).await }
}

#[allocate_panic(future, name = "either", forbid)]
fn either(first: bool) -> impl Send + Future<Output = Option<u32>> {
    if first {
        return ready(Some(1));
    }
    ready(None)
}

trait Next {
    fn next(&mut self) -> impl Future<Output = u32> + Send;

    #[no_alloc(future)]
    fn twice(&mut self) -> impl Future<Output = u32> + Send
    where
        Self: Send,
    {
        async { self.next().await + self.next().await }
    }
}

#[derive(Default)]
struct Voice<const N: usize>(u32);

impl<const N: usize> Next for Voice<N> {
    #[count_alloc(future)]
    fn next(&mut self) -> impl Future<Output = u32> + Send {
        self.0 += 1;
        let Self(now) = *self;
        async move { now }
    }
}

/// A macro in the user's crate may write the body.
macro_rules! boxed {
    ($body:expr) => {
        std::boxed::Box::pin(async move { $body })
    };
}

#[no_alloc(future)]
fn from_a_macro(x: u32) -> impl Future<Output = u32> {
    boxed!(x + 1)
}

#[permit_alloc]
fn in_a_box(text: &str) -> Pin<Box<dyn Future<Output = String> + Send + '_>> {
    let len = text.len();
    ::std::boxed::Box::pin(async move { text.repeat(len) },)
}

fn finish<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn sent<T: Send>(value: T) -> T {
    value
}

fn main() {
    assert_eq!(finish(sent(sum(&[1, 2], 1))), 7);
    assert_eq!((finish(sent(either(true))), finish(either(false))), (Some(1), None));
    assert_eq!(finish(sent(Voice::<3>::default().twice())), 3);
    assert_eq!(finish(from_a_macro(4)), 5);
    assert_eq!(finish(sent(in_a_box("ab"))), "abab");
}
