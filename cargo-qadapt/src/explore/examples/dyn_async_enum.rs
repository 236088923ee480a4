// `dyn async`, 2 of 4: an enum in place of `dyn`. All futures are known, so that each lies where it is awaited.
use std::pin::pin;
use std::task::{Context, Waker};

enum Source {
    Constant(u8),
    Counter(std::cell::Cell<u8>),
}

impl Source {
    async fn read(&self) -> u8 {
        match self {
            Self::Constant(value) => *value,
            Self::Counter(cell) => cell.replace(cell.get() + 1),
        }
    }
}

fn main() {
    for source in std::hint::black_box([Source::Constant(7), Source::Counter(0.into())]) {
        let future = pin!(source.read());
        let _ = std::future::Future::poll(future, &mut Context::from_waker(Waker::noop()));
    }
}
