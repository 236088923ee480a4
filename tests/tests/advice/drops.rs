//! Owned arguments that are dropped.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hint::black_box;
use std::io;
use std::panic::{catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use qadapt::assert_no_alloc;

use crate::seen::shown;

/// A function that takes what it only reads.
#[inline(never)]
fn take<T>(value: T) {
    drop(black_box(value));
}

fn dropped<T>(rule: &str, value: T) -> Vec<String> {
    let value = black_box(value);
    shown(rule, || assert_no_alloc(move || take(value)))
}

#[test]
fn containers() {
    // Not bytes: the optimiser makes one function of equal ones, and then a Vec of bytes is dropped as a String.
    let lines = dropped("drop-vec", vec![1_u32; 10]);
    assert!(lines.iter().all(|line| line.ends_with("it frees 40 bytes")), "{lines:?}");
    dropped("drop-vec", vec![String::from("abc"); 2]);
    dropped("drop-vec", Some(vec![1_u16; 10]));
    dropped("drop-vec", VecDeque::from([1, 2, 3]));
    dropped("drop-string", String::from("abc"));
    dropped("drop-string", PathBuf::from("/abc"));
    dropped("drop-map", HashMap::from([(1, 2)]));
    dropped("drop-map", BTreeMap::from([(1, 2)]));
}

#[test]
fn pointers() {
    dropped("drop-box", Box::new(7_u64));
    // Its last free is at the end of a function: optimised, a jump, of which a stack has nothing.
    if cfg!(debug_assertions) {
        dropped("drop-io-error", io::Error::other("abc"));
    }
    dropped("drop-shared", Arc::new(7_u64));
    dropped("drop-shared", Rc::new(7_u64));
    let by = black_box(4_u32);
    let add: Box<dyn Fn(u32) -> u32> = Box::new(move |n| n + by);
    assert_eq!(add(1), 5);
    dropped("drop-trait-object", add);
    let payload = catch_unwind(|| resume_unwind(Box::new(black_box(3)))).expect_err("it unwinds");
    dropped("panic-payload", payload);
}
