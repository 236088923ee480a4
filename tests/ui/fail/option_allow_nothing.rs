//! A list of operations is not empty.

#[qadapt::allocate_panic(allow())]
fn f() {}

fn main() {
    f();
}
