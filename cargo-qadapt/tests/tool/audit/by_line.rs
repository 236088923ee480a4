//! Live memory by line, as this command and other profilers are compared.

use std::collections::BTreeMap;

/// Blocks and bytes at the peak and at the end, by line of the program's source.
pub(crate) type ByLine = BTreeMap<u64, [u64; 4]>;

/// The line of each program that installs the allocator, which all requests come by.
pub(crate) const ALLOCATOR: u32 = 9;
