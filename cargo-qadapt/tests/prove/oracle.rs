//! Real programs as witnesses: no function that was seen with `malloc` beneath it may be proven free of it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_prove::{Answer, Rules, Settings, prove_functions};
use regex::Regex;

use crate::builds;
use crate::functions::Functions;
use crate::programs::prove;

/// Runs a program under the witness several times; checks all functions that it saw.
fn check(program: &Path, runs: &[&[&str]], at_least: usize) {
    let preload = builds::preloaded("oracle");
    let data = std::fs::read(program).expect("the program can be read");
    let functions = Functions::of(&data);
    let mut seen: HashSet<u64> = HashSet::new();
    for (i, arguments) in runs.iter().enumerate() {
        // Other tests of this process have their own programs run meanwhile.
        let name = program.file_name().expect("a program has a name").to_string_lossy();
        let out =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oracle-{name}-{i}-{}", std::process::id()));
        let output = Command::new(program)
            .args(*arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("LD_PRELOAD", &preload)
            .env("QADAPT_ORACLE", &out)
            .output()
            .expect("the program starts");
        let text = std::fs::read_to_string(&out).unwrap_or_else(|e| {
            panic!("no record of {} {arguments:?} ({}): {e}", program.display(), output.status)
        });
        std::fs::remove_file(&out).expect("the record can be removed");
        let mut numbers = text.lines().filter_map(|l| u64::from_str_radix(l, 16).ok());
        let base = numbers.next().expect("a load address");
        for address in numbers {
            // The call is before its return address.
            let at = address.wrapping_sub(base).wrapping_sub(1);
            seen.extend(functions.around(at));
        }
    }
    let all = Regex::new(".").expect("a valid pattern");
    let rules = Rules { allow_frees: true, gaps: 0 };
    let verdicts = prove_functions(&data, &all, rules, &Settings::default()).expect("an analysis");
    let wrong: Vec<&str> = verdicts
        .iter()
        .filter(|v| v.answer == Answer::Proven && seen.contains(&v.address))
        .map(|v| v.region.as_str())
        .collect();
    let proven = verdicts.iter().filter(|v| v.answer == Answer::Proven).count();
    println!(
        "{}: {} functions seen above malloc, {} verdicts, {proven} proven",
        program.display(),
        seen.len(),
        verdicts.len()
    );
    assert!(wrong.is_empty(), "proven, but seen above malloc: {wrong:#?}");
    assert!(
        proven * 20 >= verdicts.len(),
        "only {proven} functions are proven: nothing is held against the runs"
    );
    assert!(seen.len() >= at_least, "only {} functions were seen", seen.len());
}

#[test]
#[ignore = "runs real programs: run by .ci/run oracle"]
fn this_command_is_never_falsely_proven() {
    let program = Path::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
    let own = program.to_str().expect("a path");
    check(
        program,
        &[
            &["prove", "--binary", own, "--function", "qadapt_prove::"],
            &["prove", "--binary", own, "--function", "main", "--format", "json"],
            &["prove", "--help"],
            &["prove", "--binary", "Cargo.toml", "--function", "x"],
        ],
        100,
    );
}

#[test]
#[ignore = "runs real programs: run by .ci/run oracle"]
fn cargo_is_never_falsely_proven() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    check(
        Path::new(env!("CARGO")),
        &[
            &["metadata", "--offline", "--format-version", "1", "--manifest-path", manifest],
            &["tree", "--offline", "--manifest-path", manifest],
            &["--list"],
            &["locate-project", "--manifest-path", manifest],
        ],
        300,
    );
}

/// Installs a program from crates.io, unless it is there.
fn install(package: &str, version: &str, program: &str, arguments: &[&str]) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{package}-{version}"));
    let program = root.join("bin").join(program);
    if !program.exists() {
        let status = Command::new(env!("CARGO"))
            .args(["install", "--quiet", "--locked", "--version", version, package, "--root"])
            .arg(&root)
            .args(arguments)
            // The functions' names, which release builds leave out.
            .envs([("CARGO_PROFILE_RELEASE_STRIP", "none"), ("CARGO_PROFILE_RELEASE_LTO", "off")])
            .status()
            .expect("cargo starts");
        assert!(status.success(), "{package} installs");
    }
    program
}

#[test]
#[ignore = "installs ripgrep: run by .ci/run oracle"]
fn ripgrep_is_never_falsely_proven() {
    let program = install("ripgrep", "15.1.0", "rg", &[]);
    // Three methods of its printer, of which it has six instances: a screen or two, not thousands of lines.
    let methods = "StandardSink<.* as .*Sink>::(matched|context|finish)$";
    let program_name = program.to_str().expect("a path");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (_, report) = prove(folder, &["--binary", program_name, "--function", methods]);
    assert!(report.contains("3 regions in 6 instances"), "{report}");
    assert!(report.lines().count() < 80, "{report}");
    check(
        &program,
        &[
            &["fn ", "src"],
            &["-i", "--json", "allocat(e|or)", "."],
            &["-n", "-C2", "-g", "*.rs", r"\bunsafe\b", "."],
            &["--files", "."],
            &["-U", r"struct \w+ \{[^}]*\}", "src"],
            &["-o", "-r", "$1", r"fn (\w+)", "src"],
            &["--type-list"],
            &["-w", "-c", "--sort", "path", "the", "."],
            &["-F", "-x", "-v", "--stats", "}", "src"],
            &["-e", "[", "src"],
        ],
        300,
    );
}

#[test]
#[ignore = "installs fd: run by .ci/run oracle"]
fn fd_is_never_falsely_proven() {
    check(
        // Its own allocator is none that the witness sees.
        &install("fd-find", "10.5.0", "fd", &["--no-default-features"]),
        &[
            &["rs$", "."],
            &["--hidden", "--no-ignore", "--type", "f", "toml", "."],
            &["--list-details", "--max-depth", "2", ".", "."],
            &["--glob", "*.{rs,md}", "src", "tests"],
            &["--size", "+4k", "--changed-within", "100weeks", ".", "src"],
            &["--exec", "true", "{}", ";", "mod.rs", "src"],
            &["--color", "always", "--exclude", "tests", "--and", "o", "r"],
            &["[", "."],
            &["--help"],
        ],
        200,
    );
}

#[test]
#[ignore = "installs hexyl: run by .ci/run oracle"]
fn hexyl_is_never_falsely_proven() {
    check(
        &install("hexyl", "0.17.0", "hexyl", &[]),
        &[
            &["Cargo.toml"],
            &["--length", "1KiB", "--skip", "16", "--border", "ascii", "README.md"],
            &["--panels", "1", "--color", "always", "--no-squeezing", "Cargo.toml"],
            &["--base", "binary", "--endianness", "little", "--group-size", "4", "README.md"],
            &["--character-table", "braille", "--block-size", "64", "Cargo.toml"],
            &["--length", "x", "Cargo.toml"],
            &["there-is-no-such-file"],
            &["--help"],
        ],
        80,
    );
}
