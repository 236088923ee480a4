//! A limit is a whole number, and no expression.

#[qadapt::allocate_panic(budget(bytes = 4 * 1024, requests = 2))]
fn f() {}

#[qadapt::allocate_panic(sample = 5 as u64)]
fn g() {}

fn main() {
    f();
    g();
}
