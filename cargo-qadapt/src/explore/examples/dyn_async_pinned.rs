// `dyn async`, 3 of 4: a future pinned on the stack. `dyn` needs a pointer, not a box.
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};

fn run(future: Pin<&mut dyn Future<Output = u8>>) {
    let _ = std::hint::black_box(future).poll(&mut Context::from_waker(Waker::noop()));
}

async fn one() -> u8 {
    1
}

fn main() {
    run(pin!(one()));
    run(pin!(async { one().await + 1 }));
}
