//! The expansion names everything by its absolute path.

#![no_implicit_prelude]

use ::qadapt::{no_alloc, permit_alloc};

struct Voice(f32);

impl Voice {
    #[no_alloc(name = "voice")]
    fn run(&mut self, (gain, _): (f32, u32)) -> f32 {
        self.0 * gain
    }

    #[no_alloc]
    async fn later(self) -> f32 {
        self.0
    }
}

#[permit_alloc]
fn permitted() {}

#[permit_alloc]
async fn permitted_later(_: u32) {}

fn main() {
    ::std::assert_eq!(Voice(2.0).run((3.0, 1)), 6.0);
    permitted();
    ::std::mem::drop((Voice(1.0).later(), permitted_later(1)));
}
