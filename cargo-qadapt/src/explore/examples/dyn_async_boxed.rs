// `dyn async`, 1 of 4: a boxed future. Each call makes a box, whose size is the state of the whole function.
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

trait Source {
    fn read(&self) -> Pin<Box<dyn Future<Output = u8> + '_>>;
}

struct Constant(u8);

impl Source for Constant {
    fn read(&self) -> Pin<Box<dyn Future<Output = u8> + '_>> {
        Box::pin(async move { self.0 })
    }
}

fn main() {
    let source: &dyn Source = std::hint::black_box(&Constant(7));
    for _ in 0..3 {
        let mut future = source.read();
        let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
}
