//! Programs in C that others are made of: how they are built, what is proven of them, and what they do.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_qadapt::config::Config;
use qadapt_prove::{Answer, Rules, Settings, Verdict, prove_functions};
use regex::Regex;

use crate::builds;

/// Makes clang compile for another processor.
pub(crate) const FOR_AARCH64: &str = "--target=aarch64-linux-gnu";

pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("adversarial").join(name);
    std::fs::create_dir_all(&folder).expect("the folder is made");
    folder
}

pub(crate) fn source(name: &str) -> PathBuf {
    builds::package("adversarial").join(name)
}

/// Whether a program is there; without it a test asserts the rest.
pub(crate) fn has(program: &str, flags: &[&str]) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success());
    let takes = || {
        let out = folder("probe").join(format!("{program}{}", flags.join("").replace(['/', '='], "_")));
        let empty = source("empty.c");
        Command::new(program)
            .args(flags)
            .arg("-o")
            .arg(out)
            .arg(empty)
            .output()
            .is_ok_and(|o| o.status.success())
    };
    let usable = there && (flags.is_empty() || takes());
    if !usable {
        println!("left out: `{program} {}` makes no programs here", flags.join(" "));
    }
    usable
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The exit code of `cargo qadapt prove ARGS` in this folder, and all that it prints.
pub(crate) fn prove(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"))
        .args(["qadapt", "prove"])
        .args(arguments)
        .current_dir(folder)
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .expect("the command starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

/// What `qadapt.toml` settles for proofs with this text.
#[track_caller]
pub(crate) fn settled(text: &str) -> Settings {
    let config = Config::parse(text).unwrap_or_else(|problem| panic!("{problem}:\n{text}"));
    config.proofs().unwrap_or_else(|invalid| panic!("{invalid}:\n{text}"))
}

pub(crate) fn verdicts(binary: &Path, pattern: &str, settings: &str) -> Vec<Verdict> {
    let data = std::fs::read(binary).expect("the program can be read");
    let rules = Rules { allow_frees: false, gaps: 4 };
    prove_functions(&data, &Regex::new(pattern).expect("a pattern"), rules, &settled(settings))
        .expect("verdicts")
}

pub(crate) fn answers(binary: &Path, pattern: &str, settings: &str) -> Vec<(String, Answer)> {
    verdicts(binary, pattern, settings).into_iter().map(|v| (v.region, v.answer)).collect()
}

/// Makes `kinds.c` in one way and holds its verdicts against its counts.
pub(crate) fn kinds(compiler: &str, flags: &[&str], optimised: bool) -> Vec<String> {
    counted("kinds", 65, compiler, flags, optimised)
}

/// Makes a program in one way and holds its verdicts on so many regions at least against its counts; quiet regions must be proven.
pub(crate) fn counted(
    program: &str,
    least: usize,
    compiler: &str,
    flags: &[&str],
    optimised: bool,
) -> Vec<String> {
    if !has(compiler, flags) {
        return Vec::new();
    }
    let name = format!("{program}-{compiler}{}", flags.join("").replace(['=', '/', ','], "_"));
    let folder = folder(&name);
    let binary = folder.join(program);
    let mut command = Command::new(compiler);
    command.args(flags).arg("-w").arg("-o").arg(&binary).arg(source(&format!("{program}.c")));
    if flags.iter().any(|f| f.starts_with("-static")) {
        command.args(["-DWRAP", "-Wl,--wrap=malloc"]).arg(source("count.c"));
    } else {
        let counter = folder.join("libcount.so");
        let target = flags.iter().filter(|&&flag| flag == FOR_AARCH64);
        run(Command::new(compiler)
            .args(target)
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .arg(&counter)
            .arg(source("count.c")));
        command.arg(&counter).arg(format!("-Wl,-rpath,{}", folder.display()));
    }
    run(&mut command);
    let is_foreign = compiler.starts_with("aarch64") || flags.contains(&FOR_AARCH64);
    let mut program = if is_foreign {
        let mut emulator = Command::new("qemu-aarch64");
        emulator.args(["-L", "/usr/aarch64-linux-gnu"]).arg(&binary);
        emulator
    } else {
        Command::new(&binary)
    };
    let counted: HashMap<String, u64> = run(&mut program)
        .lines()
        .filter_map(|line| line.split_once(' ').and_then(|(n, c)| Some((n.to_owned(), c.parse().ok()?))))
        .collect();
    assert!(counted.len() >= least, "{name}: only {} regions ran", counted.len());
    let quiet = counted.iter().filter(|(n, _)| n.contains("quiet"));
    assert!(quiet.clone().all(|(_, &c)| c == 0), "{name}: {counted:?}");
    assert!(counted.iter().all(|(n, &c)| n.contains("quiet") || c > 0), "{name}: {counted:?}");

    let mut wrong = Vec::new();
    let (mut seen, mut proven) = (0, 0);
    for verdict in verdicts(&binary, "^r_[a-z0-9_]+$", "") {
        let region = verdict.region.as_str();
        let is_quiet = region.contains("quiet");
        seen += 1;
        proven += usize::from(verdict.answer == Answer::Proven);
        match verdict.answer {
            Answer::Proven if !is_quiet => wrong.push(format!("{name}: {region} is proven, and allocates")),
            Answer::Allocates if is_quiet => wrong.push(format!("{name}: {region} is said to allocate")),
            Answer::Unknown if is_quiet && optimised => {
                wrong.push(format!("{name}: {region} is not proven: {:?}", verdict.gaps));
            }
            _ => {}
        }
    }
    println!("{name}: {seen} regions, {proven} proven");
    assert!(seen >= least, "{name}: only {seen} regions are in the binary");
    wrong
}

/// Makes a shared object from a text.
pub(crate) fn shared(folder: &Path, name: &str, text: &str, flags: &[&str]) -> PathBuf {
    let file = folder.join(format!("{name}.c"));
    std::fs::write(&file, text).expect("the source is written");
    let object = folder.join(format!("lib{name}.so"));
    run(Command::new("gcc")
        .args(["-O2", "-w", "-fno-builtin", "-shared", "-fPIC"])
        .args(flags)
        .arg("-o")
        .args([&object, &file]));
    object
}
