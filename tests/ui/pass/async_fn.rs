//! `async` functions and methods, and that their futures are `Send` where the bare ones are.

#![deny(warnings)]

use std::future::{Future, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use qadapt::no_alloc;

#[no_alloc]
async fn sum(samples: &[u32], mut by: u32, _: Option<String>) -> u32 {
    by += ready(1).await;
    samples.iter().map(|sample| sample * by).sum()
}

#[no_alloc]
async fn parsed(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number = text.parse()?;
    ready(()).await;
    Ok(number)
}

/// What comes out need not be `Send`.
#[no_alloc]
async fn counted(rc: Option<u32>) -> Option<Rc<u32>> {
    ready(rc).await.map(|_| unreachable!("none is given"))
}

#[no_alloc]
async fn unit() {
    ready(()).await;
}

struct Voice(u32);

trait Next {
    #[no_alloc]
    async fn twice(&mut self) -> u32 {
        self.next().await + self.next().await
    }

    async fn next(&mut self) -> u32;
}

impl Next for Voice {
    #[no_alloc]
    async fn next(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

impl Voice {
    #[no_alloc]
    async fn inner<'a>(&'a self, other: &'a u32) -> &'a u32 {
        if ready(self.0).await > *other { &self.0 } else { other }
    }
}

fn finish<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn sent<T: Send>(value: T) -> T {
    value
}

fn main() {
    assert_eq!(finish(sent(sum(&[1, 2], 1, None))), 6);
    assert!(finish(sent(parsed("5"))) == Ok(5) && finish(parsed("x")).is_err());
    assert!(finish(sent(counted(None))).is_none());
    finish(sent(unit()));
    let mut voice = Voice(1);
    assert_eq!(finish(voice.twice()), 5);
    assert_eq!(*finish(sent(voice.inner(&2))), 3);
}
