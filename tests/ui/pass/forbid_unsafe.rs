//! The expansion has no unsafe code.

#![forbid(unsafe_code)]

use qadapt::{no_alloc, permit_alloc};

struct Voice(f32);

impl Voice {
    #[no_alloc(name = "voice")]
    fn run(&mut self, (gain, _): (f32, String)) -> f32 {
        self.0 * gain
    }

    #[no_alloc]
    async fn later(self: Box<Self>) -> f32 {
        self.0
    }
}

#[permit_alloc]
fn permitted() {}

#[permit_alloc]
async fn permitted_later() {}

fn main() {
    assert_eq!(Voice(2.0).run((3.0, String::new())), 6.0);
    permitted();
    drop((Box::new(Voice(1.0)).later(), permitted_later()));
}
