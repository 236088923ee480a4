//! An argument that is changed though it is not `mut`.

use qadapt::no_alloc;

struct Voice(String);

#[no_alloc]
fn argument(x: u32) -> u32 {
    x += 1;
    x
}

#[no_alloc]
fn borrowed(x: &String) {
    x.clear();
}

impl Voice {
    #[no_alloc]
    fn method(self) {
        self.0.clear();
    }

    #[no_alloc]
    fn by_reference(&self) {
        self.0.clear();
    }
}

fn main() {}
