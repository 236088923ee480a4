//! Proofs of regions that defer what they free, and of regions whose memory is a pool's, held against runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_prove::{Answer, Rules, Settings, Verdict, Which, prove_file};

use crate::builds;

/// Builds a program for release with labels, with link-time optimisation or without.
fn built(program: &str, lto: &str) -> PathBuf {
    built_in(&builds::package("waits"), program, lto)
}

/// The same of another package.
fn built_in(package: &Path, program: &str, lto: &str) -> PathBuf {
    builds::release(package, program, &format!("{program}-{lto}"), |cargo| {
        cargo.env("QADAPT_MARKS", "1").env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
        if lto == "fat" {
            cargo.env("CARGO_PROFILE_RELEASE_LTO", "fat").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
        }
    })
}

fn verdicts(program: &Path) -> Vec<Verdict> {
    let rules = Rules { allow_frees: false, gaps: 4 };
    prove_file(program, Which::Marked, rules, &Settings::default(), None).expect("a proof").verdicts
}

/// The verdict on the region of a function.
fn of<'v>(verdicts: &'v [Verdict], function: &str) -> &'v Verdict {
    let is_of = |verdict: &&Verdict| {
        verdict.region.split("::").nth(1).is_some_and(|name| name.split(" [").next() == Some(function))
    };
    verdicts.iter().find(is_of).unwrap_or_else(|| panic!("no {function} in {verdicts:#?}"))
}

fn paths(verdict: &Verdict) -> Vec<&str> {
    verdict.paths.iter().map(|path| path.what).collect()
}

const DEFER: [&str; 4] = ["inside", "around", "by_policy", "by_attribute"];
const FREE: [&str; 3] = ["beside", "without", "by_other_policy"];

#[test]
fn what_waits_is_no_free_of_the_regions() {
    for lto in ["debug", "fat"] {
        let all = verdicts(&built("unlimited", lto));
        for function in DEFER {
            let verdict = of(&all, function);
            assert_eq!(verdict.answer, Answer::Proven, "{lto}: {verdict:#?}");
            assert!(
                verdict.assumes.iter().any(|words| words.contains("room to wait for `reclaim`")),
                "{verdict:#?}"
            );
        }
        for function in FREE {
            let verdict = of(&all, function);
            assert_eq!(
                (verdict.answer, paths(verdict)),
                (Answer::Allocates, vec!["frees"]),
                "{lto}: {verdict:#?}"
            );
        }
        // The policy may be one that does not defer, or does so in one round of two.
        for function in ["by_some_policy", "by_policy_at_first"] {
            assert_ne!(of(&all, function).answer, Answer::Proven, "{lto}: {function}");
        }
        // Half of what it frees waits: the path is that of the other half.
        let hops = &of(&all, "beside").paths[0].hops;
        let through =
            hops.iter().flat_map(|hop| &hop.frames).any(|frame| frame.function.contains("defer_frees"));
        assert!(!through, "{lto}: {hops:#?}");
        for function in ["allocates", "grows"] {
            let verdict = of(&all, function);
            assert_eq!(paths(verdict), ["allocates"], "{lto}: {verdict:#?}");
        }
        let verdict = of(&all, "by_another_allocator");
        assert_eq!(
            (verdict.answer, paths(verdict)),
            (Answer::Allocates, vec!["frees"]),
            "{lto}: {verdict:#?}"
        );
    }
}

#[test]
fn beyond_a_limit_and_by_other_allocators_blocks_are_freed() {
    for (program, phrase) in [
        ("limited", Some("(2 blocks): a block beyond is freed here")),
        ("second", Some("the first to defer of the 2 `Deferring` in this file")),
        ("plain", None),
        ("between", None),
    ] {
        let all = verdicts(&built(program, "debug"));
        for function in DEFER {
            let verdict = of(&all, function);
            assert_eq!(
                (verdict.answer, paths(verdict)),
                (Answer::Allocates, vec!["frees"]),
                "{program}: {verdict:#?}"
            );
            let said = verdict.gaps.iter().find(|gap| phrase.is_some_and(|phrase| gap.why.contains(phrase)));
            assert_eq!(said.is_some(), phrase.is_some(), "{program}: {verdict:#?}");
            // A block that waits is no free.
            assert!(phrase.is_none() || !verdict.paths[0].always, "{program}: {verdict:#?}");
        }
    }
}

