//! A budget has six limits.

#[qadapt::allocate_panic(budget(cells = 2))]
fn f() {}

fn main() {
    f();
}
