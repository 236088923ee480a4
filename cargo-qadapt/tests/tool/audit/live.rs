//! Live memory: known programs, and the same programs under Valgrind's DHAT and under heaptrack.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use cargo_qadapt::report::figures::{Op, Report};
use cargo_qadapt::report::live::Live;
use serde_json::Value;

use crate::audit::by_line::{ALLOCATOR, ByLine};
use crate::audit::command::{audit, folder, target_directory};
use crate::audit::heaptrack;

/// What became of the blocks of a region, by the text of the line that opens it.
fn lives(report: &Report, source: &str, text: &str) -> Vec<(Op, Live)> {
    let line = source.lines().position(|line| line.contains(text)).expect("there is such a line") + 1;
    let of_region =
        report.sites.iter().filter(|site| report.regions[site.region].place.line as usize == line);
    of_region.filter_map(|site| Some((site.op, site.counts[0]?.live?))).collect()
}

#[test]
fn each_block_is_followed_to_its_end() {
    let source = include_str!("../../packages/audited/odd/src/bin/lives.rs");
    let report = audit("lives", &["--live"]).report();
    let live = |text| {
        let all = lives(&report, source, text);
        let [(_, live)] = all[..] else { panic!("{text}: not one site: {all:?}") };
        live
    };
    let alive = |live: Live| (live.blocks, live.bytes);
    let freed = |live: Live| (live.inside, live.later);
    let peak = |live: Live| (live.peak_blocks, live.peak_bytes);
    let most = |live: Live| (live.most_blocks, live.most_bytes);

    let never = live("forget(made::<56>())");
    assert_eq!(
        (alive(never), peak(never), freed(never), most(never)),
        ((3, 168), (3, 168), (0, 0), (3, 168))
    );
    let elsewhere = live("made::<72>()");
    assert_eq!((alive(elsewhere), freed(elsewhere), most(elsewhere)), ((0, 0), (0, 1), (1, 72)));
    // It is its first site's, however large it gets.
    let grown = live("// grown");
    assert_eq!((alive(grown), peak(grown), most(grown)), ((1, 100), (1, 100), (1, 100)));
    assert_eq!(lives(&report, source, "grown.reserve_exact"), []);
    let adopted = lives(&report, source, "// adopted");
    assert_eq!((adopted[0].0, alive(adopted[0].1)), (Op::Realloc, (1, 201)));
    let highest = live("// peak");
    assert_eq!((alive(highest), peak(highest), freed(highest)), ((0, 0), (1, 1000), (0, 1)));
    let after = live("// after");
    assert_eq!((alive(after), peak(after)), ((1, 500), (0, 0)));
    let first = lives(&report, source, "let later = ");
    let of = |bytes| first.iter().find(|(_, live)| live.most_bytes == bytes).expect("there is such a site").1;
    assert_eq!((freed(of(24)), alive(of(24))), ((1, 0), (0, 0)));
    assert_eq!((freed(of(40)), alive(of(40))), ((0, 1), (0, 0)));
    // Made, and given back one step later.
    assert_eq!((of(24).lifetime, of(40).lifetime), (1, 1));
    // The last one is made two steps before the end, by which three have no other.
    let total = report.profiles[0].live.expect("blocks were followed");
    assert_eq!((total.blocks, total.bytes), (6, 168 + 100 + 201 + 500));
    assert_eq!((total.peak_blocks, total.peak_bytes), (6, 168 + 100 + 201 + 1000));
    // Eleven made, one resized, five given back.
    assert_eq!((total.clock, total.peak_at, total.lost), (17, 15, 0));
    assert_eq!(after.lifetime, 0);
}

#[test]
fn the_line_of_a_leak_comes_first() {
    let text = crate::audit::command::run(&[
        "audit",
        "-p",
        "odd",
        "--bin",
        "lives",
        "--profile",
        "debug",
        "--live",
        "--sort",
        "live",
        "--top",
        "1",
    ]);
    text.assert(1, "");
    assert!(text.stdout.contains("debug: 1 block of 500 bytes alive at the end"), "{}", text.stdout);
    assert!(
        text.stdout.contains("at the peak 6 blocks of 1469 bytes alive, at the end 6 blocks of 969 bytes")
    );
}

