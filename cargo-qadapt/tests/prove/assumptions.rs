//! Assumptions: each is bound to what it names, and one that names nothing is an error.

use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_prove::{Answer, Rules, Verdict, prove_functions};
use regex::Regex;

use crate::programs::{prove, settled};

/// A guard like the real one, whose function every region's code is inlined into.
const GUARD: &str =
    "pub mod mark { #[inline(always)] pub fn region<R, F: FnOnce() -> R>(body: F) -> R { body() } }";

const PROGRAM: &str = r#"
use qadapt::mark::region;
use std::hint::black_box;
type F = fn(usize) -> usize;
#[inline(always)] fn inlined(f: F, n: usize) -> usize { f(n) + 1 }
#[inline(never)] fn apart(f: F, n: usize) -> usize { f(n) + 2 }
#[inline(never)] fn mixed(f: F, n: usize) -> usize { f(n) + loud(n) }
fn loud(n: usize) -> usize { black_box(vec![n; 3]).len() }
fn add(n: usize) -> usize { n + 1 }
#[inline(never)] pub fn r_direct(f: F, n: usize) -> usize { region(|| f(n) * 2) }
#[inline(never)] pub fn r_direct_too(f: F, n: usize) -> usize { region(|| f(n) * 3) }
#[inline(never)] pub fn r_inlined(f: F, n: usize) -> usize { region(|| inlined(f, n) * 2) }
#[inline(never)] pub fn r_inlined_too(f: F, n: usize) -> usize { region(|| inlined(f, n) * 3) }
#[inline(never)] pub fn r_apart(f: F, n: usize) -> usize { region(|| apart(f, n) * 2) }
#[inline(never)] pub fn r_apart_too(f: F, n: usize) -> usize { region(|| apart(f, n) * 3) }
#[inline(never)] pub fn r_mixed(f: F, n: usize) -> usize { region(|| mixed(f, n) * 3) }
unsafe extern "C" { safe fn random() -> i64; }
#[inline(never)] pub fn r_foreign(n: usize) -> usize { region(|| random() as usize + n) }
#[inline(never)] pub fn r_foreign_too(n: usize) -> usize { region(|| random() as usize * n) }
fn main() {
    let (f, n): (F, usize) = black_box((if std::env::args().count() > 3 { loud } else { add }, 1));
    let direct = r_direct(f, n) + r_direct_too(f, n) + r_inlined(f, n) + r_inlined_too(f, n);
    println!("{}", direct + r_apart(f, n) + r_apart_too(f, n) + r_mixed(f, n) + r_foreign(n) + r_foreign_too(n));
}
"#;

fn program(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("assumptions").join(name);
    std::fs::create_dir_all(&folder).expect("the folder is made");
    let (guard, source, binary) = (folder.join("guard.rs"), folder.join("app.rs"), folder.join("app"));
    std::fs::write(&guard, GUARD).expect("the source is written");
    std::fs::write(&source, PROGRAM).expect("the source is written");
    let library = folder.join("libqadapt.rlib");
    for arguments in [
        vec!["--crate-type=rlib".into(), "--crate-name=qadapt".into(), "-o".into(), library.clone(), guard],
        vec![
            "--extern".into(),
            format!("qadapt={}", library.display()).into(),
            "-o".into(),
            binary.clone(),
            source,
        ],
    ] {
        let status = Command::new("rustc")
            .args(["--edition=2024", "-Copt-level=3", "-Ccodegen-units=1", "-g"])
            .args(arguments)
            .status()
            .expect("rustc starts");
        assert!(status.success(), "the program compiles");
    }
    binary
}

fn verdicts(binary: &Path, settings: &str) -> Vec<Verdict> {
    let data = std::fs::read(binary).expect("the program can be read");
    let pattern = Regex::new("^app::r_").expect("a pattern");
    prove_functions(&data, &pattern, Rules { allow_frees: false, gaps: 9 }, &settled(settings))
        .expect("verdicts")
}

/// What a hint says, as it is written into `qadapt.toml`.
fn follow(hint: &str) -> String {
    let (_, rest) =
        hint.split_once("[[prove.assume]] ").unwrap_or_else(|| panic!("no assumption in `{hint}`"));
    let mut text = "[[prove.assume]]\n".to_owned();
    let (what, at) = rest.split_once("at = ").expect("it is bound to a place");
    let (at, _) = at.split_once(", reason = \"..\"").expect("it has a reason to fill in");
    if let Some(foreign) = what.strip_suffix(", ") {
        text.push_str(foreign);
        text.push('\n');
    }
    text + &format!("at = {at}\nreason = \"it is given `add` only\"\n")
}

