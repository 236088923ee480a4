//! Every option of a policy is accepted, alone and together.

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[qadapt::allocate_panic(forbid)]
fn forbidden() {}

#[qadapt::allocate_panic(mode = "log")]
fn logged() {}

#[qadapt::no_alloc(allow(alloc, zeroed, grow, shrink, dealloc))]
fn allowed() -> usize {
    vec![0_u8; 8].len()
}

#[qadapt::allocate_panic(budget(allocs = 1, requests = 1, bytes = 0x40, peak_bytes = 64u32, warm_up = 1), allow(dealloc), prove, sample = 2, name = "all")]
fn all<T: Default>() -> T {
    T::default()
}

#[qadapt::allocate_panic(mode = "abort", forbid)]
async fn polled() {}

fn main() {
    forbidden();
    logged();
    assert_eq!(allowed(), 8);
    assert_eq!(all::<u8>(), 0);
    drop(polled());
}
