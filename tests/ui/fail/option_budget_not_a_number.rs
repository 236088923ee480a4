//! A limit is a whole number.

#[qadapt::allocate_panic(budget(requests = "two"))]
fn f() {}

fn main() {
    f();
}
