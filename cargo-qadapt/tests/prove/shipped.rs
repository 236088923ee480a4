//! Proofs of files that can be shipped, held against what those very files do: programs made by chance, in the ways that
//! release profiles differ.
//!
//! By default a sample is taken, three programs in three profiles; `QADAPT_SHIPPED=SEED` takes another one, `QADAPT_SHIPPED=SEED:PROGRAMS` one of so many programs,
//! `QADAPT_SHIPPED=turns:SEED` two in each of the 60 profiles, and `QADAPT_SHIPPED=full` 60 programs in all of them. With any of
//! these the examples are built without labels too, and compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use addr2line::Loader;
use fastrand::Rng;
use object::{File, Object as _, ObjectSymbol as _};
use qadapt_prove::{Answer, Rules, Settings, Verdict, Which, compare_files, prove_file};

use crate::functions::Functions;
use crate::{builds, generate};

/// How many modules a program has.
const MODULES: usize = 24;

/// One way to build for release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Profile {
    level: &'static str,
    lto: &'static str,
    units: u32,
    panic: &'static str,
}

impl Profile {
    fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for lto in ["off", "thin", "fat"] {
            for panic in ["unwind", "abort"] {
                for level in ["1", "2", "3", "s", "z"] {
                    for units in [1, 16] {
                        all.push(Self { level, lto, units, panic });
                    }
                }
            }
        }
        all
    }

    /// The level as TOML has it.
    fn level(self) -> &'static str {
        match self.level {
            "s" => "\"s\"",
            "z" => "\"z\"",
            number => number,
        }
    }

    fn name(self) -> String {
        format!("o{}-{}-{}-{}", self.level, self.lto, self.units, self.panic)
    }

    fn environment(self) -> [(&'static str, String); 5] {
        let lto = if self.lto == "off" { "false" } else { self.lto };
        // As `prove` builds, and as a file may come to it.
        let debug = if self.units == 1 { "limited" } else { "line-tables-only" };
        [
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", self.level.to_owned()),
            ("CARGO_PROFILE_RELEASE_LTO", lto.to_owned()),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", self.units.to_string()),
            ("CARGO_PROFILE_RELEASE_PANIC", self.panic.to_owned()),
            ("CARGO_PROFILE_RELEASE_DEBUG", debug.to_owned()),
        ]
    }
}

fn scratch() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("shipped")
}

/// Writes a package with a program for each seed.
fn package(seeds: &[u64]) -> PathBuf {
    let folder = scratch().join("package");
    let sources = folder.join("src/bin");
    let _ = std::fs::remove_dir_all(&sources);
    std::fs::create_dir_all(&sources).expect("a folder");
    let guard = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qadapt");
    let manifest = format!(
        "[package]\nname = \"shipped\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nqadapt = {{ path = \"{}\" }}\n\n[workspace]\n",
        guard.display()
    );
    write(&folder.join("Cargo.toml"), &manifest);
    let lock = builds::package("marked").join("Cargo.lock");
    let lock = std::fs::read_to_string(lock)
        .expect("the lock file")
        .replace("name = \"marked\"", "name = \"shipped\"");
    write(&folder.join("Cargo.lock"), &lock);
    for seed in seeds {
        write(&sources.join(format!("g{seed}.rs")), &generate::program(*seed, MODULES));
    }
    folder
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a file can be written");
}

/// Builds all programs of the package, and copies them into a folder, which it returns. One target directory takes all, and
/// what the guard depends on has one level for all: none of it is in a region, and it is built once for each way to link.
fn build(package: &Path, seeds: &[u64], profile: Profile, marks: bool) -> PathBuf {
    let target = scratch().join("programs");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--bins", "--target-dir"]).arg(&target).current_dir(package);
    for (package, level, units) in [("\"*\"", "\"s\"", 1), ("qadapt", profile.level(), profile.units)] {
        cargo.args(["--config", &format!("profile.release.package.{package}.opt-level={level}")]);
        cargo.args(["--config", &format!("profile.release.package.{package}.codegen-units={units}")]);
    }
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS").envs(profile.environment());
    cargo.env_remove("QADAPT_MARKS").envs(marks.then_some(("QADAPT_MARKS", "1")));
    assert!(cargo.status().expect("cargo starts").success(), "{} builds", profile.name());
    let folder = scratch().join(if marks { "marks" } else { "plain" });
    std::fs::create_dir_all(&folder).expect("a folder");
    for name in seeds.iter().map(|seed| format!("g{seed}")) {
        // With the list of its sources: what is merged with equal code is known from these alone.
        for name in [&name, &format!("{name}.d")] {
            std::fs::copy(target.join("release").join(name), folder.join(name)).expect("it is there");
        }
    }
    folder
}

