//! Files that something was taken from, and what is no file: an answer that says so, and nothing about code that nobody sees.

use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_prove::Answer;

use crate::labelled::{answers, program, quiet};
use crate::programs::{folder, has, prove, run};

/// A note of each region, as an attribute leaves it: of one with code, and of one without.
const NOTES: &str = r#"
    #[repr(C, align(4))]
    struct Note<const N: usize>(u32, u32, u32, [u8; 8], [u8; N]);
    #[used]
    #[unsafe(link_section = ".note.qadapt.regions")]
    static WITH_CODE: Note<28> = Note(7, 28, 1, *b"qadapt\0\0", *b"taken::quiet\0src/q.rs\x009\x001\x000\0");
    #[used]
    #[unsafe(link_section = ".note.qadapt.regions")]
    static WITHOUT: Note<28> = Note(7, 28, 1, *b"qadapt\0\0", *b"taken::never\0src/n.rs\x009\x001\x000\0");
"#;

/// A program with two regions, one of which has a note.
fn made(name: &str) -> PathBuf {
    let loud = ("loud".to_owned(), "__qadapt_region(|| boxes(x, 1, 2) as u64)".to_owned());
    program(name, NOTES, &[quiet(), loud], &["-Copt-level=2", "--crate-name=taken"])
}

/// What `objcopy` makes of a file.
fn copied(file: &Path, name: &str, arguments: &[&str]) -> PathBuf {
    let copy = file.with_file_name(name);
    run(Command::new("objcopy").args(arguments).args([file, &copy]));
    copy
}

#[test]
fn without_its_labels_no_region_is_said_to_be_not_in_the_binary() {
    let file = made("taken");
    let whole = answers(&file);
    let expected = [("loud", Answer::Allocates), ("never", Answer::Missing), ("quiet", Answer::Proven)];
    assert_eq!(whole, expected.map(|(region, answer)| (region.to_owned(), answer)).into());

    let bare = answers(&copied(&file, "bare", &["--remove-section", ".qadapt.marks"]));
    let unknown = ["(all other regions of this file)", "never", "quiet"];
    assert_eq!(bare, unknown.map(|region| (region.to_owned(), Answer::Unknown)).into());
}

#[test]
fn labels_of_code_that_the_linker_left_out_say_that_no_region_is_there() {
    const UNUSED: &str = "
        #[unsafe(no_mangle)]
        pub extern \"C\" fn unused(x: u64) -> u64 { __qadapt_region(|| x + 1) }
    ";
    let plain = ("plain".to_owned(), "x + black_box(1)".to_owned());
    let mold = ["-Clink-self-contained=-linker", "-Clink-arg=-fuse-ld=mold"];
    for (name, linker) in [("left-out", &[][..]), ("left-out-mold", &mold)] {
        if !linker.is_empty() && !has("mold", &[]) {
            continue;
        }
        let flags = [&["-Copt-level=2", "--crate-name=taken"], linker].concat();
        let file = program(name, &format!("{NOTES}{UNUSED}"), std::slice::from_ref(&plain), &flags);
        let missing = ["never", "quiet"].map(|region| (region.to_owned(), Answer::Missing));
        assert_eq!(answers(&file), missing.into(), "{name}");
    }
}

/// Functions of equal code, which the linker makes one of: the debug information is that of either.
#[test]
fn a_region_in_a_function_that_was_merged_leaves_open_nothing_of_others() {
    const EQUAL: &str = "
        #[inline(always)] fn one(x: u64) -> u64 { __qadapt_region(|| black_box(x) + 1) }
        #[inline(always)] fn two(x: u64) -> u64 { __qadapt_region(|| black_box(x) + 1) }
        #[inline(never)] fn call(f: &mut dyn FnMut(u64)) { black_box(f)(black_box(3)) }
    ";
    let calls = "call(&mut |i| { one(i); }); call(&mut |i| { two(i); }); x";
    let flags = ["-Copt-level=2", "--crate-name=taken", "-Clink-arg=-Wl,--icf=all"];
    let file =
        program("merged", &format!("{NOTES}{EQUAL}"), &[("calls".to_owned(), calls.to_owned())], &flags);
    let answers = answers(&file);
    assert_eq!(answers["never"], Answer::Missing, "{answers:?}");
    assert!(answers.values().any(|answer| *answer == Answer::Proven), "{answers:?}");
}

/// The exit code and the words about a file in this folder; no answer, if it takes a minute.
fn within_a_minute(folder: &Path, file: &'static str) -> Option<(Option<i32>, String)> {
    let (send, answer) = std::sync::mpsc::channel();
    let folder = folder.to_owned();
    std::thread::spawn(move || send.send(prove(&folder, &["--binary", file])));
    answer.recv_timeout(std::time::Duration::from_secs(60)).ok()
}

#[test]
#[cfg(unix)]
fn what_is_no_file_is_named_and_nobody_waits_for_it() {
    let folder = folder("no-files");
    let pipe = |name: &str| {
        let _ = std::fs::remove_file(folder.join(name));
        run(Command::new("mkfifo").arg(folder.join(name)));
    };
    pipe("pipe");
    for (file, words) in [
        ("pipe", "could not open the binary `pipe`: it is a pipe, a socket or a device; give"),
        (".", "could not open the binary `.`: it is a folder; give"),
    ] {
        let (code, said) = within_a_minute(&folder, file).unwrap_or_else(|| panic!("{file} is waited for"));
        assert!(code == Some(2) && said.contains(words), "{file}: {said}");
    }
    // Debug information is looked for in these.
    let file = made("no-file-beside");
    run(Command::new("objcopy").arg("--strip-all").args([&file, &folder.join("bare")]));
    std::fs::copy(&file, folder.join("whole")).expect("it can be copied");
    pipe("bare.debug");
    pipe("whole.dwp");
    let (code, said) = within_a_minute(&folder, "bare").expect("a pipe is waited for");
    assert!(code == Some(2) && said.contains("it has no symbol table"), "{said}");
    let (code, said) = within_a_minute(&folder, "whole").expect("a pipe is waited for");
    assert!(code == Some(1) && said.contains("::quiet"), "{said}");
}

#[test]
fn debug_information_alone_is_no_program() {
    let file = made("only-debug");
    let folder = folder("only-debug");
    copied(&file, "only.debug", &["--only-keep-debug"]);
    let (code, said) = prove(&folder, &["--binary", "only.debug"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("it is debug information that was taken from a program"), "{said}");
}

#[test]
fn debug_information_in_sections_of_the_old_compressed_kind_is_read() {
    let file = made("compressed");
    let whole = answers(&file);
    assert_eq!(whole["quiet"], Answer::Proven, "{whole:?}");
    assert_eq!(answers(&copied(&file, "old", &["--compress-debug-sections=zlib-gnu"])), whole);
}
