//! What holds whichever allocator Rust's is.

use core::hint::black_box;

use qadapt::count_alloc;
use qadapt_c_tests::allocates;
use qadapt_malloc as _;
use qadapt_tests::watching;

#[test]
fn each_allocation_is_one_event() {
    let (rust, boxed) = count_alloc(|| black_box(Box::new([0_u8; 100])));
    let (freed, ()) = count_alloc(|| drop(boxed));
    let (c, block) = count_alloc(|| allocates(black_box(100)));
    assert_ne!(block, 0);
    if watching("the counts") {
        assert!(qadapt::c_is_active());
        assert_eq!(
            (rust.events().get(), freed.events().get(), c.events().get()),
            (Some(1), Some(1), Some(1))
        );
        assert_eq!((rust.bytes().get(), freed.freed_bytes().get()), (Some(100), Some(100)));
    }
}
