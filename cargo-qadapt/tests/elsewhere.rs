//! Files of other platforms: traces are read, binaries are refused by name.
//!
//! Ignored, since it needs std and linkers for them: `.ci/run elsewhere` runs it, with the traces of
//! `tests/platforms/src/traced.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cargo_qadapt::report::figures::{Origin, Report};

/// Names the folder with a folder of traces for each platform; beside it lies what the command has made of them on that
/// platform, in JSON, if it ran there.
const TRACES: &str = "QADAPT_TRACES_OF_PLATFORMS";

fn qadapt(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"))
        .arg("qadapt")
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
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
        let foreign = |line: &str| line.contains("system32") && line.ends_with("its functions have no names");
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
    let source = include_str!("../../tests/platforms/src/traced.rs");
    let line = source.lines().position(|line| line.ends_with("// the line")).expect("it is there") + 1;
    let is_named = report.frames.iter().any(|frame| {
        frame.origin == Origin::Own
            && frame.function.starts_with("traced_there::fills")
            && frame.file.as_deref() == Some("tests/platforms/src/traced.rs")
            && frame.line as usize == line
    });
    assert!(is_named, "{platform}: {:#?}", report.frames);
}

/// A platform, what its files are called, and what links them, if it is not the compiler of this one.
const PLATFORMS: [(&str, &str, Option<&str>); 6] = [
    ("aarch64-unknown-linux-gnu", "an ELF file for aarch64", Some("aarch64-linux-gnu-gcc")),
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
            "it is {name}, and cargo-qadapt {} reads ELF files for x86-64 alone",
            env!("CARGO_PKG_VERSION")
        );
        assert!(said.contains(&reads), "{platform}: {said}");
        let is_planned = ["aarch64", "PE", "Mach-O"].iter().any(|planned| name.contains(planned));
        assert_eq!(said.contains("a later version will read"), is_planned, "{platform}: {said}");
        refused.push(platform);
    }
    println!("refused: {}", refused.join(", "));
    assert!(!refused.is_empty(), "nothing could be built");
}
