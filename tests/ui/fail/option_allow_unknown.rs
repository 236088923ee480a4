//! What is allowed are operations.

#[qadapt::allocate_panic(allow(free))]
fn f() {}

fn main() {
    f();
}
