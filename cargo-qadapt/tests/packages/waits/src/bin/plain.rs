//! No allocator that defers: nothing waits.

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn main() {
    waits::run();
}
