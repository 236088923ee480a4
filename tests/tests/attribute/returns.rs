//! Borrows, opaque types and closures that a function returns.

use super::*;

#[no_alloc]
fn largest<'a>(items: &'a mut [u32], _other: &str) -> &'a mut u32 {
    let index = (0..items.len()).max_by_key(|&index| items[index]).unwrap_or(0);
    &mut items[index]
}

#[no_alloc]
fn borrowed(cell: &RefCell<u32>) -> Ref<'_, u32> {
    cell.borrow()
}

/// A temporary of the last expression borrows from an argument.
#[no_alloc]
fn read(cell: RefCell<u32>) -> u32 {
    *cell.borrow()
}

#[test]
fn borrows_pass_through() {
    let mut items = [1, 9, 4];
    *largest(&mut items, "") += 1;
    assert_eq!(items, [1, 10, 4]);
    assert_eq!((*borrowed(&RefCell::new(5)), read(RefCell::new(6))), (5, 6));
}

#[no_alloc]
fn evens(items: &[u32]) -> impl Iterator<Item = &u32> + use<'_> {
    items.iter().filter(|item| **item % 2 == 0)
}

#[no_alloc]
fn parsed(text: &str) -> Result<impl Iterator<Item = u32> + use<>, std::num::ParseIntError> {
    let end: u32 = text.parse()?;
    Ok((0..end).rev())
}

#[test]
fn opaque_types_pass_through() {
    assert!(evens(&[1, 2, 3, 4]).eq(&[2, 4]));
    assert!(parsed("3").expect("a number").eq([2, 1, 0]));
    assert!(parsed("x").is_err());
}

#[no_alloc]
fn adder(x: u32) -> impl Fn(u32) -> u32 {
    move |y| x + y
}

#[no_alloc]
fn chosen(add: bool) -> fn(u32, u32) -> u32 {
    if add { |x, y| x + y } else { |x, y| x * y }
}

#[no_alloc]
fn as_dyn(x: &u32) -> &dyn Fn(&u32) -> &u32 {
    static FIRST: fn(&u32) -> &u32 = |x| x;
    assert!(*x > 0, "the argument is read inside");
    &FIRST
}

#[test]
fn closures_are_returned_and_run_outside() {
    assert_eq!(adder(2)(3), 5);
    assert_eq!((chosen(true)(2, 3), chosen(false)(2, 3)), (5, 6));
    assert_eq!(as_dyn(&1)(&8), &8);
}

#[no_alloc]
fn boxed_first(boxed: Box<u32>) -> Box<dyn Fn() -> u32> {
    *BOXED.lock().expect("no test panics with it") = Some(boxed);
    permitted_closure()
}

static BOXED: Mutex<Option<Box<u32>>> = Mutex::new(None);

#[permit_alloc]
fn permitted_closure() -> Box<dyn Fn() -> u32> {
    Box::new(|| **BOXED.lock().expect("no test panics with it").as_ref().expect("it was put there"))
}

#[test]
fn a_permitted_body_returns_a_coerced_box() {
    assert_eq!(boxed_first(Box::new(3))(), 3);
}
