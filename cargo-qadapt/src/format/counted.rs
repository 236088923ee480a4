//! Numbers of things, in words.

use std::fmt::Display;

/// `1 event`, `2 events`.
///
/// # Examples
/// ```
/// use cargo_qadapt::format::counted::counted;
/// assert_eq!([counted(1u64, "event"), counted(2u64, "event")], ["1 event", "2 events"]);
/// ```
pub fn counted<N: Copy + Display + From<u8> + PartialEq>(number: N, what: &str) -> String {
    format!("{number} {what}{}", if number == N::from(1) { "" } else { "s" })
}
