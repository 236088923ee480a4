//! Many traces at once.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::Once;
use std::time::Instant;

use cargo_qadapt::report::figures::Report;
use qadapt_code::origin::Origin;
use qadapt_trace::{At, Event, Header, NewModule, NewRegion, Op, RegionKind, Table, Trace};

use crate::audit::command::{Run, audit, counts, folder, qadapt, target_directory};

/// Stacks of one trace: with 20 frames each, about 1 MB of stacks and sites.
const STACKS: u32 = 3200;
const FRAMES: usize = 20;
const START: u64 = 0x5555_0000_0000;

/// A trace with one region and a site for each of its stacks, as a program would leave it.
fn template() -> &'static [u8] {
    static TRACE: Trace = Trace::new();
    static WRITTEN: Once = Once::new();
    WRITTEN.call_once(|| write_to(&TRACE));
    #[expect(unsafe_code, reason = "a trace is written through memory")]
    // SAFETY: the trace is a static, of plain numbers, that nobody writes any more.
    unsafe {
        std::slice::from_raw_parts((&raw const TRACE).cast(), <Trace>::FILE_SIZE)
    }
}

fn write_to(trace: &Trace) {
    trace.begin(1, 0, qadapt_trace::flags::ALLOCATOR | qadapt_trace::flags::EXITED, b"/no/such/program");
    let end = START + 0x10_0000_0000;
    trace.module(&NewModule { start: START, end, path: b"/no/such/program", build_id: b"id", file_size: 1 });
    let region = NewRegion {
        key: 1,
        kind: RegionKind::Plain,
        name: b"tick",
        thread: b"",
        file: b"src/main.rs",
        line: 1,
        column: 1,
    };
    let tick = trace.region(&region).expect("there is room");
    trace.enter(tick);
    let event = Event { op: Op::Alloc, size: 8, old_size: 0, failed: false };
    for number in 0..STACKS {
        let frames: Vec<usize> = (0..FRAMES)
            .map(|frame| {
                usize::try_from(START).expect("64 bits") + 16 * (1 + number as usize * FRAMES + frame)
            })
            .collect();
        let key = u64::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let stack = trace.stack(key, &frames, 0, || {});
        trace.count(tick, &event);
        trace.count_event();
        trace.count_disallowed(tick);
        trace.count_all_disallowed();
        trace.site(key, At { region: tick, stack }, &event, 8, 1);
    }
}

/// Writes copies of the trace, each loaded at another address, as separate runs would be.
fn write(folder: &Path, how_many: u64) {
    let template = template();
    let header = Header::parse(template).expect("it is a trace");
    for run in 0..how_many {
        let shift = run << 12;
        let file = File::create(folder.join(format!("run-{run}.qtrace"))).expect("the file can be made");
        file.set_len(template.len() as u64).expect("the file can grow");
        file.write_all_at(&template[..qadapt_trace::HEADER_SIZE], 0).expect("the file can be written");
        for kind in Table::ALL {
            let section = header.section(kind);
            let start = usize::try_from(section.offset).expect("64 bits");
            let length = usize::try_from(section.length()).expect("64 bits");
            let mut bytes = template[start..start + length].to_vec();
            if kind == Table::Frames || kind == Table::Modules {
                for word in bytes.chunks_exact_mut(8) {
                    let number = u64::from_ne_bytes(word.try_into().expect("8 bytes"));
                    if (START..=START + 0x10_0000_0000).contains(&number) {
                        word.copy_from_slice(&(number + shift).to_ne_bytes());
                    }
                }
            }
            file.write_all_at(&bytes, section.offset).expect("the file can be written");
        }
    }
}

fn merged(folder: &Path) -> Report {
    // A limit on memory, in KiB: where it is too little the command dies.
    let script = "ulimit -v 204800; exec \"$0\" merge --format json --output \"$1/report.json\" \"debug=$1\"";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_cargo-qadapt")])
        .arg(folder)
        .output()
        .expect("a shell");
    // The program is not there, which is an error that leaves the counts as they are.
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && stderr.contains("/no/such/program"), "{stderr}");
    let text = fs::read(folder.join("report.json")).expect("there is a report");
    serde_json::from_slice(&text).expect("it is JSON")
}

