//! The plug-in for a test: its file, and what a program does with it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

mod plugin;
#[allow(unused_imports, reason = "each test uses what it needs")]
pub(crate) use plugin::{Callback, Plugin};

/// The plug-in's file, as Cargo has built it for this test.
pub(crate) fn file() -> PathBuf {
    let folder = env::current_exe().expect("the test's own path");
    folder.with_file_name(format!("{}qadapt_plugin{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX))
}

/// A copy of the file: the loader takes it for another library.
#[allow(dead_code, reason = "each test uses what it needs")]
pub(crate) fn another(name: &str) -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.so", std::process::id()));
    fs::copy(file(), &copy).expect("the file can be copied");
    copy
}