/// Allocations and frees of each module's region in a run.
fn run(program: &Path, counter: &Path) -> BTreeMap<usize, (u64, u64)> {
    let out = scratch().join("counts");
    let mut command = Command::new(program);
    command.env("LD_PRELOAD", counter).env("QADAPT_COUNTER", &out);
    assert!(command.status().expect("the program starts").success(), "{} runs", program.display());
    let text = std::fs::read_to_string(&out).expect("counts");
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let numbers: Vec<u64> = line.split(' ').map(|n| n.parse().expect("a number")).collect();
        counts.insert(usize::try_from(numbers[0]).expect("a region"), (numbers[1], numbers[2]));
    }
    counts
}

/// The module that a region is in.
fn module(region: &str) -> Option<usize> {
    let rest = &region[region.find("::m")? + 3..];
    rest.split("::").next()?.parse().ok()
}

#[derive(Default)]
struct Tally {
    programs: usize,
    events: u64,
    answers: BTreeMap<&'static str, usize>,
    /// Where proofs and runs contradict each other.
    wrong: Vec<String>,
    bodies: usize,
    /// The functions whose code differs with labels.
    differ: Vec<String>,
}

impl Tally {
    fn program(&mut self, profile: Profile, marked: &Path, plain: Option<&Path>, counter: &Path) {
        let data = std::fs::read(marked).expect("the program can be read");
        let file = File::parse(&*data).expect("a linked program");
        let rules = Rules { allow_frees: false, gaps: 1 };
        let proof = prove_file(marked, Which::Marked, rules, &Settings::default(), None);
        let verdicts = proof.expect("a proof").verdicts;
        let counts = run(marked, counter);
        let place =
            format!("{} {}", profile.name(), marked.file_name().unwrap_or_default().to_string_lossy());
        self.programs += 1;
        for verdict in &verdicts {
            *self.answers.entry(verdict.answer.word()).or_default() += 1;
        }
        for (i, (allocations, frees)) in counts.into_iter().filter(|&(i, _)| i < MODULES) {
            self.events += allocations + frees;
            let of_module: Vec<&Verdict> = verdicts.iter().filter(|v| module(&v.region) == Some(i)).collect();
            let is_merged = !has_function_of(&file, i);
            for what in contradictions(&of_module, is_merged, allocations, frees) {
                println!("WRONG: {place} m{i}: {what}");
                self.wrong.push(format!("{place} m{i}: {what}"));
            }
        }
        if let Some(plain) = plain {
            let found = compare_files(marked, plain).expect("two programs");
            self.bodies += found.compared;
            let of_program = |name: &&String| !name.contains("QADAPT_NOTE");
            let names = found.other.iter().chain(&found.alone).filter(of_program);
            self.differ.extend(names.map(|name| format!("{place} {name}")));
        }
    }
}

/// Whether a file has a symbol of the module's function, of which nothing is left where its code was found equal to another's. Debug
/// information names it all the same.
fn has_function_of(file: &File<'_>, module: usize) -> bool {
    let name = format!("m{module}");
    let mangled = format!("{}{name}5entry", name.len());
    file.symbols().any(|symbol| symbol.name().is_ok_and(|name| name.contains(&mangled)))
}

/// What is wrong with the verdicts on one module, given what its regions did. What is merged with another's code is said to be
/// no more in the file.
fn contradictions(
    verdicts: &[&Verdict],
    is_merged: bool,
    allocations: u64,
    frees: u64,
) -> impl Iterator<Item = String> {
    let mut wrong = Vec::new();
    let events = allocations + frees;
    if verdicts.is_empty() {
        wrong.push("no region is listed".to_owned());
    }
    let admits = |verdict: &&Verdict| match verdict.answer {
        Answer::Allocates | Answer::Blocks | Answer::Unknown => true,
        Answer::Missing => is_merged,
        Answer::Proven => false,
    };
    if events > 0 && !verdicts.iter().any(admits) {
        wrong.push(format!("{allocations} allocations and {frees} frees in {}", list(verdicts)));
    }
    for verdict in verdicts {
        let always = |what| verdict.paths.iter().any(|path| path.what == what && path.always);
        if (always("allocates") && allocations == 0) || (always("frees") && frees == 0) {
            wrong.push(format!(
                "`always`, but not in {allocations} allocations and {frees} frees: {}",
                verdict.region
            ));
        }
        // The one instance that is made to allocate.
        if verdict.region.contains("Loud") && events > 0 && verdict.answer == Answer::Proven {
            wrong.push(format!("{} is proven", verdict.region));
        }
        if verdict.region.contains("Quiet") && verdict.answer == Answer::Allocates {
            wrong.push(format!("{} allocates", verdict.region));
        }
    }
    wrong.into_iter()
}

