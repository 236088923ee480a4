//! Code that is compared with that of a build without labels: where the names of functions lie, and which file is at fault.

use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_prove::compare_files;

use crate::labelled::{program, quiet};
use crate::programs::{folder, prove, run};

/// A program with one more function than this body, and a copy without symbols, beside which its debug information may lie.
fn stripped(name: &str, body: &str, debug: bool) -> [PathBuf; 2] {
    let regions = [quiet(), ("other".to_owned(), body.to_owned())];
    let whole = program(name, "", &regions, &["-Copt-level=2", "-Clink-arg=-Wl,--build-id"]);
    let bare = whole.with_file_name(format!("{name}-bare"));
    let beside = whole.with_file_name(format!("{name}-bare.debug"));
    let _ = std::fs::remove_file(&beside);
    run(Command::new("objcopy").arg("--strip-all").args([&whole, &bare]));
    if debug {
        run(Command::new("objcopy").arg("--only-keep-debug").args([&whole, &beside]));
    }
    [whole, bare]
}

#[test]
fn stripped_files_are_compared_by_the_debug_information_beside_them() {
    let [whole, bare] = stripped("compared", "x * 3", true);
    let [other, other_bare] = stripped("compared_too", "x * 5", true);
    let all = compare_files(&whole, &whole).expect("a program");
    assert!(all.compared > 300 && all.other.is_empty() && all.alone.is_empty(), "{all:?}");
    for [one, two] in [[&whole, &bare], [&bare, &whole], [&bare, &bare]] {
        assert_eq!(
            compare_files(one, two).expect("two programs"),
            all,
            "{} {}",
            one.display(),
            two.display()
        );
    }
    let differ = compare_files(&whole, &other).expect("two programs");
    assert!(differ.alone.iter().any(|name| name == "compared::other"), "{differ:?}");
    assert_eq!(compare_files(&bare, &other_bare).expect("two programs"), differ);

    let (code, said) =
        prove(&folder("compared"), &["--binary", "compared-bare", "--unlabelled", "compared-bare"]);
    assert_eq!(code, Some(0), "{said}");
    let line =
        format!("{} functions are in the file without labels too, 0 of them with other code", all.compared);
    assert!(said.contains(&line), "{said}");
}

#[test]
fn a_file_that_cannot_be_compared_is_named() {
    let [whole, bare] = stripped("nameless", "x * 3", false);
    let none = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    for (bad, problem) in [(&bare, "it has no symbol table"), (&none, "it is not an ELF file")] {
        for [one, two] in [[bad, &whole], [&whole, bad]] {
            let said = compare_files(one, two).expect_err("one is no program with names").to_string();
            let named = format!("cannot analyse `{}`: {problem}", bad.display());
            assert!(said.starts_with(&named), "{said}");
        }
    }
    let (code, said) = prove(&folder("nameless"), &["--binary", "nameless", "--unlabelled", "nameless-bare"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("cannot analyse `nameless-bare`: it has no symbol table"), "{said}");
}
