//! Verdicts on functions of which it is known whether they allocate, against counts taken at run time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_prove::{Answer, Rules, Settings, Verdict, prove_functions};
use regex::Regex;

use crate::builds;

/// The target of the other processor, its linker and its libraries.
const AARCH64: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER";
const SYSROOT: &str = "/usr/aarch64-linux-gnu";

/// What the program says of a region: by construction, and as counted.
struct Known {
    expect: String,
    fewest: u64,
    most: u64,
    frees: u64,
}

/// How many of some regions are proven.
#[derive(Default)]
struct Share {
    proven: usize,
    all: usize,
}

impl Share {
    fn take(&mut self, verdict: &Verdict) {
        self.all += 1;
        self.proven += usize::from(verdict.answer == Answer::Proven);
    }
}

struct Build {
    profile: &'static str,
    mangling: &'static str,
    counting: bool,
    machine: Machine,
}

/// The processor that the corpus is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Machine {
    /// The one that it runs on.
    Own,
    /// aarch64, run by an emulator.
    Aarch64,
}

impl Build {
    fn make(&self) -> PathBuf {
        let corpus = builds::package("corpus");
        // Next to this test's own build; one folder for each set of flags, as cargo would build afresh anyway.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("corpus-{}", self.mangling));
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .current_dir(&corpus)
            .args(["build", "--quiet", "--profile", self.profile])
            .arg("--target-dir")
            .arg(&target);
        cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
        cargo.env(
            "RUSTFLAGS",
            if self.mangling == "v0" { "-Csymbol-mangling-version=v0 -Awarnings" } else { "-Awarnings" },
        );
        if self.machine == Machine::Aarch64 {
            cargo.args(["--target", AARCH64]).env(LINKER, "aarch64-linux-gnu-gcc");
        }
        if self.counting {
            cargo.args(["--features", "counting"]);
        }
        assert!(cargo.status().expect("cargo starts").success(), "the corpus builds");
        let folder = if self.profile == "dev" { "debug" } else { self.profile };
        let triple = if self.machine == Machine::Own { "" } else { AARCH64 };
        target.join(triple).join(folder).join("corpus")
    }

    /// Checks every region; returns how many hot ones and how many of those that cannot allocate were proven, and what is wrong.
    fn check(&self) -> (Share, Share, Vec<String>) {
        let binary = self.make();
        let output = match self.machine {
            Machine::Own => Command::new(&binary).output(),
            Machine::Aarch64 => Command::new("qemu-aarch64").args(["-L", SYSROOT]).arg(&binary).output(),
        };
        let output = output.expect("the corpus runs");
        assert!(output.status.success(), "the corpus ran to its end: {}", output.status);
        let known = parse(&String::from_utf8_lossy(&output.stdout));
        assert!(known.len() >= 210, "only {} regions ran", known.len());

        let data = std::fs::read(&binary).expect("the binary can be read");
        let pattern = Regex::new("^corpus::(hot|regions|chosen|shown|swapped)::[a-z0-9_]+::region$")
            .expect("a valid pattern");
        let rules = Rules { allow_frees: false, gaps: 3 };
        let verdicts = prove_functions(&data, &pattern, rules, &Settings::default()).expect("an analysis");
        let by_name: HashMap<&str, &Verdict> = verdicts
            .iter()
            .map(|v| (v.region.trim_start_matches("corpus::").trim_end_matches("::region"), v))
            .collect();
        let frees =
            prove_functions(&data, &pattern, Rules { allow_frees: true, gaps: 3 }, &Settings::default())
                .expect("an analysis");

        let mut wrong = Vec::new();
        let (mut hot, mut quiet, mut missing) = (Share::default(), Share::default(), 0);
        for (name, known) in &known {
            let Some(verdict) = by_name.get(name.as_str()) else {
                // Whole-program optimisation may fold a region into another or into its caller.
                missing += 1;
                continue;
            };
            if name.starts_with("hot::") {
                hot.take(verdict);
            }
            if known.expect == "Never" {
                quiet.take(verdict);
            }
            wrong.extend(self.contradiction(name, known, verdict));
        }
        for verdict in &frees {
            let name = verdict.region.trim_start_matches("corpus::").trim_end_matches("::region");
            if let Some(known) = known.get(name)
                && verdict.answer == Answer::Proven
                && (known.most > 0 || (known.expect == "Some" && !self.may_be_elided(name)))
            {
                wrong.push(format!("{name}: proven with frees allowed, but it allocates"));
            }
        }
        if missing > 6 {
            wrong.push(format!("{missing} regions are not in the binary"));
        }
        // Constant vtables and function pointers are followed into callees, and into the formatting of numbers.
        if self.profile == "release" && self.machine == Machine::Own {
            let given =
                ["dyn", "dyn_twice", "pointer", "closure"].map(|n| format!("regions::given_{n}_quiet"));
            let written =
                ["number", "options", "shown", "long", "stack"].map(|n| format!("regions::write_{n}"));
            // So is a function that is chosen at run time, what is made once, and a number that says how much room is needed.
            let others = [
                "chosen::quiet",
                "regions::once_quiet",
                "regions::once_call_quiet",
                "regions::sort_stable_hundred",
            ]
            .map(String::from);
            // And what derived `Debug` formats, told from the arguments of the builders; not that of an enum of several values, where
            // rustc puts the `Formatter` on a stack of which an address gets out.
            let shown = [
                "tuple", "pair", "struct", "three", "pretty", "array", "slice", "by_hand", "map", "float",
                "six", "text", "option",
            ]
            .map(|n| format!("shown::quiet_{n}"));
            for name in given.into_iter().chain(written).chain(others).chain(shown) {
                if by_name.get(name.as_str()).is_none_or(|v| v.answer != Answer::Proven) {
                    wrong.push(format!("{name}: not proven"));
                }
            }
        }
        let all = verdicts.iter().filter(|v| v.answer == Answer::Proven).count();
        println!(
            "{:8} {:7} counting={:5}: {} of {} hot regions proven, {} of {} that cannot allocate, {all} of {} in all",
            self.profile,
            self.mangling,
            self.counting,
            hot.proven,
            hot.all,
            quiet.proven,
            quiet.all,
            verdicts.len()
        );
        for line in &mut wrong {
            *line = format!("{} {} counting={}: {line}", self.profile, self.mangling, self.counting);
        }
        (hot, quiet, wrong)
    }