#[test]
fn a_hint_changes_one_verdict_and_no_other() {
    let binary = program("hints");
    let before = verdicts(&binary, "");
    assert_eq!(before.len(), 9);
    for verdict in &before {
        let expected = if verdict.region.contains("mixed") { Answer::Allocates } else { Answer::Unknown };
        assert_eq!(verdict.answer, expected, "{}", verdict.region);
        let settings: String = verdict.gaps.iter().map(|gap| follow(&gap.settle)).collect();
        for hint in ["qadapt", "0x", "r_"] {
            assert!(
                !settings.contains(&format!("\"{hint}")),
                "it names no shared code and no region: {settings}"
            );
        }
        for (then, now) in before.iter().zip(verdicts(&binary, &settings)) {
            assert_eq!(then.region, now.region);
            if then.region != verdict.region {
                assert_eq!(
                    (then.answer, &then.gaps),
                    (now.answer, &now.gaps),
                    "{} changed by {settings}",
                    now.region
                );
                assert!(now.assumes.is_empty());
                continue;
            }
            // What is known to allocate is not assumed away.
            let settled = if then.answer == Answer::Allocates { Answer::Allocates } else { Answer::Proven };
            assert_eq!(now.answer, settled, "{} with {settings}", now.region);
            assert!(now.gaps.is_empty() && !now.assumes.is_empty(), "{now:?}");
        }
    }
}

#[test]
fn pointers_are_vouched_for_by_the_function_that_calls_them_but_not_by_the_guards() {
    let binary = program("names");
    let of = |settings: &str| {
        let proven = verdicts(&binary, settings).into_iter().filter(|v| v.answer == Answer::Proven);
        proven.map(|v| v.region).collect::<Vec<_>>()
    };
    let calls_in = |name: &str| format!("[[prove.assume]]\ncalls-in = \"{name}\"\nreason = \"only `add`\"\n");
    assert_eq!(of(&calls_in("app::r_direct")), ["app::r_direct"]);
    assert_eq!(of(&calls_in("app::apart")), ["app::r_apart", "app::r_apart_too"]);
    assert_eq!(of(&calls_in("qadapt::mark::region")), [""; 0]);
    assert_eq!(of(&calls_in("*mark::region*")), [""; 0]);
}

#[test]
fn what_matches_nothing_is_an_error_that_offers_what_does() {
    let binary = program("unmatched");
    let folder = binary.parent().expect("a folder");
    let binary = binary.to_str().expect("a path");
    let config = folder.join("settings.toml");
    let base =
        ["--binary", binary, "--function", "^app::r_direct", "--config", config.to_str().expect("a path")];
    for (settings, named) in [
        ("[prove]\nrequire = [\"app::r_dircet\"]", &["`app::r_dircet`", "`app::r_direct`"][..]),
        ("[[prove.assume]]\nforeign = \"randon\"\nreason = \"x\"", &["`foreign = \"randon\"`", "`random`"]),
        ("[[prove.assume]]\nfunction = \"app::apert\"\nreason = \"x\"", &["app::apert", "`app::apart`"]),
        ("[[prove.assume]]\ncalls-in = \"qadapt::mark::region\"\nreason = \"x\"", &["qadapt::mark::region"]),
        ("[[prove.assume]]\ncalls-in = \"0xc685c6\"\nreason = \"x\"", &["0xc685c6"]),
        ("[[prove.assume]]\nat = \"app.rs:9999\"\nreason = \"x\"", &["app.rs:9999"]),
    ] {
        std::fs::write(&config, settings).expect("the settings are written");
        let (code, text) = prove(folder, &base);
        assert_eq!(code, Some(2), "{settings}:\n{text}");
        assert!(text.contains("UNKNOWN  app::r_direct"), "the verdicts are there all the same:\n{text}");
        for name in named {
            assert!(text.contains(name), "no {name} in:\n{text}");
        }
    }
    for settings in [
        "[prove]\nrequire = [\"proven\"]",
        // There, though no region comes to it.
        "[prove]\nrequire = [\"app::*\"]\n[[prove.assume]]\nforeign = \"random\"\nreason = \"x\"",
    ] {
        std::fs::write(&config, settings).expect("the settings are written");
        assert_eq!(prove(folder, &base).0, Some(1), "{settings}");
    }
    std::fs::write(&config, "").expect("the settings are written");
    let required = [&base[..], &["--require", "app::r_dircet"]].concat();
    assert_eq!(prove(folder, &required).0, Some(2));
}