fn list(verdicts: &[&Verdict]) -> String {
    verdicts.iter().fold(String::new(), |mut text, v| {
        let _ = write!(text, "{} {}; ", v.answer.word(), v.region);
        text
    })
}

/// The profiles of this run, each with the seeds of its programs.
fn plan() -> Vec<(Profile, Vec<u64>)> {
    let all = Profile::all();
    let asked = std::env::var("QADAPT_SHIPPED");
    let turns = asked.as_deref().ok().and_then(|asked| asked.strip_prefix("turns:"));
    if let Some(seed) = turns {
        let seed: u64 = seed.parse().expect("a number behind `turns:`");
        // Neighbours have one program in common, and differ in all: a run that is cut short has seen something of each kind.
        let programs = |turn: u64| vec![seed * 1000 + turn, seed * 1000 + (turn + 1) % 60];
        let profiles = (0..all.len()).map(|turn| all[turn * 23 % all.len()]);
        return (0..).zip(profiles).map(|(turn, profile)| (profile, programs(turn))).collect();
    }
    match asked.as_deref() {
        Ok("full") => all.into_iter().map(|profile| (profile, (1..=60).collect())).collect(),
        other => {
            let number = |text: &str| {
                text.parse().expect("QADAPT_SHIPPED is `full`, `turns:SEED`, SEED or SEED:PROGRAMS")
            };
            let (seed, programs) = match other.map(|other| other.split_once(':').unwrap_or((other, "3"))) {
                Ok((seed, programs)) => (number(seed), number(programs)),
                Err(_) => (1, 3),
            };
            let mut chance = Rng::with_seed(seed);
            // One in each combination of lto and panic that is far from the others.
            let sample = [0, 30, 50].map(|first| all[first + chance.usize(..10)]);
            let seeds: Vec<u64> = (0..programs).map(|i| seed * 1000 + i).collect();
            sample.map(|profile| (profile, seeds.clone())).to_vec()
        }
    }
}

#[test]
#[ignore = "builds and runs programs: run by .ci/run shipped"]
fn no_run_contradicts_a_proof_of_the_file_that_ran() {
    let counter = builds::preloaded("counter");
    let mut tally = Tally::default();
    // Where link-time optimisation inlines another allocator than the guard, lines do not tell which it is, and nothing is proven.
    let mut told = 0;
    for (profile, seeds) in plan() {
        let has_guard = |seed: &&u64| generate::program(**seed, MODULES).contains("static ALLOC: qadapt::");
        told += seeds.iter().filter(has_guard).count();
        let package = package(&seeds);
        let [marked, plain] = [true, false].map(|marks| build(&package, &seeds, profile, marks));
        for seed in &seeds {
            let name = format!("g{seed}");
            tally.program(profile, &marked.join(&name), Some(&plain.join(&name)), &counter);
        }
        println!(
            "{}: {} programs, {:?}, {} events in regions, {} of {} bodies differ",
            profile.name(),
            tally.programs,
            tally.answers,
            tally.events,
            tally.differ.len(),
            tally.bodies
        );
    }
    println!("bodies that labels change: {:#?}", tally.differ);
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    let proven = tally.answers.get("PROVEN").copied().unwrap_or(0);
    assert!(proven * 5 > told * MODULES, "only {proven} regions are proven: {:?}", tally.answers);
    assert!(tally.events > 0 && tally.bodies > 0);
}

/// The examples that end by themselves.
const EXAMPLES: [&str; 6] =
    ["async_pipeline", "audio_callback", "dyn_async", "order_book", "pinned", "trivia"];

#[test]
#[ignore = "builds and runs the examples: run by .ci/run shipped"]
fn no_example_has_malloc_beneath_a_proven_region() {
    let oracle = builds::preloaded("oracle");
    let asked = std::env::var("QADAPT_SHIPPED").unwrap_or_default();
    let mut profiles = vec![None];
    if asked == "full" {
        profiles.extend(Profile::all().into_iter().map(Some));
    } else if asked.starts_with("turns:") {
        // Each way to link, of which each level, number of units and way to panic is one's.
        profiles.extend([3, 15, 21, 34, 47, 52].map(|one| Some(Profile::all()[one])));
    }
    for profile in profiles {
        let marked = examples(profile, true);
        let seen: usize = marked.iter().map(|program| example(program, &oracle)).sum();
        assert!(seen > 0, "no region was seen above malloc in {profile:?}");
        if !asked.is_empty() {
            same_bodies(profile, &marked);
        }
    }
}

