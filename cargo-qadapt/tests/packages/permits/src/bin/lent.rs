//! Regions that run under a policy which another thread has lent.

use std::alloc::System;
use std::hint::black_box;
use std::thread;

use qadapt::{Deferring, Policy, PolicyToken, Qadapt};

#[global_allocator]
static ALLOC: Qadapt<Deferring<System>> = Qadapt::new(Deferring::new(System));

static LENDING: Policy = Policy::new().name("lending");

/// Allocates nothing itself, whatever its borrowers do.
#[inline(never)]
fn lends() -> PolicyToken {
    LENDING.run(|| {
        black_box(());
        Policy::current()
    })
}

#[inline(never)]
fn allocates(token: &PolicyToken, n: usize) -> usize {
    token.run(|| black_box(vec![n; 3]).leak().len())
}

#[inline(never)]
fn sums(token: &PolicyToken, n: usize) -> usize {
    token.run(|| black_box(n) + 1)
}

/// The lender may or may not defer.
#[inline(never)]
fn frees(token: &PolicyToken, values: Vec<usize>) {
    token.run(|| drop(black_box(values)));
}

#[expect(dead_code, reason = "a region without code")]
fn unused(token: PolicyToken, n: usize) -> usize {
    token.run(|| n * 2)
}

fn main() {
    let n = std::env::args().count();
    let token = lends();
    let count = thread::scope(|scope| {
        let worker = scope.spawn(move || {
            frees(&token, vec![n; 2]);
            allocates(&token, n) + sums(&token, n)
        });
        worker.join().expect("it does not panic")
    });
    println!("{count}");
}
