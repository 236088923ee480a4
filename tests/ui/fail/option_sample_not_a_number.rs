//! Sampling takes a whole number.

#[qadapt::allocate_panic(sample = 0.5)]
fn f() {}

fn main() {
    f();
}
