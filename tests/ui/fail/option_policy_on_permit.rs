//! A permit has no policy.

#[qadapt::permit_alloc(forbid)]
fn f() {}

fn main() {
    f();
}