/// Copies the guard as another version of itself, and writes a program that has both.
fn of_two_guards() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("two-guards");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository");
    let guard = folder.join("qadapt-0.9.0");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("src")).expect("a folder");
    let copied = Command::new("cp").arg("-r").arg(repository.join("qadapt")).arg(&guard).status();
    assert!(copied.expect("cp starts").success(), "the guard is copied");
    let edit = |path: PathBuf, from: &str, to: &str| {
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.contains(from), "{}: {from}", path.display());
        std::fs::write(path, text.replacen(from, to, 1)).expect("it can be written");
    };
    edit(guard.join("Cargo.toml"), "version.workspace = true", "version = \"0.9.0\"");
    let workspace = std::fs::read_to_string(repository.join("Cargo.toml")).expect("the workspace");
    let lines = workspace.lines().map(|line| {
        if line.starts_with("members = ") {
            "members = [\"qadapt-0.9.0\"]".to_owned()
        } else if line.starts_with("exclude = ") {
            String::new()
        } else {
            line.replace("{ path = \"", &format!("{{ path = \"{}/", repository.display()))
        }
    });
    let package = format!(
        "[package]\nname = \"two\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nqadapt.path = \"{repository}\"\n\
         newer = {{ package = \"qadapt\", path = \"qadapt-0.9.0\" }}\n\n",
        repository = repository.join("qadapt").display()
    );
    let manifest = lines.fold(package, |text, line| text + &line + "\n");
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    std::fs::copy(repository.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    std::fs::write(
        folder.join("src/main.rs"),
        "#[global_allocator]
         static ALLOC: newer::Qadapt<newer::Deferring<std::alloc::System>> =
             newer::Qadapt::new(newer::Deferring::new(std::alloc::System));

         #[inline(never)]
         fn by_the_other(block: Box<[u64; 7]>) -> u64 {
             qadapt::assert_no_alloc(|| qadapt::defer_frees(|| std::hint::black_box(block)[2]))
         }

         #[inline(never)]
         fn by_its_own(block: Box<[u64; 7]>) -> u64 {
             qadapt::assert_no_alloc(|| newer::defer_frees(|| std::hint::black_box(block)[3] + 1))
         }

         fn main() {
             let block = || Box::new(std::hint::black_box([5; 7]));
             println!(\"{}\", by_the_other(block()) + by_its_own(block()));
         }
        ",
    )
    .expect("it can be written");
    folder
}

#[test]
fn an_allocator_of_another_version_waits_for_nobody() {
    let all = verdicts(&built_in(&of_two_guards(), "two", "debug"));
    assert_eq!(paths(of(&all, "by_the_other")), ["frees"], "{all:#?}");
    assert_eq!(of(&all, "by_its_own").answer, Answer::Proven, "{all:#?}");
}

#[test]
fn memory_of_pools_is_no_allocation() {
    let all = verdicts(&built("pooled", "debug"));
    assert_eq!(of(&all, "takes").answer, Answer::Proven, "{:#?}", of(&all, "takes"));
    // Giving back wakes who waits, and what a waker does is its runtime's.
    for function in ["takes_bytes", "takes_a_block", "gives_back", "there_and_back", "collects"] {
        let verdict = of(&all, function);
        assert_eq!(verdict.answer, Answer::Unknown, "{verdict:#?}");
        let wakes =
            verdict.gaps.iter().flat_map(|gap| &gap.frames).any(|frame| frame.function.contains("settle"));
        assert!(wakes && verdict.gaps.len() == 1, "{verdict:#?}");
    }
    assert_eq!(paths(of(&all, "takes_or_allocates")), ["allocates", "frees"]);
}
