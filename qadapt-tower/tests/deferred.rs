//! What a policy defers waits for each request, whether or not sampling picks it.

use std::alloc::System;
use std::convert::Infallible;
use std::future::Future as _;
use std::hint::black_box;
use std::task::{Context, Poll, Waker};

use qadapt::{Deferring, Policy, Qadapt, deferred, reclaim};
use qadapt_tower::GuardLayer;
use tower_layer::Layer as _;
use tower_service::Service;

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));

/// Drops what it is given.
struct Drops;

impl Service<Vec<u8>> for Drops {
    type Response = ();
    type Error = Infallible;
    type Future = Dropping;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Vec<u8>) -> Dropping {
        Dropping(Some(request))
    }
}

struct Dropping(Option<Vec<u8>>);

impl std::future::Future for Dropping {
    type Output = Result<(), Infallible>;

    fn poll(mut self: std::pin::Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
        drop(self.0.take());
        Poll::Ready(Ok(()))
    }
}

#[test]
fn what_sampling_leaves_out_is_deferred_too() {
    for n in [1, 2, 1000] {
        let mut service =
            GuardLayer::new(Policy::new().defer(), |_: &Vec<u8>| "drops").sample(n).layer(Drops);
        let before = deferred().waiting.blocks;
        for _ in 0..4 {
            let mut answer = std::pin::pin!(service.call(black_box(vec![1; 100])));
            assert!(answer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
        }
        assert_eq!(deferred().waiting.blocks - before, 4, "one in {n} is watched");
        reclaim(qadapt::Amount { blocks: 100, bytes: u64::MAX });
    }
}