/// A child follows its own blocks, and gives its parent's back without their being anybody's.
#[test]
fn a_forked_childs_blocks_are_its_own() {
    let report = audit("forks", &["--live"]).report();
    let total = report.profiles[0].live.expect("blocks were followed");
    assert_eq!(total.lost, 0);
    let made: u64 = report.sites.iter().filter_map(|site| site.counts[0]?.live).map(|live| live.made()).sum();
    let asked: u64 = report
        .sites
        .iter()
        .filter(|site| site.op == Op::Alloc)
        .filter_map(|site| site.counts[0])
        .map(|counts| counts.count)
        .sum();
    assert_eq!(made, asked);
}

#[test]
fn threads_lose_no_block() {
    let report = audit("alive_many", &["--live"]).report();
    let lives: Vec<Live> = report.sites.iter().filter_map(|site| site.counts[0]?.live).collect();
    let [live] = lives[..] else { panic!("not one site: {lives:?}") };
    // Each was given back by another thread than made it.
    assert_eq!((live.blocks, live.bytes, live.inside, live.later), (1000, 48_000, 0, 9000));
    let total = report.profiles[0].live.expect("blocks were followed");
    assert_eq!((total.blocks, total.bytes, total.lost, total.clock), (1000, 48_000, 0, 19_000));
    assert!((1000..=10_000).contains(&total.peak_blocks), "{total:?}");
}

/// How often each pair of lines asks for a block: who calls, and who asks.
fn callers(report: &Report) -> BTreeMap<[u32; 2], u64> {
    let mut callers = BTreeMap::new();
    for site in report.sites.iter().filter(|site| site.op == Op::Alloc) {
        let frames = site.stack.iter().map(|&frame| &report.frames[frame as usize]);
        let own = frames.filter(|frame| {
            frame.file.as_ref().is_some_and(|file| file.ends_with("src/bin/same_depth.rs"))
                && frame.line > SAME_DEPTH_MAIN
        });
        let lines: Vec<u32> = own.map(|frame| frame.line).collect();
        if let (&[asks, calls, ..], Some(counts)) = (&lines[..], site.counts[0]) {
            *callers.entry([calls, asks]).or_default() += counts.count;
        }
    }
    callers
}

/// A line of `same_depth.rs` below which the functions are that call and ask.
const SAME_DEPTH_MAIN: u32 = 30;

/// A stack is not taken for another one that begins at the same place, however it is walked.
fn stacks_of_one_depth(flags: &str, target: &Path) {
    let output =
        crate::audit::command::qadapt(&["audit", "-p", "odd", "--bin", "same_depth", "--profile", "debug"])
            .args(["--whole-program", "--live", "--format", "json"])
            .env("RUSTFLAGS", flags)
            .env("CARGO_TARGET_DIR", target)
            .output()
            .expect("the command starts");
    let report = crate::audit::command::Run::of(output).report();
    let source = include_str!("../../packages/audited/odd/src/bin/same_depth.rs");
    let line = |text: &str| {
        let found = source.lines().position(|line| line.ends_with(text)).expect("there is such a line");
        u32::try_from(found + 1).expect("it fits")
    };
    let mut expected = BTreeMap::new();
    for number in 0..7000_u32 {
        let (calls, asks) = match number.wrapping_mul(0x9E37_79B1) >> 16 & 7 {
            0 => ("// by first", "// one"),
            1 => ("// by second", "// one"),
            2 | 5 => ("// by first", "// other"),
            3 => ("// by second", "// other"),
            4 => ("// by third", "// one"),
            _ => ("// by third", "// other"),
        };
        *expected.entry([line(calls), line(asks)]).or_default() += 5;
    }
    assert_eq!(callers(&report), expected);
}

#[test]
fn stacks_of_one_depth_are_told_apart() {
    stacks_of_one_depth("", &target_directory());
}

