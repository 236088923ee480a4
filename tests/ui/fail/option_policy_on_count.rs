//! A count disallows nothing, so that it has no policy.

#[qadapt::count_alloc(allow(dealloc))]
fn f() {}

fn main() {
    f();
}
