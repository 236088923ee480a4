//! A mode is one of six words.

#[qadapt::allocate_panic(mode = "warn")]
fn f() {}

fn main() {
    f();
}
