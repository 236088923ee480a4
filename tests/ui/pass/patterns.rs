//! Patterns, `_`, `mut`, `ref` and bindings with `@` in arguments.

#![deny(warnings)]
#![forbid(unused_mut)]

use qadapt::no_alloc;

struct Frame {
    left: f32,
    right: f32,
}

struct Gain(f32);

#[no_alloc]
fn tuple((a, mut b): (u32, u32), [c, .., d]: [u32; 3]) -> u32 {
    b += 1;
    a + b + c + d
}

#[no_alloc]
fn structs(Frame { left, right: other }: Frame, Gain(gain): Gain) -> f32 {
    (left + other) * gain
}

#[no_alloc]
fn ignored(_: String, _: u32, _named: String, mut _counter: u32) {}

#[no_alloc]
fn references(&(a, ref b): &(u32, u32), ref c: u32, &mut ref mut d: &mut u32) -> u32 {
    *d += 1;
    a + b + c + *d
}

#[no_alloc]
fn changed_in_place((ref mut a, b): (u32, u32), ref mut c: u32) -> u32 {
    *a += b;
    *c += *a;
    *c
}

#[no_alloc]
async fn changed_in_a_future(ref mut a: u32, Frame { left: ref mut b, .. }: Frame) -> f32 {
    *a += 1;
    *b += 1.0;
    *b
}

#[no_alloc]
fn whole_and_part(whole @ Frame { left, .. }: &Frame) -> f32 {
    left + whole.right
}

#[no_alloc]
fn units((): (), _: ()) {}

fn main() {
    assert_eq!(tuple((1, 2), [3, 0, 4]), 11);
    assert_eq!(structs(Frame { left: 1.0, right: 2.0 }, Gain(2.0)), 6.0);
    assert_eq!(changed_in_place((1, 2), 3), 6);
    drop(changed_in_a_future(1, Frame { left: 1.0, right: 2.0 }));
    assert_eq!(references(&(1, 2), 3, &mut 4), 11);
    assert_eq!(whole_and_part(&Frame { left: 1.0, right: 2.0 }), 3.0);
    units((), ());
    let _ = ignored;
}
