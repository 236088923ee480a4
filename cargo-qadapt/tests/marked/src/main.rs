//! Protected regions of all kinds.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use qadapt::{assert_no_alloc, mark};

struct Guarded<F>(F);

impl<F: Future + Unpin> Future for Guarded<F> {
    type Output = F::Output;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        mark::poll(Pin::new(&mut self.0), context)
    }
}

/// As an attribute would expand it.
fn annotated(x: &[u32]) -> u32 {
    mark::region(move || x.iter().sum())
}

struct Filter(f32);

impl Filter {
    fn process(&mut self, x: &mut [f32]) {
        mark::required(move || {
            for v in x {
                self.0 = self.0 * 0.5 + *v;
                *v = self.0;
            }
        });
    }
}

fn generic<T: ToString>(t: T) -> usize {
    mark::region(move || black_box(t.to_string()).len())
}

fn main() {
    let n = std::env::args().count();
    let data = [n as u32; 16];
    println!("{}", annotated(&data));
    println!("{}", assert_no_alloc(|| black_box(vec![n; n]).len()));
    println!("{}", generic(n) + generic('c'));
    Filter(1.0).process(&mut [n as f32; 8]);
    let mut inner = pin!(async { black_box(Box::new(n)).wrapping_add(1) });
    let mut context = Context::from_waker(Waker::noop());
    println!("{:?}", pin!(Guarded(inner.as_mut())).poll(&mut context));
}
