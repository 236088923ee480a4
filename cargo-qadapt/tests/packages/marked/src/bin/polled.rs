//! What is watched poll by poll, from all places that make it; and regions of calls that no code is left of.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use qadapt::{GuardExt, Policy, assert_no_alloc as quiet};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

const RULES: Policy = Policy::new().name("rules");

struct Stage {
    policy: Policy,
}

#[inline(never)]
fn filled(n: usize) -> usize {
    black_box(vec![n; 5]).len()
}

fn poll<F: Future>(future: Pin<&mut F>) -> F::Output {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the futures here are ready at once"),
    }
}

async fn added(n: usize) -> usize {
    std::future::ready(black_box(n)).await + 1
}

async fn kept(n: usize) -> usize {
    std::future::ready(filled(n)).await
}

/// The same code as the next one; one of them is left.
mod first {
    async fn step(n: usize) -> usize {
        std::future::ready(super::black_box(n)).await + 77
    }

    #[inline(never)]
    pub(super) fn entry(n: usize) -> usize {
        use qadapt::GuardExt as _;
        super::poll(std::pin::pin!(step(n).no_alloc()))
    }
}

mod second {
    async fn step(n: usize) -> usize {
        std::future::ready(super::black_box(n)).await + 77
    }

    #[inline(never)]
    pub(super) fn entry(n: usize) -> usize {
        use qadapt::GuardExt as _;
        super::poll(std::pin::pin!(step(n).no_alloc()))
    }
}

/// A future that is made and never polled.
#[inline(never)]
fn forgotten(n: usize) {
    drop(black_box(RULES.wrap(Box::pin(never_polled(n)))));
}

async fn never_polled(n: usize) -> usize {
    n * 3
}

macro_rules! guarded {
    ($body:expr) => {
        qadapt::assert_no_alloc(|| $body)
    };
}

/// No code of these is left.
#[expect(dead_code, reason = "nobody calls them")]
mod dead {
    use super::{GuardExt, RULES, Stage, added, kept, poll, quiet};
    use std::pin::pin;

    fn by_method(n: usize) -> usize {
        poll(pin!(added(n).no_alloc()))
    }

    fn by_path(n: usize) -> usize {
        poll(pin!(GuardExt::no_alloc(kept(n))))
    }

    fn wrapped(stage: &Stage, n: usize) -> usize {
        poll(pin!(stage.policy.wrap(added(n))))
    }

    fn closures(n: usize) -> usize {
        RULES.run(|| n) + quiet(|| n) + guarded!(n)
    }

    fn entered() {
        let _region = RULES.enter();
    }
}

fn main() {
    let n = black_box(std::env::args().count());
    let stage = Stage { policy: Policy::new().name("stage") };
    println!("{}", poll(pin!(added(n).no_alloc())));
    println!("{}", poll(pin!(stage.policy.wrap(kept(n)))));
    println!("{}", first::entry(n) + second::entry(n));
    println!("{}", RULES.run(|| black_box(n)) + quiet(|| black_box(n)));
    println!("{}", guarded!(filled(n)));
    forgotten(n);
}