    /// Regions whose allocation an optimiser may remove altogether; there the counts alone decide.
    fn may_be_elided(&self, name: &str) -> bool {
        // Where a panic aborts, nothing follows a catch.
        (self.profile == "abort" && name.starts_with("regions::catch_"))
            || matches!(
                name,
                "regions::box_elided"
                    | "regions::print_line"
                    | "regions::closure_boxed"
                    | "regions::async_boxed"
            )
    }

    fn contradiction(&self, name: &str, known: &Known, verdict: &Verdict) -> Option<String> {
        match verdict.answer {
            Answer::Proven if known.most > 0 || known.frees > 0 => {
                Some(format!("{name}: PROVEN, but counted {} allocations, {} frees", known.most, known.frees))
            }
            Answer::Proven if known.expect != "Never" && !self.may_be_elided(name) => {
                Some(format!("{name}: PROVEN, but by construction it may allocate or free"))
            }
            Answer::Allocates
                if self.counting
                    && verdict.paths.iter().any(|p| p.always)
                    && known.fewest == 0
                    // The C library's own calls are not counted.
                    && !name.starts_with("regions::c_") =>
            {
                Some(format!("{name}: said to allocate always, but once it did not"))
            }
            _ => None,
        }
    }
}

fn parse(text: &str) -> HashMap<String, Known> {
    let number = |s: &str| s.parse().unwrap_or(0);
    text.lines()
        .filter_map(|line| {
            let [name, expect, fewest, most, frees] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
            let known = Known {
                expect: expect.to_owned(),
                fewest: number(fewest),
                most: number(most),
                frees: number(frees),
            };
            Some((name.to_owned(), known))
        })
        .collect()
}

#[test]
fn release_is_never_falsely_proven_and_hot_code_mostly_is() {
    let (hot, quiet, wrong) =
        Build { profile: "release", mangling: "legacy", counting: true, machine: Machine::Own }.check();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(hot.all >= 40);
    assert!(hot.proven * 10 >= hot.all * 7, "only {} of {} hot regions are proven", hot.proven, hot.all);
    assert!(quiet.proven * 10 >= quiet.all * 9, "only {} of {} regions are proven", quiet.proven, quiet.all);
}

#[test]
fn debug_is_never_falsely_proven() {
    let (_, _, wrong) =
        Build { profile: "dev", mangling: "legacy", counting: true, machine: Machine::Own }.check();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "builds the corpus twenty times: run by .ci/run"]
fn no_profile_is_ever_falsely_proven() {
    let mut all = Vec::new();
    for mangling in ["legacy", "v0"] {
        for profile in ["dev", "release", "fat", "size", "abort"] {
            for counting in [true, false] {
                all.extend(Build { profile, mangling, counting, machine: Machine::Own }.check().2);
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
#[ignore = "needs an emulator, a linker and the std of aarch64: run by .ci/run"]
fn aarch64_is_never_falsely_proven() {
    let mut all = Vec::new();
    for (profile, mangling, counting) in [
        ("dev", "legacy", true),
        ("release", "legacy", true),
        ("release", "legacy", false),
        ("fat", "v0", true),
        ("size", "legacy", true),
        ("abort", "legacy", true),
    ] {
        let (hot, quiet, wrong) = Build { profile, mangling, counting, machine: Machine::Aarch64 }.check();
        all.extend(wrong);
        if profile == "release" {
            assert!(
                hot.proven * 10 >= hot.all * 7,
                "only {} of {} hot regions are proven",
                hot.proven,
                hot.all
            );
            assert!(quiet.proven * 10 >= quiet.all * 7, "only {} of {} regions", quiet.proven, quiet.all);
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
