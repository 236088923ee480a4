//! A budget has five limits.

#[qadapt::allocate_panic(budget(cells = 2))]
fn f() {}

fn main() {
    f();
}
