//! The option `future` is for single functions.

struct Voice;

#[qadapt::allocate_panic(future)]
impl Voice {
    fn plain(&self) {}
}

fn main() {
    Voice.plain();
}
