//! A body of the wrong type, where the user wrote it.

use qadapt::no_alloc;

#[no_alloc]
fn value(_x: u32) -> u32 {
    "text"
}

#[no_alloc]
fn early(x: u32) -> u32 {
    if x > 1 {
        return "text";
    }
    x
}

#[no_alloc]
async fn later(_x: u32) -> u32 {
    "text"
}

#[no_alloc]
fn nothing() {
    5
}

fn main() {}
