//! Files of other platforms: traces are read, binaries are refused by name.
//!
//! Ignored, since it needs std and linkers for them: `.ci/run elsewhere` runs it, with the traces of
//! `tests/platforms/src/traced.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cargo_qadapt::report::figures::Report;
use qadapt_code::origin::Origin;

/// Names the folder with a folder of traces for each platform; beside it lies what the command has made of them on that
/// platform, in JSON, if it ran there.
const TRACES: &str = "QADAPT_TRACES_OF_PLATFORMS";

fn qadapt(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"))
        .arg("qadapt")
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        // As where there is no Wine.
        .env_remove("WINEPREFIX")
        .output()
        .expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
#[ignore = "needs programs of other platforms and what runs them: `.ci/run elsewhere`"]
fn traces_of_other_platforms_are_read() {
    let folder = PathBuf::from(std::env::var_os(TRACES).unwrap_or_else(|| panic!("{TRACES} is not set")));
    let mut read = Vec::new();
    for entry in fs::read_dir(&folder).expect("the folder of traces") {
        let path = entry.expect("its entries").path();
        if !path.is_dir() {
            continue;
        }
        let platform = path.file_name().expect("a platform").to_string_lossy().into_owned();
        let merged = qadapt(&["merge", "--format", "json", &format!("debug={}", path.display())]);
        // The program is here, the libraries of its system are not: that is said, and the report is not all that it could be.
        let said = text(&merged.stderr);
        let foreign = |line: &str| line.contains("system32") && line.contains(" have no names");
        assert!(said.lines().filter(|line| !line.is_empty()).all(foreign), "{platform}: {said}");
        let expected = if said.is_empty() { 1 } else { 2 };
        assert_eq!(merged.status.code(), Some(expected), "{platform}: {said}");
        assert_eq!(said.is_empty(), !platform.contains("windows"), "{platform}: {said}");
        holds(&platform, &text(&merged.stdout));
        if let Ok(there) = fs::read_to_string(path.with_extension("json")) {
            // To Windows the compiler's paths are none of this workspace's.
            let root = format!("{}/", env!("CARGO_MANIFEST_DIR").trim_end_matches("/cargo-qadapt"));
            holds(&format!("{platform}, read there"), &there.replace(&root, ""));
        }
        read.push(platform);
    }
    println!("read: {}", read.join(", "));
    assert!(!read.is_empty(), "no traces in {}", folder.display());
}

/// The report in JSON of what `traced.rs` did, with names.
#[track_caller]
fn holds(platform: &str, json: &str) {
    let report: Report = serde_json::from_str(json).unwrap_or_else(|e| panic!("{platform}: {e}\n{json}"));
    let profile = &report.profiles[0];
    assert_eq!((profile.processes, profile.cut_short, profile.lost), (1, 0, 0), "{platform}");
    let [region] = &report.regions[..] else { panic!("{platform}: not one region: {:?}", report.regions) };
    assert_eq!(region.place.file, "tests/platforms/src/traced.rs", "{platform}");
    assert_eq!(region.place.name.as_deref(), Some("traced_there::fills"), "{platform}");
    let counts = region.counts[0].expect("it was entered");
    assert_eq!((counts.calls, counts.allocs, counts.deallocs, counts.bytes), (3, 3, 3, 48), "{platform}");
    let source = include_str!("../../../tests/platforms/src/traced.rs");
    let line = source.lines().position(|line| line.ends_with("// the line")).expect("it is there") + 1;
    let is_named = report.frames.iter().any(|frame| {
        frame.origin == Origin::Own
            && frame.function.starts_with("traced_there::fills")
            && frame.file.as_deref() == Some("tests/platforms/src/traced.rs")
            && frame.line as usize == line
    });
    assert!(is_named, "{platform}: {:#?}", report.frames);
}

/// Names the platform that programs are built for; what links and runs them is set as cargo has it.
const PLATFORM: &str = "QADAPT_PLATFORM";

#[test]
#[ignore = "needs a platform, and what links and runs its programs: `.ci/run elsewhere`"]
fn programs_are_audited_and_checked_there() {
    let platform = std::env::var(PLATFORM).unwrap_or_else(|error| panic!("{PLATFORM}: {error}"));
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let readme = fs::read_to_string(repository.join("README.md")).expect("the README");
    let (_, report) = readme.split_once("```text\nRegions\n").expect("the README's report");
    let (report, _) = report.split_once("```").expect("it ends");
    let audit = there(&platform, repository, &["audit", "-p", "quickstart"]);
    assert_eq!(audit.status.code(), Some(1), "{platform}: {}", text(&audit.stderr));
    assert_eq!(text(&audit.stdout), format!("Regions\n{report}"), "{platform}: {}", text(&audit.stderr));

    let project = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("elsewhere/checked").join(&platform);
    let _ = fs::remove_dir_all(&project);
    fs::create_dir_all(project.join("src")).expect("the folder can be made");
    let guard = repository.join("qadapt");
    let manifest = format!(
        "[package]\nname = \"radio\"\nedition = \"2024\"\n[workspace]\n[dependencies]\nqadapt.path = {:?}\n\
         [profile.dev]\ndebug = \"limited\"\n[profile.release]\ndebug = \"line-tables-only\"\n",
        guard.display()
    );
    let main = |line: &str| {
        format!(
            "#[global_allocator]\nstatic ALLOC: qadapt::QADAPT = qadapt::QADAPT;\n\n\
             #[qadapt::allocate_panic]\nfn tune(step: u32) {{\n    std::hint::black_box({line});\n}}\n\n\
             fn main() {{\n    (0..3).for_each(tune);\n}}\n"
        )
    };
    let write = |name: &str, text: &str| fs::write(project.join(name), text).expect("it can be written");
    write("Cargo.toml", &manifest);
    // The versions and profiles that this workspace has: the audit has built the guard for both.
    fs::copy(repository.join("Cargo.lock"), project.join("Cargo.lock")).expect("there is a lock file");
    for (line, arguments, code) in [
        ("step", &["check", "--bless"][..], 0),
        ("step", &["check"][..], 0),
        ("Box::new(step)", &["check"][..], 1),
    ] {
        write("src/main.rs", &main(line));
        let check = there(&platform, &project, arguments);
        let said = format!("{platform}: {arguments:?}: {}{}", text(&check.stdout), text(&check.stderr));
        assert_eq!(check.status.code(), Some(code), "{said}");
        assert_eq!(said.contains("src/main.rs:6"), code == 1, "{said}");
    }
}

/// An audit for a platform whose programs nothing here links or runs names the variable to set.
#[test]
#[ignore = "needs std for aarch64, and what links its programs: `.ci/run elsewhere`"]
fn what_links_and_runs_programs_is_named() {
    const RUNNER: &str = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER";
    const LINKER: &str = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER";
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages/audited");
    let said = |set: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
        command
            .args(["qadapt", "audit", "-p", "odd", "--bin", "clean", "--profile", "debug"])
            .current_dir(&fixtures)
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested"))
            .env("CARGO_BUILD_TARGET", "aarch64-unknown-linux-gnu")
            .env_remove(RUNNER)
            .env_remove(LINKER)
            .envs(set.iter().copied());
        let output = command.output().expect("the command starts");
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{set:?}: {stderr}");
        assert!(!stderr.contains("Add `qadapt"), "{set:?}: {stderr}");
        stderr
    };
    // The linkers come first: what is linked already is not linked again.
    let unlinked = said(&[(LINKER, "no-such-linker")]);
    assert!(
        unlinked.contains(&format!(
            "`no-such-linker` does not link this program for aarch64-unknown-linux-gnu: set {LINKER}"
        )),
        "{unlinked}"
    );
    let unlinked = said(&[]);
    assert!(unlinked.contains("nothing is set that links this program"), "{unlinked}");
    assert!(unlinked.contains(&format!("set {LINKER}")), "{unlinked}");
    let linker = (LINKER, "aarch64-linux-gnu-gcc");
    let not_started = said(&[linker]);
    assert!(
        not_started.contains("nothing is set that runs such programs")
            && not_started.contains(&format!("Set {RUNNER}")),
        "{not_started}"
    );
    for runner in ["true", "/bin/false", "no-such-runner"] {
        let nothing_run = said(&[linker, (RUNNER, runner)]);
        assert!(
            nothing_run.contains(&format!("with `{runner}`, which did not run them: set {RUNNER}")),
            "{nothing_run}"
        );
    }
}

