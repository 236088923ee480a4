//! The whole verb on a package with protected regions: builds, labels, names, verdicts, exit codes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::builds;
use crate::digest::sha256;

fn package() -> PathBuf {
    builds::package("marked")
}

/// `cargo qadapt prove ARGS` in that package.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
    command
        .args(["qadapt", "prove"])
        .args(args)
        .current_dir(package())
        .env("CARGO_TARGET_DIR", builds::of_the_tool())
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTFLAGS");
    command
}

pub(crate) fn prove(args: &[&str]) -> Output {
    command(args).output().expect("the command starts")
}

pub(crate) fn report(args: &[&str]) -> Value {
    let output = prove(&[&["--format", "json"], args].concat());
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Answer and name of each region of a proof, in order.
fn answers(proof: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let verdicts = proof["verdicts"].as_array().expect("verdicts").iter();
    verdicts.map(|v| (text(&v["answer"]), text(&v["region"]))).collect()
}

/// A file of the package that is built for this test, by cargo alone.
fn built(folder: &str, marks: bool, environment: &[(&str, &str)], bin: &str) -> PathBuf {
    built_in(&package(), folder, marks, environment, bin)
}

/// The same of another package.
fn built_in(package: &Path, folder: &str, marks: bool, environment: &[(&str, &str)], bin: &str) -> PathBuf {
    builds::release(package, bin, &format!("{bin}-{folder}"), |cargo| {
        if marks {
            cargo.env("QADAPT_MARKS", "1");
        }
        cargo.envs(environment.iter().copied());
    })
}

fn objcopy(arguments: &[&str], files: &[&Path]) {
    let status = Command::new("objcopy").args(arguments).args(files).status().expect("binutils are there");
    assert!(status.success(), "objcopy {arguments:?}");
}

#[test]
fn each_region_of_the_source_is_listed_in_each_profile() {
    let report = report(&["--bin", "marked"]);
    assert_eq!(report["proofs"].as_array().map(Vec::len), Some(2));
    for proof in report["proofs"].as_array().expect("proofs") {
        let verdict = |region: &str| {
            let mut found = proof["verdicts"].as_array().expect("verdicts").iter();
            found.find(|v| v["region"] == region).unwrap_or_else(|| panic!("no {region} in {proof:#}"))
        };
        let answer = |region: &str| verdict(region)["answer"].clone();
        for (region, expected) in [
            ("marked::annotated", "proven"),
            ("marked::Filter::process", "proven"),
            ("marked::Filter::settle", "allocates"),
            ("marked::Filter::reset", "missing"),
            ("marked::Of::apply<u8>", "proven"),
            ("marked::under_a_policy", "proven"),
            ("marked::awaited", "proven"),
            ("marked::generic<usize>", "allocates"),
            ("marked::generic<char>", "allocates"),
            ("marked::main", "allocates"),
            ("marked::main::{async_block#1}", "allocates"),
            ("marked::left", "unknown"),
            ("marked::right", "unknown"),
            ("marked::two_calls (until it is closed)", "unknown"),
            ("marked::until_dropped (until it is closed)", "unknown"),
            ("marked::unused", "missing"),
            ("marked::never::{closure} #1", "missing"),
            ("marked::never::{closure} #2", "missing"),
            ("marked::never (until it is closed)", "missing"),
        ] {
            assert_eq!(answer(region), expected, "{region} in {}", proof["profile"]);
        }
        assert_eq!(verdict("marked::right")["required"], true);
        assert_eq!(verdict("marked::left")["required"], false);
        let advice = |region: &str| verdict(region)["paths"][0]["advice"]["id"].clone();
        assert_eq!(advice("marked::generic<char>"), "to-string");
        assert_eq!(advice("marked::main"), "vec-macro");
        assert!(verdict("marked::annotated")["at"].as_str().expect("a place").ends_with("src/main.rs:23"));
        let file = std::fs::read(proof["binary"].as_str().expect("a path")).expect("the file is there");
        assert_eq!(proof["sha256"], sha256(file));

        // Two instances that debug information gives one name.
        let all = answers(proof);
        let instances: Vec<_> = all.iter().filter(|(_, name)| name.starts_with("marked::applied<")).collect();
        let mut given: Vec<&str> = instances.iter().map(|(answer, _)| answer.as_str()).collect();
        given.sort_unstable();
        assert_eq!(given, ["allocates", "proven"], "{all:?}");
        assert_ne!(instances[0].1, instances[1].1);
        // All other names are there once, and none is of the guard's own code.
        assert_eq!(all.len(), 21, "{all:?}");
        assert!(all.iter().all(|(_, name)| name.starts_with("marked::")), "{all:?}");
    }
}

/// Builds the package for aarch64, linked with these flags.
fn built_for_aarch64(flags: &str) -> PathBuf {
    const TARGET: &str = "aarch64-unknown-linux-gnu";
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proven-aarch64");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--bin", "marked", "--target", TARGET, "--target-dir"])
        .arg(&folder)
        .current_dir(package())
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", flags)
        .env("QADAPT_MARKS", "1")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc")
        .status();
    assert!(status.expect("cargo starts").success(), "the package builds for aarch64");
    folder.join(TARGET).join("release/marked")
}

