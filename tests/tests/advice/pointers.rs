//! Boxes, shared values, errors.

use std::error::Error;
use std::hint::black_box;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use qadapt::assert_no_alloc;

use crate::seen::shown;

#[test]
fn boxes() {
    shown("box-new", || drop(assert_no_alloc(|| black_box(Box::new(black_box(7_u64))))));
    let by = black_box(4);
    shown("box-new", || {
        let add: Box<dyn Fn(u32) -> u32> = assert_no_alloc(|| black_box(Box::new(move |n| n + by)));
        assert_eq!(add(1), 5);
    });
    shown("box-pin", || drop(assert_no_alloc(|| black_box(Box::pin(async move { black_box(by) })))));
    let boxed = Box::new(black_box([1_u64; 3]));
    shown("box-clone", || drop(assert_no_alloc(|| black_box(black_box(&boxed).clone()))));
}

#[test]
fn shared() {
    shown("arc-new", || drop(assert_no_alloc(|| black_box(Arc::new(black_box(7_u64))))));
    shown("rc-new", || drop(assert_no_alloc(|| black_box(Rc::new(black_box(7_u64))))));
    shown("rc-new", || drop(assert_no_alloc(|| black_box(Rc::new_cyclic(|_| black_box(7_u64))))));
    shown("shared-slice", || drop(assert_no_alloc(|| Arc::<[u32]>::from(black_box(&[1, 2, 3][..])))));
    shown("shared-slice", || drop(assert_no_alloc(|| Arc::<str>::from(black_box("abc")))));
    shown("shared-slice", || drop(assert_no_alloc(|| Rc::<str>::from(black_box("abc")))));
    let (mut first, mut other) = (Arc::new(7_u64), Rc::new(7_u64));
    let clones = (Arc::clone(&first), Rc::clone(&other));
    shown("make-mut", || assert_no_alloc(|| *Arc::make_mut(black_box(&mut first)) += 1));
    shown("make-mut", || assert_no_alloc(|| *Rc::make_mut(black_box(&mut other)) += 1));
    assert_eq!((*first, *other, *clones.0, *clones.1), (8, 8, 7, 7));
}

fn parse(text: &str) -> Result<u32, Box<dyn Error>> {
    if text.is_empty() {
        Err("nothing")?;
    }
    Ok(text.parse()?)
}

#[test]
fn errors() {
    shown("boxed-error", || drop(assert_no_alloc(|| Box::<dyn Error>::from(black_box("abc")))));
    shown("boxed-error", || drop(assert_no_alloc(|| parse(black_box("")))));
    shown("boxed-error", || drop(assert_no_alloc(|| parse(black_box("abc")))));
    let text = black_box(String::from("abc"));
    shown("boxed-error", || drop(assert_no_alloc(move || Box::<dyn Error>::from(text))));
    shown("io-error", || drop(assert_no_alloc(|| io::Error::other(black_box("abc")))));
    shown("io-error", || {
        drop(assert_no_alloc(|| io::Error::new(io::ErrorKind::InvalidData, black_box("abc"))));
    });
}
