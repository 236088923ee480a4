//! A name on an impl block would be every function's.

struct S;

#[qadapt::allocate_panic(name = "s")]
impl S {
    fn f(&self) {}
}

fn main() {
    S.f();
}