#[test]
#[ignore = "builds everything again: `.ci/run live`"]
fn with_frame_pointers_too_stacks_of_one_depth_are_told_apart() {
    let flags = "-Cforce-frame-pointers=yes";
    stacks_of_one_depth(flags, &target_directory().with_file_name("fixtures-with-frame-pointers"));
}

/// What the command says, and all requests and their bytes.
fn ours(program: &str) -> (ByLine, [u64; 2]) {
    let report = audit(program, &["--whole-program", "--live"]).report();
    let (mut lines, mut all) = (ByLine::new(), [0; 2]);
    for site in &report.sites {
        let own = format!("src/bin/{program}.rs");
        let mut frames = site.stack.iter().map(|&frame| &report.frames[frame as usize]);
        let line = frames.find(|frame| {
            frame.file.as_ref().is_some_and(|file| file.ends_with(&own)) && frame.line != ALLOCATOR
        });
        let (Some(line), Some(counts)) = (line, site.counts[0]) else { continue };
        if site.op != Op::Dealloc {
            all[0] += counts.count;
            all[1] += counts.bytes;
        }
        if let Some(live) = counts.live {
            let figures = [live.peak_bytes, live.peak_blocks, live.bytes, live.blocks];
            let sum = lines.entry(line.line.into()).or_default();
            sum.iter_mut().zip(figures).for_each(|(sum, figure)| *sum += figure);
        }
    }
    lines.retain(|_, figures| *figures != [0; 4]);
    (lines, all)
}

/// What Valgrind says, of what came through the guard.
fn dhats(program: &str) -> (ByLine, [u64; 2]) {
    let file = folder("dhat").join(program);
    let output = Command::new("valgrind")
        .args(["--tool=dhat", "--num-callers=60"])
        .arg(format!("--dhat-out-file={}", file.display()))
        .arg(target_directory().join("qadapt/debug").join(program))
        .env("QADAPT_MODE", "count")
        .output()
        .expect("valgrind starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read(&file).expect("valgrind writes it");
    let dhat: Value = serde_json::from_slice(&text).expect("it is JSON");
    let (mut lines, mut all) = (ByLine::new(), [0; 2]);
    for point in dhat["pps"].as_array().expect("points") {
        let number = |name: &str| point[name].as_u64().expect("a number");
        let frames = point["fs"].as_array().expect("frames").iter();
        let frames: Vec<&str> = frames
            .map(|frame| {
                dhat["ftbl"][usize::try_from(frame.as_u64().expect("a number")).expect("it fits")]
                    .as_str()
                    .expect("a text")
            })
            .collect();
        let own = format!("({program}.rs:");
        let line = frames
            .iter()
            .filter_map(|frame| frame.split_once(&own)?.1.trim_end_matches(')').parse().ok())
            .find(|&line| line != u64::from(ALLOCATOR));
        let (Some(line), true) = (line, frames.iter().any(|frame| frame.contains("qadapt::hot"))) else {
            continue;
        };
        all[0] += number("tbk");
        all[1] += number("tb");
        let sum = lines.entry(line).or_default();
        sum.iter_mut().zip(["gb", "gbk", "eb", "ebk"]).for_each(|(sum, name)| *sum += number(name));
    }
    lines.retain(|_, figures| *figures != [0; 4]);
    (lines, all)
}

const PROGRAMS: [&str; 3] = ["lives", "alive_maps", "alive_threads"];

#[test]
#[ignore = "needs Valgrind: `.ci/run live`"]
fn dhat_says_the_same() {
    for program in PROGRAMS {
        let (ours, theirs) = (ours(program), dhats(program));
        assert!(ours.0.len() >= 3 && ours.1[0] > 8, "{program}: {ours:?}");
        assert_eq!(ours, theirs, "{program}: ours and DHAT's");
    }
}

#[test]
#[ignore = "needs heaptrack: `.ci/run live`"]
fn heaptrack_says_the_same() {
    for program in PROGRAMS {
        let (ours, theirs) = (ours(program), heaptrack::recorded(program));
        assert!(ours.0.len() >= 3 && ours.1[0] > 8, "{program}: {ours:?}");
        assert_eq!(ours, theirs, "{program}: ours and heaptrack's");
    }
}