/// The rows of DEVELOPMENT.md's table, by target.
fn table() -> BTreeMap<String, Vec<String>> {
    let text = include_str!("../../../DEVELOPMENT.md");
    let (_, table) = text.split_once("| | compiles | tests run here").expect("the table of platforms");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut cells =
            row.trim_matches('|').split(" | ").map(|cell| cell.trim_matches([' ', '`', '|']).to_owned());
        (cells.next().expect("a target"), cells.collect())
    })
    .collect()
}

/// What the table says was compiled, tested and audited is what the steps do.
#[test]
fn the_table_of_platforms_is_what_ci_runs() {
    let table = table();
    let script = include_str!("../../../.ci/run");
    let (_, list) = script.split_once("\nplatforms=(\n").expect("the list of platforms");
    let (list, _) = list.split_once("\n)").expect("it ends");
    let mut platforms: Vec<_> = list.split_whitespace().collect();
    platforms.extend(["x86_64-unknown-linux-gnu", "thumbv7em-none-eabihf"]);
    platforms.sort_unstable();
    assert_eq!(table.keys().collect::<Vec<_>>(), platforms, "the rows are the platforms that are compiled");
    let (_, own) =
        script.split_once("for platform in aarch64-unknown-linux-gnu ").expect("cargo-qadapt's platforms");
    let (own, _) = own.split_once(';').expect("the list ends");
    let mut tested = 0;
    for (platform, cells) in &table {
        let [compiles, tests, _, _, trace, audit, _] = &cells[..] else { panic!("{platform}: {cells:?}") };
        if platform == "x86_64-unknown-linux-gnu" {
            continue;
        }
        let runs = |what: &str| {
            script
                .lines()
                .any(|line| line.contains(&format!("{what} {platform}")) && !line.trim().starts_with('#'))
        };
        assert_eq!(tests.starts_with("the guard's"), runs(" there"), "{platform}: tests");
        assert_eq!(trace == "yes", runs(" there"), "{platform}: trace");
        assert_eq!(audit == "yes", runs("audited_there"), "{platform}: audit");
        let is_built = own.split_whitespace().any(|known| known == platform)
            || platform == "aarch64-unknown-linux-gnu"
            || runs("merged_there");
        assert_eq!(compiles.contains("cargo-qadapt"), is_built, "{platform}: cargo-qadapt");
        tested += u32::from(runs(" there"));
    }
    assert_eq!(tested, 4);
}

