//! A budget has four limits.

#[qadapt::allocate_panic(budget(calls = 2))]
fn f() {}

fn main() {
    f();
}
