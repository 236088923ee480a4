//! An unsafe call in a safe function; and an unsafe function is called in an unsafe block only.

use qadapt::no_alloc;

unsafe fn danger() {}

#[no_alloc]
fn safe() {
    danger();
}

#[no_alloc]
unsafe fn marked() {}

fn calls() {
    marked();
}

fn main() {}
