//! Outputs as they are written down, beside this file. With `QADAPT_BLESS=1` they are written instead of compared.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::env;
use std::fs;
use std::path::Path;

/// True where what is written down is to be written anew.
pub(crate) fn is_blessing() -> bool {
    env::var_os("QADAPT_BLESS").is_some()
}

/// Says how a text differs from the file of this name, or writes it.
pub(crate) fn compare(name: &str, text: &str) -> Result<(), String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if is_blessing() {
        fs::write(&file, text).expect("the file can be written");
        return Ok(());
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    if text == expected {
        return Ok(());
    }
    Err(format!("{} is\n{expected}\nand this was made:\n{text}", file.display()))
}

/// Asserts that a text is the file of this name.
#[track_caller]
pub(crate) fn assert(name: &str, text: &str) {
    compare(name, text).unwrap_or_else(|difference| panic!("{difference}"));
}
