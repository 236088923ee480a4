//! The return type is where a body's value is coerced, as without the attribute.

use std::fmt::Debug;

use qadapt::{no_alloc, permit_alloc};

#[permit_alloc]
fn boxed(x: u32) -> Box<dyn Fn(&u32) -> u32> {
    Box::new(move |y| y.pow(2) + x)
}

#[permit_alloc]
async fn later(x: u32) -> Box<dyn Fn(&u32) -> u32> {
    Box::new(move |y| y.pow(2) + x)
}

#[no_alloc]
fn as_dyn(x: &u8) -> &dyn Debug {
    x
}

#[no_alloc]
fn as_slice(x: &[u8; 3]) -> &[u8] {
    x
}

#[no_alloc]
fn as_pointer(x: &mut u8) -> *const u8 {
    x
}

#[no_alloc]
fn as_function(add: bool) -> fn(u8, u8) -> u8 {
    if add { |x, y| x + y } else { |x, y| x - y }
}

#[no_alloc]
fn reborrowed<'a>(x: &'a mut [u8]) -> &'a mut [u8] {
    if x.is_empty() {
        return x;
    }
    &mut x[1..]
}

fn main() {
    assert_eq!(boxed(1)(&3), 10);
    assert_eq!(format!("{:?}", as_dyn(&5)), "5");
    assert_eq!(as_slice(&[1, 2, 3]).len(), 3);
    assert!(!as_pointer(&mut 5).is_null());
    assert_eq!(as_function(true)(2, 3), 5);
    assert_eq!(reborrowed(&mut [1, 2]), [2]);
    drop(later(1));
}
