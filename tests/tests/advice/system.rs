//! Files, paths, processes, the environment.

use std::backtrace::Backtrace;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, mem};

use qadapt::assert_no_alloc;

use crate::seen::shown;

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

#[test]
fn files() {
    shown("file-read", || drop(assert_no_alloc(|| fs::read(black_box(MANIFEST)))));
    shown("file-read", || drop(assert_no_alloc(|| fs::read_to_string(black_box(MANIFEST)))));
    shown("file-read", || {
        let mut file = File::open(MANIFEST).expect("the manifest");
        let mut bytes = Vec::new();
        assert!(assert_no_alloc(|| file.read_to_end(&mut bytes)).expect("it is read") > 0);
    });
    shown("buffered-io", || drop(assert_no_alloc(|| BufReader::new(black_box(io::empty())))));
    let lines = shown("buffered-io", || drop(assert_no_alloc(|| BufWriter::new(black_box(io::sink())))));
    assert!(lines.iter().all(|line| line.ends_with("its buffer takes 8192 bytes")), "{lines:?}");
    shown("line-read", || {
        let mut line = String::new();
        let mut reader = BufReader::new(black_box(&b"a line\nanother\n"[..]));
        assert_eq!(assert_no_alloc(|| reader.read_line(&mut line)).expect("it is read"), 7);
    });
    shown("line-read", || {
        let mut lines = BufReader::new(black_box(&b"a line\nanother\n"[..])).lines();
        assert!(assert_no_alloc(|| lines.next()).is_some());
    });
    shown("directory-walk", || drop(assert_no_alloc(|| fs::read_dir(black_box(env!("CARGO_MANIFEST_DIR"))))));
    shown("directory-walk", || drop(assert_no_alloc(|| fs::canonicalize(black_box(MANIFEST)))));
}

#[test]
fn paths() {
    let folder = black_box(Path::new("/folder"));
    shown("path-join", || drop(assert_no_alloc(|| folder.join(black_box("file")))));
    shown("path-join", || drop(assert_no_alloc(|| folder.to_path_buf())));
    shown("path-join", || drop(assert_no_alloc(|| folder.with_extension(black_box("txt")))));
    shown("path-join", || drop(assert_no_alloc(|| PathBuf::from(black_box("/folder")))));
    shown("path-join", || drop(assert_no_alloc(|| OsString::from(black_box("name")))));
    let mut path = PathBuf::from("/folder");
    shown("path-join", || assert_no_alloc(|| path.push(black_box("a name that is longer than the rest"))));
}

#[test]
fn the_process() {
    shown("environment", || mem::forget(assert_no_alloc(|| env::var(black_box("PATH")))));
    shown("environment", || drop(assert_no_alloc(|| env::var_os(black_box("PATH")))));
    shown("environment", || drop(assert_no_alloc(env::args)));
    shown("environment", || drop(assert_no_alloc(env::current_dir)));
    shown("process-command", || drop(assert_no_alloc(|| Command::new(black_box("true")))));
    shown("backtrace", || drop(assert_no_alloc(Backtrace::force_capture)));
}