/// Runs the command for another platform.
fn there(platform: &str, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"))
        .arg("qadapt")
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_BUILD_TARGET", platform)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder"))
        .output()
        .expect("the command starts")
}

/// A platform, what its files are called, and what links them, if it is not the compiler of this one.
const PLATFORMS: [(&str, &str, Option<&str>); 5] = [
    ("i686-unknown-linux-gnu", "an ELF file for i686", None),
    ("x86_64-pc-windows-gnu", "a PE file for x86-64", None),
    ("wasm32-wasip1", "a WebAssembly module", None),
    ("aarch64-apple-darwin", "a Mach-O file for aarch64", None),
    ("x86_64-apple-darwin", "a Mach-O file for x86-64", None),
];

#[test]
#[ignore = "needs std and linkers for other platforms: `.ci/run elsewhere`"]
fn binaries_of_other_platforms_are_refused_by_name() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("elsewhere");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let source = folder.join("plain.rs");
    fs::write(&source, "fn main() { println!(\"{}\", std::env::args().count()); }")
        .expect("the source is written");
    let mut refused = Vec::new();
    for (platform, name, linker) in PLATFORMS {
        // What Windows starts has this ending, which the linker adds.
        let binary = folder.join(platform).with_extension(if name.contains("PE") { "exe" } else { "" });
        let mut rustc = Command::new("rustc");
        rustc.args(["--edition=2024", "--target", platform]).arg(&source).arg("-o").arg(&binary);
        rustc.args(linker.map(|linker| format!("-Clinker={linker}")));
        if platform.ends_with("darwin") {
            // Nothing links for macOS here; what is not linked has the same format.
            rustc.args(["--emit=obj", "-Ccodegen-units=1"]);
        }
        let output = rustc.output().expect("rustc starts");
        if !output.status.success() {
            println!("{platform}: nothing tested: {}", text(&output.stderr));
            continue;
        }
        let proof =
            qadapt(&["prove", "--binary", binary.to_str().expect("a path in UTF-8"), "--function", "main"]);
        let said = text(&proof.stderr);
        assert_eq!(proof.status.code(), Some(2), "{platform}: {said}");
        let reads = format!(
            "it is {name}, and cargo-qadapt {} reads ELF files for x86-64 and aarch64 alone",
            env!("CARGO_PKG_VERSION")
        );
        assert!(said.contains(&reads), "{platform}: {said}");
        let is_planned = ["PE", "Mach-O"].iter().any(|planned| name.contains(planned));
        assert_eq!(said.contains("a later version will read"), is_planned, "{platform}: {said}");
        refused.push(platform);
    }
    println!("refused: {}", refused.join(", "));
    assert!(!refused.is_empty(), "nothing could be built");
}
