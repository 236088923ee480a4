//! A mode is a word in quotes.

#[qadapt::allocate_panic(mode = log)]
fn f() {}

fn main() {
    f();
}