#[test]
#[ignore = "needs a linker and the std of aarch64: run by .ci/run"]
fn regions_on_aarch64_are_those_of_x86_64() {
    let of = |file: &Path| {
        let report = report(&["--binary", file.to_str().expect("a path in UTF-8")]);
        answers(&report["proofs"][0])
    };
    let own = of(&built("own", true, &[("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")], "marked"));
    assert!(own.iter().filter(|(answer, _)| answer == "proven").count() >= 5, "{own:?}");
    assert_eq!(of(&built_for_aarch64("-Clink-arg=-Wl,--no-gc-sections")), own);

    // GNU ld takes the labels for unused: that is no reason to say that the regions are not there.
    let output = prove(&["--binary", built_for_aarch64("").to_str().expect("a path in UTF-8")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("GNU ld leaves that out") && said.contains("--no-gc-sections"), "{said}");
}

#[test]
fn a_path_names_the_users_line() {
    let output = prove(&["--bin", "marked", "--profile", "release"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    // Instances of one region together, with what differs; the user's own line first, and what is std's on one line.
    let one = "ALLOCATES always  marked::generic<_>  (src/main.rs:67), 1 of 2 instances: char\n";
    assert!(text.contains(one), "{text}");
    assert!(text.contains("      at src/main.rs:69  marked::generic"), "{text}");
    assert!(!text.contains("/rustc/"), "{text}");
    let allocating =
        text.lines().filter(|line| line.trim() == "allocates:" || line.trim() == "frees:").count();
    assert_eq!(text.matches("      help: ").count(), allocating, "{text}");
    assert!(text.contains("help: write with `write!` into a String reserved outside the region"), "{text}");
    assert!(text.contains("\nSHA-256 ") && text.contains(", build id "), "{text}");
    assert!(text.contains("NOT IN THE BINARY  marked::unused  (src/main.rs:"), "{text}");
    assert!(text.contains("the compiler has merged it with equal code"), "{text}");
}

#[test]
fn a_required_region_that_is_not_there_is_not_proven() {
    let quiet = |require: &[&str]| {
        let output = prove(&[&["--bin", "quiet", "--profile", "release"], require].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, text) = quiet(&[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("2 regions: 1 proven, 0 allocate, 0 unknown, 1 not in the binary"), "{text}");
    assert_eq!(quiet(&["--require", "quiet::doubled"]).0, Some(0));
    assert_eq!(quiet(&["--require", "quiet::gone"]).0, Some(1));
    let output = prove(&["--bin", "required", "--profile", "release"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    // No region of this program has code, which looks as if the labels were taken away.
    assert!(text.contains("UNKNOWN  required::gone"), "{text}");
}

#[test]
fn a_stripped_file_beside_its_debug_information_is_as_good() {
    let file = built("debug", true, &[("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")], "marked");
    let whole = answers(&report(&["--binary", file.to_str().expect("a path")])["proofs"][0]);
    assert!(whole.iter().any(|(answer, _)| answer == "proven"), "{whole:?}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("marked-stripped");
    std::fs::create_dir_all(&folder).expect("a folder");
    let (shipped, debug) = (folder.join("shipped"), folder.join("shipped.debug"));
    objcopy(&["--only-keep-debug"], &[&file, &debug]);
    objcopy(&["--strip-all"], &[&file, &shipped]);
    let stripped = report(&["--binary", shipped.to_str().expect("a path")]);
    // Beside it there is no list of sources, which alone knows of closures without code.
    let with_code = |all: &[(String, String)]| {
        all.iter().filter(|(answer, _)| answer != "missing").cloned().collect::<Vec<_>>()
    };
    assert_eq!(with_code(&answers(&stripped["proofs"][0])), with_code(&whole));
    let about = stripped["proofs"][0]["about"].as_str().expect("a text");
    assert!(about.contains("shipped.debug"), "{about}");

    // The labels are nothing that the program needs; with the debug information they are still known.
    let bare = folder.join("bare");
    objcopy(&["--strip-all", "--remove-section", ".qadapt.marks"], &[&file, &bare]);
    objcopy(&["--only-keep-debug", "--compress-debug-sections"], &[&file, &folder.join("bare.debug")]);
    let bare = answers(&report(&["--binary", bare.to_str().expect("a path")])["proofs"][0]);
    assert_eq!(with_code(&bare), with_code(&whole));

    // Debug information of another build is none.
    let alone = folder.join("alone");
    objcopy(&["--strip-all"], &[&file, &alone]);
    let other = built("debug", true, &[("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")], "quiet");
    objcopy(&["--only-keep-debug"], &[&other, &folder.join("alone.debug")]);
    let output = prove(&["--binary", alone.to_str().expect("a path")]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("it has no symbol table"), "{text}");
}

#[test]
fn split_debug_information_is_read_or_its_lack_is_said() {
    for kind in ["packed", "unpacked"] {
        let environment =
            [("CARGO_PROFILE_RELEASE_DEBUG", "limited"), ("CARGO_PROFILE_RELEASE_SPLIT_DEBUGINFO", kind)];
        let file = built(kind, true, &environment, "quiet");
        let proof = &report(&["--binary", file.to_str().expect("a path")])["proofs"][0];
        let found = answers(proof);
        assert_eq!(
            found,
            [("proven".into(), "quiet::doubled".into()), ("missing".into(), "quiet::gone".into())],
            "{kind}: {proof:#}"
        );
        // Elsewhere the description of the regions is missing.
        let elsewhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("marked-{kind}-alone"));
        std::fs::copy(&file, &elsewhere).expect("the file can be copied");
        let proof = &report(&["--binary", elsewhere.to_str().expect("a path")])["proofs"][0];
        let doubled = &proof["verdicts"][0];
        if kind == "packed" {
            assert_ne!(doubled["answer"], "allocates", "{proof:#}");
            let about = proof["about"].as_str().expect("a text");
            assert!(about.contains("split debug information is missing"), "{about}");
        } else {
            // The units lie where the file says.
            assert_eq!(answers(proof), found);
        }
    }
}

#[test]
fn what_is_watched_poll_by_poll_is_listed_whatever_is_left_of_it() {
    let lines = ("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
    for (folder, lto) in [("debug", "false"), ("fat", "fat")] {
        let environment =
            [lines, ("CARGO_PROFILE_RELEASE_LTO", lto), ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")];
        let file = built(folder, true, &environment, "polled");
        let found = answers(&report(&["--binary", file.to_str().expect("a path")])["proofs"][0]);
        let with = |answer: &str| -> Vec<&str> {
            found.iter().filter(|(a, _)| a == answer).map(|(_, region)| region.as_str()).collect()
        };
        assert_eq!(with("allocates"), ["polled::kept", "polled::main::{closure#2}"], "{lto}: {found:?}");
        let missing = [
            "core::pin::Pin<alloc::boxed::Box<polled::never_polled, alloc::alloc::Global>>",
            "polled::dead::by_method::{future}",
            "polled::dead::by_path::{future}",
            "polled::dead::closures::{closure} #1",
            "polled::dead::closures::{closure} #2",
            "polled::dead::closures::{closure} #3",
            "polled::dead::entered (until it is closed)",
            "polled::dead::wrapped::{future}",
        ];
        let merged =
            |region: &&str| region.starts_with("polled::first::") || region.starts_with("polled::second::");
        let others: Vec<&str> = with("missing").into_iter().filter(|region| !merged(region)).collect();
        assert_eq!(others, missing, "{lto}");
        // Of two that are equal, one may be left.
        let all: Vec<&str> =
            found.iter().map(|(_, region)| region.as_str()).filter(|region| merged(region)).collect();
        for module in ["polled::first::", "polled::second::"] {
            assert_eq!(all.iter().filter(|region| region.starts_with(module)).count(), 1, "{lto}: {all:?}");
        }
        let proven: Vec<&str> = with("proven").into_iter().filter(|region| !merged(region)).collect();
        assert_eq!(proven, ["polled::added", "polled::main", "polled::main::{closure#1}"], "{lto}");
    }
}

/// A package that has a dependency from a registry, which lies in a folder instead.
fn package_with_a_registry() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("marked-registry");
    let guard = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qadapt");
    let lock = std::fs::read_to_string(package().join("Cargo.lock")).expect("the lock file");
    // As cargo would write it.
    let of_gauge = "[[package]]\nname = \"gauge\"\nversion = \"1.2.0\"\nsource = \"registry+https://example.org/index\"\n                    dependencies = [\n \"qadapt\",\n]\n\n";
    let of_user = "[[package]]\nname = \"user\"\nversion = \"0.0.0\"\ndependencies = [\n \"gauge\",\n \"qadapt\",\n]\n\n";
    let packages = lock.split_inclusive("\n\n").filter(|package| !package.contains("name = \"marked\""));
    let lock = packages.chain([of_gauge, of_user]).collect::<String>();
    for (path, text) in [
        ("Cargo.lock", lock.as_str()),
        (
            "Cargo.toml",
            &format!(
                "[package]\nname = \"user\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n                 gauge = {{ version = \"1\", registry = \"elsewhere\" }}\nqadapt = {{ path = \"{guard}\" }}\n                 [patch.crates-io]\nqadapt = {{ path = \"{guard}\" }}\n",
                guard = guard.display()
            ),
        ),
        (
            ".cargo/config.toml",
            "[registries.elsewhere]\nindex = \"https://example.org/index\"\n             [source.elsewhere]\nregistry = \"https://example.org/index\"\nreplace-with = \"folder\"\n             [source.folder]\ndirectory = \"vendor\"\n",
        ),
        (
            "src/main.rs",
            "#[global_allocator]\nstatic ALLOC: qadapt::QADAPT = qadapt::QADAPT;\n\n             fn main() {\n    std::process::exit(gauge::read(std::hint::black_box(0)));\n}\n",
        ),
        ("vendor/gauge/.cargo-checksum.json", "{\"files\":{}}"),
        (
            "vendor/gauge/Cargo.toml",
            "[package]\nname = \"gauge\"\nversion = \"1.2.0\"\nedition = \"2024\"\n[dependencies.qadapt]\nversion = \"0.1\"\n             registry-index = \"https://github.com/rust-lang/crates.io-index\"\n",
        ),
        (
            "vendor/gauge/src/lib.rs",
            "#[inline(never)]\npub fn read(n: i32) -> i32 {\n    qadapt::assert_no_alloc(|| n * 2)\n}\n\n             pub fn reset(n: &mut i32) {\n    qadapt::assert_no_alloc(|| *n = 0)\n}\n\n             #[qadapt::allocate_panic]\npub fn tare(n: &mut i32) {\n    *n = 1;\n}\n",
        ),
    ] {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        // Unchanged files keep their time, so that nothing is built anew.
        if std::fs::read_to_string(&path).ok().as_deref() != Some(text) {
            std::fs::write(path, text).expect("a file can be written");
        }
    }
    folder
}

#[test]
fn regions_of_a_dependency_from_a_registry_are_listed_when_no_code_is_left() {
    let lines = ("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
    let file = built_in(&package_with_a_registry(), "debug", true, &[lines], "user");
    let found = answers(&report(&["--binary", file.to_str().expect("a path")])["proofs"][0]);
    let expected =
        [("proven", "gauge::read"), ("missing", "gauge::reset::{closure}"), ("missing", "gauge::tare")];
    assert_eq!(found, expected.map(|(answer, region)| (answer.to_owned(), region.to_owned())));
}

#[test]
fn a_region_is_not_proven_by_losing_its_calls() {
    for level in ["1", "3", "s"] {
        let environment =
            [("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only"), ("CARGO_PROFILE_RELEASE_OPT_LEVEL", level)];
        let file = built("debug", true, &environment, "merged");
        let found = answers(&report(&["--binary", file.to_str().expect("a path")])["proofs"][0]);
        let proven: Vec<&str> = found
            .iter()
            .filter(|(answer, _)| answer == "proven")
            .map(|(_, region)| region.as_str())
            .collect();
        assert_eq!(
            proven,
            ["merged::quiet_between", "merged::quiet_or_loud<merged::Silent>"],
            "at level {level}: {found:?}"
        );
        for function in
            ["either_arm", "four_arms", "dropped", "inserted", "quiet_or_loud<merged::Loud>", "in_a_loop"]
        {
            let region = format!("merged::{function}");
            assert!(
                found.iter().any(|(_, name)| name.starts_with(&region)),
                "{region} at level {level}: {found:?}"
            );
        }
    }
}

#[test]
fn code_is_compared_with_a_build_without_labels() {
    let environment = [("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")];
    let marked = built("debug", true, &environment, "quiet");
    let plain = built("lines", false, &environment, "quiet");
    let [marked, plain] = [&marked, &plain].map(|file| file.to_str().expect("a path"));
    let proof = &report(&["--binary", marked, "--unlabelled", plain])["proofs"][0];
    assert_eq!(proof["code"]["other"].as_array().map(Vec::len), Some(0), "{:#}", proof["code"]);
    assert!(proof["code"]["compared"].as_u64().expect("a number") > 300, "{:#}", proof["code"]);
    // Another program has other code.
    let other = built("lines", false, &environment, "required");
    let other = other.to_str().expect("a path");
    let text = prove(&["--binary", marked, "--unlabelled", other]);
    let text = String::from_utf8_lossy(&text.stdout);
    assert!(text.contains("is in one of the files alone"), "{text}");
}

#[test]
fn without_debug_information_the_whole_function_counts() {
    let file = built("bare", true, &[("CARGO_PROFILE_RELEASE_DEBUG", "none")], "marked");
    let proof = &report(&["--binary", file.to_str().expect("a path")])["proofs"][0];
    let found = answers(proof);
    assert!(!found.iter().any(|(answer, _)| answer == "allocates"), "{found:?}");
    assert!(
        found.contains(&("proven".into(), "marked::under_a_policy (somewhere in it)".into())),
        "{found:?}"
    );
    assert!(found.contains(&("unknown".into(), "marked::main (somewhere in it)".into())), "{found:?}");
    // Any of the nameless ones may be one of the regions that the source has.
    for (answer, region) in found.iter().filter(|(_, region)| !region.contains('(')) {
        assert_eq!(answer, "unknown", "{region}");
    }
    let main = proof["verdicts"].as_array().expect("verdicts").iter();
    let main = main.clone().find(|v| v["region"] == "marked::main (somewhere in it)").expect("main");
    let why = main["gaps"][0]["why"].as_str().expect("a reason");
    assert!(why.contains("does not say which part of the function the region is"), "{why}");
}

#[test]
fn a_file_without_labels_is_unknown_and_functions_can_be_proven() {
    let file = built("plain", false, &[], "marked");
    let file = file.to_str().expect("a path");
    let output = prove(&["--binary", file]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("UNKNOWN  (all regions of this file)"), "{text}");
    assert!(text.contains("build it with QADAPT_MARKS=1 in the environment"), "{text}");
    assert_eq!(prove(&["--binary", file, "--require", "proven"]).status.code(), Some(1));
    let output = prove(&["--binary", file, "--function", "^marked::(unchanged|filled)$"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("PROVEN  marked::unchanged\n"), "{text}");
    assert!(text.contains("ALLOCATES always  marked::filled\n"), "{text}");
}

#[test]
fn regions_whose_labels_were_taken_away_are_unknown() {
    let file = built("debug", true, &[("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only")], "marked");
    let bare = file.with_file_name("marked-without-labels");
    objcopy(&["--remove-section", ".qadapt.marks"], &[&file, &bare]);
    let found = answers(&report(&["--binary", bare.to_str().expect("a path")])["proofs"][0]);
    for region in ["marked::annotated", "marked::unused", "(all other regions of this file)"] {
        assert!(found.contains(&("unknown".into(), region.into())), "{region}: {found:?}");
    }
    assert!(found.iter().all(|(answer, _)| answer == "unknown"), "{found:?}");
}
