//! A test of the project, which the explorer runs.

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[test]
fn a_number_is_in_its_box() {
    assert_eq!(*explored::boxed(3), 3);
}