fn check(report: &Report, runs: u64) {
    assert_eq!(report.profiles[0].processes, runs);
    let tick = counts(report, "tick");
    assert_eq!(
        (tick.calls, tick.allocs, tick.bytes),
        (runs, runs * u64::from(STACKS), runs * u64::from(STACKS) * 8)
    );
    assert_eq!(report.sites.len(), STACKS as usize, "one address is one place, wherever it is loaded");
    assert!(report.sites.iter().all(|site| site.counts[0].is_some_and(|counts| counts.count == runs)));
}

#[test]
fn traces_add_up_in_little_memory() {
    let folder = folder("some");
    write(&folder, 20);
    check(&merged(&folder), 20);
}

#[test]
fn a_trace_is_of_the_profile_that_its_folder_is_called() {
    let folder = folder("dev");
    write(&folder, 1);
    std::fs::create_dir_all(folder.join("below")).expect("a folder");
    let profile = |here: &str, input: &str| {
        let mut merge = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
        merge.args(["merge", "--format", "json", input]).current_dir(folder.join(here));
        let report: Report =
            serde_json::from_slice(&merge.output().expect("it starts").stdout).expect("it is JSON");
        report.profiles.iter().map(|profile| profile.name.clone()).collect::<Vec<_>>()
    };
    for (here, input) in [
        ("", "run-0.qtrace"),
        ("", "./run-0.qtrace"),
        ("below", "../run-0.qtrace"),
        ("", "."),
        ("", "dev=run-0.qtrace"),
    ] {
        assert_eq!(profile(here, input), ["debug"], "{input}: as `dev` is called here");
    }
    assert_eq!(profile("", "mine=run-0.qtrace"), ["mine"]);
}

#[test]
fn a_file_that_is_given_twice_counts_once() {
    let folder = folder("twice");
    write(&folder, 2);
    for (inputs, said) in [
        (
            &["debug=run-0.qtrace", "debug=./run-0.qtrace"][..],
            Some("`debug=./run-0.qtrace` was given before"),
        ),
        (&["debug=.", "run-1.qtrace"], Some("`run-1.qtrace` was given before")),
        (&["debug=run-1.qtrace", "debug=."], Some("1 of 2 files in `debug=.` were given before")),
        (&["debug=run-1.qtrace", "debug=run-0.qtrace"], None),
    ] {
        let mut merge = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
        merge.args(["merge", "--format", "json"]).args(inputs).current_dir(&folder);
        let output = merge.output().expect("it starts");
        let report: Report = serde_json::from_slice(&output.stdout).expect("it is JSON");
        let stderr = String::from_utf8_lossy(&output.stderr);
        let one = u64::from(inputs[0] == "debug=run-0.qtrace");
        assert_eq!(report.profiles[0].processes, 2 - one, "{inputs:?}: {stderr}");
        match said {
            Some(said) => assert!(stderr.contains(said), "no `{said}` in {stderr}"),
            None => assert!(!stderr.contains("given before"), "{stderr}"),
        }
    }
}

