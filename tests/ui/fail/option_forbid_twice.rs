//! An option is given once.

#[qadapt::allocate_panic(forbid, mode = "log", forbid)]
fn f() {}

fn main() {
    f();
}
