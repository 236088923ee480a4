//! Strings.

use std::borrow::Cow;
use std::ffi::CString;
use std::fmt::{self, Write as _};
use std::hint::black_box;
use std::net::Ipv4Addr;

use qadapt::assert_no_alloc;

use crate::seen::shown;

/// A value that prints itself piece by piece.
struct Pair(u32, u32);

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and ", self.0)?;
        write!(f, "{}", self.1)
    }
}

#[test]
fn formatting() {
    shown("format", || drop(assert_no_alloc(|| format!("{} {}", black_box(1), black_box("x")))));
    shown("format", || drop(assert_no_alloc(|| format!("{:?}", black_box([1, 2, 3, 4, 5, 6])))));
    shown("format", || drop(assert_no_alloc(|| format!("<{}>", black_box(Pair(100_000, 200_000))))));
    shown("to-string", || drop(assert_no_alloc(|| black_box(5_u32).to_string())));
    shown("to-string", || drop(assert_no_alloc(|| black_box("abc").to_string())));
    shown("to-string", || drop(assert_no_alloc(|| black_box(1.5_f64).to_string())));
    shown("to-string", || drop(assert_no_alloc(|| black_box(Ipv4Addr::LOCALHOST).to_string())));
    shown("to-string", || drop(assert_no_alloc(|| black_box(Pair(1_000_000, 2)).to_string())));
}

#[test]
fn writing() {
    let mut text = String::with_capacity(1);
    let lines = shown("string-write", || {
        assert_no_alloc(|| write!(text, "{:08}", black_box(7))).expect("strings take all");
    });
    let expected = "reserve more capacity outside the region: `write!` grew the String from 1 to 8 bytes";
    assert!(lines.iter().all(|line| line == expected), "{lines:?}");
    shown("string-write", || {
        assert_no_alloc(|| write!(text, "{}", black_box(Pair(300_000, 4)))).expect("strings take all");
    });
    assert_eq!(text, "00000007300000 and 4");
}

#[test]
fn growing() {
    let mut text = String::with_capacity(1);
    let lines = shown("string-growth", || {
        assert_no_alloc(|| (0..4).for_each(|_| text.push(black_box('x'))));
    });
    let expected = "reserve the capacity outside the region: the String grew from 1 to 8 bytes";
    assert!(lines.iter().all(|line| line == expected), "{lines:?}");
    shown("string-growth", || assert_no_alloc(|| text.push_str(black_box("more than eight bytes"))));
    shown("string-growth", || {
        assert_no_alloc(|| text += black_box("more than forty-two bytes, and then some more"));
    });
    shown("string-growth", || drop(assert_no_alloc(|| black_box(String::new()) + black_box("abc"))));
    shown("string-growth", || assert_no_alloc(|| text.extend(black_box([' '; 500]))));
}

#[test]
fn copying() {
    let text = black_box(String::from("text"));
    shown("string-clone", || drop(assert_no_alloc(|| black_box(&text).clone())));
    shown("str-to-owned", || drop(assert_no_alloc(|| black_box("abc").to_owned())));
    shown("str-to-owned", || drop(assert_no_alloc(|| String::from(black_box("abc")))));
    shown("str-to-owned", || {
        let text: String = assert_no_alloc(|| black_box("abc").into());
        drop(text);
    });
    shown("c-string", || drop(assert_no_alloc(|| CString::new(black_box("abc")))));
}

#[test]
fn changing() {
    shown("str-transform", || drop(assert_no_alloc(|| black_box("a b").replace(black_box("a"), "c"))));
    shown("str-transform", || drop(assert_no_alloc(|| black_box("Ab").to_uppercase())));
    shown("str-transform", || drop(assert_no_alloc(|| black_box("Ab").to_lowercase())));
    shown("str-transform", || drop(assert_no_alloc(|| black_box("Ab").to_ascii_uppercase())));
    shown("cow-into-owned", || drop(assert_no_alloc(|| black_box(Cow::Borrowed("abc")).into_owned())));
    shown("cow-into-owned", || {
        let mut text = black_box(Cow::Borrowed("abc"));
        assert_no_alloc(|| text.to_mut().make_ascii_uppercase());
        assert_eq!(text, "ABC");
    });
    shown("lossy-string", || {
        let bytes: &[u8] = black_box(b"ab\xff");
        assert_eq!(assert_no_alloc(|| String::from_utf8_lossy(bytes)), "ab\u{FFFD}");
    });
    shown("lossy-string", || drop(assert_no_alloc(|| String::from_utf16(black_box(&[97, 98])))));
}