/// Nothing is read from what is read once, and nothing written over what is read.
#[test]
fn what_is_no_input_is_refused() {
    let folder = folder("refused");
    write(&folder, 1);
    let merge = |arguments: &[&str]| {
        let mut merge = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
        let output = merge.arg("merge").args(arguments).current_dir(&folder).output().expect("it starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    merge(&["debug=run-0.qtrace", "--format", "json", "--output", "a.json"]);
    let report = fs::read(folder.join("a.json")).expect("there is a report");
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().expect("there is mkfifo").success());
    std::os::unix::fs::symlink("a.json", folder.join("link.json")).expect("a link can be made");
    fs::hard_link(folder.join("a.json"), folder.join("hard.json")).expect("a link can be made");
    fs::create_dir_all(folder.join("empty")).expect("a folder");
    for (arguments, said) in [
        (&["empty"][..], "there is no trace in the folder `empty`: give"),
        (&["pipe"], "`pipe` is neither a file nor a folder: write what comes from it to a file"),
        (&["debug=pipe"], "`pipe` is neither a file nor a folder"),
        (&["/dev/null"], "`/dev/null` is neither a file nor a folder"),
        (&["release=a.json"], "a report in JSON has the names of its profiles: leave `release=` out"),
        (&["a.json", "--output", "a.json"], "`--output a.json` would overwrite `a.json`, which is read"),
        (&["./a.json", "--output", "a.json"], "would overwrite"),
        (&["a.json", "--output", "link.json"], "would overwrite"),
        (&["a.json", "--output", "hard.json"], "would overwrite"),
        (&["debug=.", "--output", "run-0.qtrace"], "would overwrite"),
    ] {
        let (code, stderr) = merge(arguments);
        assert!(code == Some(2) && stderr.contains(said), "no `{said}` for {arguments:?} in {stderr}");
        assert!(!stderr.contains("nothing was audited"), "that was said: {stderr}");
        assert!(fs::read(folder.join("a.json")).is_ok_and(|now| now == report), "{arguments:?}");
    }
}

/// A trace has no more than addresses: whose code that is, and what is no violation, is settled where it is read.
#[test]
fn traces_are_read_by_the_settings_of_the_workspace() {
    let folder = folder("settled");
    let [traces, source] = ["debug", "src"].map(|name| folder.join(name));
    for path in [&traces, &source] {
        fs::create_dir_all(path).expect("a folder");
    }
    fs::write(source.join("lib.rs"), "").expect("it can be written");
    let manifest = "[package]\nname = \"settled\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(folder.join("Cargo.toml"), manifest).expect("it can be written");
    audit("left_out", &[]).assert(1, "");
    let mut program = Command::new(target_directory().join("qadapt/debug/left_out"));
    let status = program.env("QADAPT_TRACE", &traces).env("QADAPT_MODE", "count").status();
    assert!(status.expect("the program starts").success());
    let merge = |here: &str, format: &str| {
        let mut merge = qadapt(&["merge", "--format", format]);
        Run::of(merge.arg(&traces).current_dir(folder.join(here)).output().expect("it starts"))
    };
    for (settings, expected) in [
        ("", Some(Origin::Own)),
        ("[sites]\nown = [\"workspace\"]\n", Some(Origin::Dependency)),
        ("[sites]\nthrough = [\"*\"]\n", Some(Origin::Wrapper)),
        ("[[suppress]]\nfile = \"*/left_out.rs\"\nreason = \"known for long\"\n", None),
    ] {
        fs::write(folder.join("qadapt.toml"), settings).expect("it can be written");
        for here in ["", "src"] {
            let merged = merge(here, "json");
            merged.assert(i32::from(expected.is_some()), "");
            let report = merged.report();
            let sites = report.sites.iter().flat_map(|site| &site.stack);
            let frames = sites.map(|number| &report.frames[*number as usize]);
            let is_of_program = |file: &str| file.ends_with("/left_out.rs");
            let mut found: Vec<_> = frames
                .filter(|frame| frame.file.as_deref().is_some_and(is_of_program))
                .map(|frame| frame.origin)
                // The line of the allocator is nobody's.
                .filter(|origin| *origin != Origin::Internal)
                .collect();
            found.dedup();
            assert_eq!(found, Vec::from_iter(expected), "in `{here}`: {settings}");
        }
    }
    let text = merge("src", "text");
    text.assert(0, "");
    assert!(text.stdout.contains("suppressed by qadapt.toml: "), "{}", text.stdout);
    assert!(text.stdout.contains(": known for long"), "{}", text.stdout);

    fs::write(folder.join("qadapt.toml"), "[sites]\nowns = []\n").expect("it can be written");
    merge("src", "json").assert(2, "unknown field `owns`");
    fs::write(folder.join("qadapt.toml"), "").expect("it can be written");
    let mut over = qadapt(&["merge", "--format", "json", "--output", "../qadapt.toml"]);
    let over = over.arg(&traces).current_dir(&source).output().expect("it starts");
    Run::of(over).assert(2, "would overwrite");
}

/// Prints how long it takes.
#[test]
#[ignore = "writes 1.2 GB: cargo test --release -p cargo-qadapt --test tool -- --ignored --nocapture a_thousand"]
fn a_thousand_traces_add_up_in_little_memory() {
    let folder = folder("thousand");
    write(&folder, 1000);
    let start = Instant::now();
    let report = merged(&folder);
    println!("1000 traces in {:.1} s", start.elapsed().as_secs_f64());
    check(&report, 1000);
    fs::remove_dir_all(&folder).expect("the folder can be removed");
}
