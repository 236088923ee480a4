//! A test is watched each time.

#[qadapt::test(sample = 10)]
fn f() {}

fn main() {
    f();
}
