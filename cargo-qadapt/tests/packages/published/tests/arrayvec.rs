//! The test suite of `arrayvec`, with nothing but the allocator added.

#[global_allocator]
static ALLOC: qadapt::Qadapt<published::Counting> = qadapt::Qadapt::new(published::Counting);

include!(concat!(env!("OUT_DIR"), "/arrayvec.rs"));