/// Builds the examples that end by themselves, and copies them into a folder; returns where they are there.
fn examples(profile: Option<Profile>, marks: bool) -> Vec<PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    // Where the tests of audits build the examples, as the workspace has them, what they depend on is there.
    let target = match profile {
        Some(profile) => scratch().join(format!("examples-{}-{}", profile.lto, profile.panic)),
        None => crate::builds::of_the_tool().join("qadapt"),
    };
    cargo
        .args(["build", "--quiet", "--release", "-p", "qadapt-examples", "-p", "quickstart", "--target-dir"])
        .arg(&target);
    cargo.args(EXAMPLES.iter().flat_map(|name| ["--example", name])).args(["--bin", "quickstart"]);
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    cargo.env_remove("QADAPT_MARKS").envs(marks.then_some(("QADAPT_MARKS", "1")));
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    cargo.envs(profile.into_iter().flat_map(Profile::environment));
    assert!(cargo.status().expect("cargo starts").success(), "the examples build");
    let folder = scratch().join(if marks { "examples-marked" } else { "examples-plain" });
    std::fs::create_dir_all(&folder).expect("a folder");
    let kept = |program: PathBuf| {
        let kept = folder.join(program.file_name().expect("a program has a name"));
        for ending in ["", "d"] {
            std::fs::copy(program.with_extension(ending), kept.with_extension(ending)).expect("it is there");
        }
        kept
    };
    let names = EXAMPLES.iter().map(|name| target.join("release/examples").join(name));
    names.chain([target.join("release/quickstart")]).map(kept).collect()
}

/// Says in which bodies labels make a difference.
fn same_bodies(profile: Option<Profile>, marked: &[PathBuf]) {
    for (marked, plain) in marked.iter().zip(examples(profile, false)) {
        let found = compare_files(marked, &plain).expect("two programs");
        let names: Vec<_> =
            found.other.iter().chain(&found.alone).filter(|n| !n.contains("QADAPT_NOTE")).collect();
        println!("{}: {} of {} bodies differ: {names:#?}", plain.display(), names.len(), found.compared);
        assert!(found.compared > 100, "{} has bodies", plain.display());
    }
}

/// Runs one example; returns how many regions it saw above `malloc`.
fn example(program: &Path, oracle: &Path) -> usize {
    let out = scratch().join("seen");
    let mut command = Command::new(program);
    command.env("LD_PRELOAD", oracle).env("QADAPT_ORACLE", &out).stdout(std::process::Stdio::null());
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples"));
    let status = command.status().expect("the example starts");
    // The oracle sees allocations alone.
    let rules = Rules { allow_frees: true, gaps: 1 };
    let proof = prove_file(program, Which::Marked, rules, &Settings::default(), None);
    let verdicts = proof.expect("a proof").verdicts;
    let functions = Functions::of(&std::fs::read(program).expect("the program can be read"));
    let lines = Loader::new(program).expect("debug information");
    let text = std::fs::read_to_string(&out).expect("a record of the run");
    let mut numbers = text.lines().filter_map(|line| u64::from_str_radix(line, 16).ok());
    let base = numbers.next().expect("a load address");
    let mut seen = std::collections::BTreeSet::new();
    for address in numbers {
        // The call is before its return address.
        let at = address.wrapping_sub(base).wrapping_sub(1);
        if functions.around(at).is_none() {
            continue;
        }
        let mut frames = lines.find_frames(at).expect("debug information that can be read");
        while let Some(frame) = frames.next().expect("debug information that can be read") {
            let function = frame.function.and_then(|function| Some(function.raw_name().ok()?.into_owned()));
            seen.extend(function.filter(|function| function.starts_with("__qadapt_")));
        }
    }
    let count = |answer| verdicts.iter().filter(|v| v.answer == answer).count();
    println!(
        "{}: {status}, {} regions, {} proven, {} unknown, {} allocate, {} seen above malloc",
        program.display(),
        verdicts.len(),
        count(Answer::Proven),
        count(Answer::Unknown),
        count(Answer::Allocates),
        seen.len()
    );
    for verdict in verdicts.iter().filter(|v| v.answer == Answer::Proven) {
        // A region's name is its closure's, up to how it is spelled.
        let name = verdict.region.split(" [").next().unwrap_or_default();
        let closure = format!("{name}::{{closure_env#0}}>");
        let contradicted = seen.iter().find(|region| region.ends_with(&closure));
        assert_eq!(contradicted, None, "{} is proven", verdict.region);
    }
    seen.len()
}
