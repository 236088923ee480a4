// `dyn async`, 4 of 4: a poll function in the trait. The state is the object's own, and no future is made.
use std::task::{Context, Poll, Waker};

trait Source {
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<u8>;
}

struct Counter(u8);

impl Source for Counter {
    fn poll_read(&mut self, _: &mut Context<'_>) -> Poll<u8> {
        self.0 += 1;
        Poll::Ready(self.0)
    }
}

fn main() {
    let mut counter = Counter(0);
    let source: &mut dyn Source = std::hint::black_box(&mut counter);
    for _ in 0..3 {
        let _ = source.poll_read(&mut Context::from_waker(Waker::noop()));
    }
}
