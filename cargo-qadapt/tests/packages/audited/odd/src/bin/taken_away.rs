//! The trace is taken away before the first region.

use std::fs;

use qadapt::{QADAPT, assert_no_alloc};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() {
    let folder = std::env::var_os("QADAPT_TRACE").expect("it is audited");
    for trace in fs::read_dir(folder).expect("the folder is there") {
        fs::remove_file(trace.expect("it can be read").path()).expect("it is this program's");
    }
    assert_no_alloc(|| drop(std::hint::black_box(Box::new(1))));
}
