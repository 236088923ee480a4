//! A future that holds what is not `Send` across an `.await`.

use qadapt::no_alloc;

use std::rc::Rc;

#[no_alloc]
async fn holds(x: Rc<u32>) -> u32 {
    std::future::ready(()).await;
    *x
}

fn sent(_: impl Send) {}

fn sends() {
    sent(holds(Rc::new(1)));
}

fn main() {}
