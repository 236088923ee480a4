//! What the build script could do.

/// One thing a line; empty if nothing.
pub const COULD: &str = include_str!(concat!(env!("OUT_DIR"), "/could.txt"));

/// Whether the feature is on.
pub const IS_SPECIAL: bool = cfg!(feature = "special");

/// Allocates.
pub fn boxed(number: u64) -> Box<u64> {
    Box::new(number)
}