#[test]
fn the_workspaces_settings_hold_in_every_folder_of_it() {
    let binary = program("workspace");
    let root = binary.parent().expect("a folder").join("ws");
    let member = root.join("app/src");
    std::fs::create_dir_all(&member).expect("the folders are made");
    for (file, text) in [
        ("Cargo.toml", "[workspace]\nmembers = [\"app\"]\nresolver = \"3\"\n"),
        ("app/Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.0.0\"\nedition = \"2024\"\n"),
        ("app/src/main.rs", "fn main() {}\n"),
        ("qadapt.toml", "[prove]\nrequire = [\"app::*\"]\n"),
        ("app/qadapt.toml", "this is not read"),
    ] {
        std::fs::write(root.join(file), text).expect("the file is written");
    }
    let arguments = ["--binary", binary.to_str().expect("a path"), "--function", "^app::r_direct$"];
    for folder in [root.clone(), root.join("app"), member] {
        let (code, text) = prove(&folder, &arguments);
        assert_eq!(code, Some(1), "in {}:\n{text}", folder.display());
    }
    let settings = root.join("qadapt.toml");
    std::fs::remove_file(&settings).expect("it is there");
    std::os::unix::fs::symlink("gone.toml", &settings).expect("a link can be made");
    let (code, text) = prove(&root, &arguments);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("it is a link to `gone.toml`"), "{text}");
    std::fs::remove_file(settings).expect("it is there");
}

/// Cells that are made when they are first needed, in each of the ways that std has.
const CELLS: &str = r#"
use std::hint::black_box;
use std::sync::{LazyLock, Once, OnceLock};
static LAZY: LazyLock<Vec<u32>> = LazyLock::new(|| (0..100).map(|n| black_box(n)).collect());
static OTHER: LazyLock<Vec<u32>> = LazyLock::new(|| (0..100).map(|n| black_box(n)).collect());
static CELL: OnceLock<String> = OnceLock::new();
static ONCE: Once = Once::new();
#[inline(never)] pub fn r_lazy(i: usize) -> u32 { LAZY[i % 100] }
#[inline(never)] pub fn r_cell(i: usize) -> usize { CELL.get_or_init(|| format!("{i}")).len() }
#[inline(never)] pub fn r_once(i: usize) -> usize { ONCE.call_once(|| { black_box(Box::new(i)); }); i }
#[inline(never)] pub fn r_both(i: usize) -> u32 { LAZY[i % 100] + OTHER[i % 100] }
#[inline(never)] pub fn r_member(lazy: &LazyLock<Vec<u32>>, i: usize) -> u32 { lazy[i % 100] }
#[inline(never)] pub fn r_used(i: usize) -> usize { black_box(vec![LAZY[i % 100]]).len() }
fn main() {
    let i = std::env::args().count();
    let lazy: LazyLock<Vec<u32>> = LazyLock::new(|| vec![black_box(1); 100]);
    println!("{} {} {}", r_lazy(i), r_cell(i), r_once(i));
    println!("{} {} {}", r_both(i), r_member(&lazy, i), r_used(i));
}
"#;

