//! Two unique borrows at once.

use qadapt::no_alloc;

struct Voice(u32);

#[no_alloc]
fn argument(x: &mut [u32]) -> &mut u32 {
    let first = &mut x[0];
    let second = &mut x[1];
    *first = 1;
    second
}

impl Voice {
    #[no_alloc]
    fn method(&mut self) -> (&mut u32, &mut u32) {
        (&mut self.0, &mut self.0)
    }
}

fn main() {}
