//! What several rules know of texts that are written.

use crate::entry::Call;

/// What formatting calls on a `String`: it tells memory for the text from memory that a value's own `fmt` asks for.
pub(crate) const STRING_WRITES: &[Call] = &[Call::of("alloc::string", "write_str write_char write_fmt")];
