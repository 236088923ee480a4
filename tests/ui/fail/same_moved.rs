//! An argument that is used after it was moved.

use qadapt::no_alloc;

struct Voice(String);

#[no_alloc]
fn argument(x: String) -> String {
    drop(x);
    x
}

#[no_alloc]
async fn later(x: String) -> String {
    drop(x);
    x
}

impl Voice {
    #[no_alloc]
    fn method(self) -> String {
        drop(self);
        self.0
    }

    #[no_alloc]
    fn behind_a_reference(&self) -> String {
        self.0
    }
}

fn main() {}
