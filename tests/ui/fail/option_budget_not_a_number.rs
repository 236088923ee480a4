//! A limit is a whole number.

#[qadapt::allocate_panic(budget(allocs = "two"))]
fn f() {}

fn main() {
    f();
}
