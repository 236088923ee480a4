//! Outputs as they are written down, beside this file.

use std::path::Path;

use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

/// Asserts that a text is the file of this name.
#[track_caller]
pub(crate) fn assert(name: &str, text: &str) {
    assert_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tool/golden").join(name), text);
}

/// Asserts that a text is what this file has. With `TRYBUILD=overwrite`, which also writes what the compiler says, it is written.
#[track_caller]
pub(crate) fn assert_file(file: &Path, text: &str) {
    // Of line ends the comparison makes one kind.
    assert!(!text.contains('\r'), "{text:?}");
    Assert::new().action_env("TRYBUILD").eq(text, Data::read_from(file, Some(DataFormat::Text)).raw());
}
