//! An async test needs a runtime.

#[qadapt::test]
async fn f() {}

fn main() {
    drop(f());
}
