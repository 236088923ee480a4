//! The prelude brings everything but `test`, so that a plain `#[test]` stays the compiler's.

use qadapt::prelude::*;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[no_alloc]
fn level() -> usize {
    protection_level()
}

#[test]
fn plain() {
    assert_eq!(level(), 1);
}

#[qadapt::test]
fn protected() {}

fn main() {
    assert_eq!(level(), usize::from(is_active()));
    assert_allocs!(level(), events == 0);
    let counted = count_alloc(|| Policy::new().allow(Ops::ALL).run(|| 5)).1;
    assert_eq!(counted, 5);
}
