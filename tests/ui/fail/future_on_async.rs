//! An `async fn` is watched poll by poll without being told.

#[qadapt::allocate_panic(name = "f", future)]
async fn f() {}

fn main() {
    drop(f());
}
