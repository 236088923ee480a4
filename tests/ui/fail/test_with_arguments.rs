//! A test without an attribute that supplies its arguments has none.

#[qadapt::test]
fn argument(x: u8) {
    let _ = x;
}

fn main() {
    argument(1);
}