#[test]
fn what_is_made_before_a_region_is_vouched_for_cell_by_cell() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("assumptions").join("cells");
    std::fs::create_dir_all(&folder).expect("the folder is made");
    let (source, binary) = (folder.join("app.rs"), folder.join("app"));
    std::fs::write(&source, CELLS).expect("the source is written");
    for mangling in [&[][..], &["-Csymbol-mangling-version=v0"]] {
        let status = Command::new("rustc")
            .args(["--edition=2024", "-O", "-Cdebuginfo=line-tables-only", "-o"])
            .args([&binary, &source])
            .args(mangling)
            .status()
            .expect("rustc starts");
        assert!(status.success(), "the program compiles");
        let proven = |settings: &str| -> Vec<(String, Vec<String>)> {
            let found = verdicts(&binary, settings);
            let proven = found.into_iter().filter(|v| v.answer == Answer::Proven);
            let mut proven: Vec<_> =
                proven.map(|v| (v.region.trim_start_matches("app::").to_owned(), v.assumes)).collect();
            proven.sort();
            proven
        };
        assert!(proven("").is_empty(), "each may have to make it");
        let cells = ["app::r_lazy", "app::r_cell", "app::r_once", "app::r_both"];
        for verdict in verdicts(&binary, "").iter().filter(|v| cells.contains(&v.region.as_str())) {
            let helps = verdict.paths.iter().map(qadapt_prove::Path::help);
            let said: Vec<String> = helps.chain(verdict.gaps.iter().map(|gap| gap.settle.clone())).collect();
            assert!(
                said.iter().any(|said| said.contains("initialised = \"..\"")),
                "{}: {said:?}",
                verdict.region
            );
        }
        let assume = |cell: &str| {
            format!("[[prove.assume]]\ninitialised = \"app::{cell}\"\nreason = \"main does it\"\n")
        };
        for (cell, region) in [("LAZY", "r_lazy"), ("CELL", "r_cell"), ("ONCE", "r_once")] {
            let said = format!("what `app::{cell}` makes once is made before: main does it");
            assert_eq!(proven(&assume(cell)), [(region.to_owned(), vec![said])], "{mangling:?} {cell}");
        }
        let both = proven(&(assume("LAZY") + &assume("OTHER")));
        let regions: Vec<&str> = both.iter().map(|(region, _)| region.as_str()).collect();
        assert_eq!(regions, ["r_both", "r_lazy"], "{mangling:?}");
        assert_eq!(both[0].1.len(), 2, "{both:?}");
    }
    let config = folder.join("settings.toml");
    let (binary, config_path) = (binary.to_str().expect("a path"), config.to_str().expect("a path"));
    let base = [
        "--binary",
        binary,
        "--function",
        "^app::r_lazy$",
        "--require",
        "app::r_lazy",
        "--config",
        config_path,
    ];
    for (name, code) in
        [("app::LAZZY", Some(2)), ("app::r_lazy", Some(2)), ("app::CELL", Some(1)), ("app::LAZY", Some(0))]
    {
        let settings = format!("[[prove.assume]]\ninitialised = \"{name}\"\nreason = \"main does it\"\n");
        std::fs::write(&config, settings).expect("the settings are written");
        let (found, text) = prove(&folder, &base);
        assert_eq!(found, code, "{name}:\n{text}");
        assert!(name != "app::LAZZY" || text.contains("`app::LAZY`"), "{text}");
        assert!(
            name != "app::LAZY" || text.contains("what `app::LAZY` makes once is made before: main does it"),
            "{text}"
        );
    }
}

/// Each is about one function that is called below, and one place is named for both.
#[test]
fn several_may_be_about_one_place() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("assumptions/both");
    std::fs::create_dir_all(&folder).expect("the folder is made");
    let (source, program) = (folder.join("both.c"), folder.join("both"));
    let text = "#include <stdlib.h>\n\
        int by(const void *a, const void *b) { return *(int *)a - *(int *)b; }\n\
        void *helper(int *v, int n, int *k) { qsort(v, n, 4, by); return bsearch(k, v, n, 4, by); }\n\
        void *r_both(int *v, int n, int *k) {\n\
            return (char *)helper(v, n, k) + 1;\n\
        }\n\
        int main(int c, char **v) { int a[3] = {3, 2, 1}; return r_both(a, 3, &c) != 0; }\n";
    std::fs::write(&source, text).expect("the source is written");
    let built =
        Command::new("gcc").args(["-g", "-O1", "-fno-inline", "-o"]).args([&program, &source]).status();
    assert!(built.expect("gcc starts").success());
    let data = std::fs::read(&program).expect("the program is there");
    let pattern = Regex::new("^r_both$").expect("a pattern");
    let entry = |of: &str| {
        format!("[[prove.assume]]\nat = \"both.c:5\"\nforeign = \"{of}\"\nreason = \"it does not\"\n")
    };
    for (entries, expected) in [
        (entry("qsort"), Answer::Unknown),
        (entry("qsort") + &entry("bsearch"), Answer::Proven),
        (entry("bsearch") + &entry("qsort"), Answer::Proven),
    ] {
        let settings = settled(&entries);
        let rules = Rules { allow_frees: false, gaps: 2 };
        let verdicts = prove_functions(&data, &pattern, rules, &settings).expect("verdicts");
        assert_eq!(verdicts[0].answer, expected, "{entries}");
        assert!(settings.unmatched().is_empty(), "{entries}");
    }
}
