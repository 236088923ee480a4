//! The test suite of `indexmap`, with nothing but the allocator added.

#[global_allocator]
static ALLOC: qadapt::Qadapt<published::Counting> = qadapt::Qadapt::new(published::Counting);

include!(concat!(env!("OUT_DIR"), "/indexmap.rs"));
