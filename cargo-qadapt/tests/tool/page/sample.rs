//! Reports to show.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cargo_qadapt::format::name::Format;
use cargo_qadapt::format::view::View;
use cargo_qadapt::report::figures::{
    Counts, Frame, Op, Region, RegionKind, RegionPlace, Report, Site, SiteCounts, VERSION,
};
use cargo_qadapt::report::outcome::{Finding, Outcome, Rule};
use qadapt_code::origin::Origin;

/// An empty folder for one test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// Writes the page of a report whose sources lie in the folder.
pub(crate) fn page(report: &Report, folder: &Path, outcome: Option<Outcome>) -> PathBuf {
    let view = View { outcome, ..View::new(report, folder) };
    let page = Format::Html.render(&view).expect("it can be rendered");
    let path = folder.join("report.html");
    std::fs::write(&path, page).expect("it can be written");
    path
}

/// A program that tunes a radio: allocations in both profiles, in one, more often in one.
pub(crate) fn radio(folder: &Path) -> Report {
    let source = "#[no_alloc]\nfn tune(list: &mut Vec<u64>) {\n    list.push(1);\n    list.reserve(9);\n\
                  \x20   let name = format!(\"{list:?}\");\n    drop(name);\n}\n\n#[no_alloc]\nfn clean() {}\n";
    std::fs::create_dir_all(folder.join("src")).expect("the folder can be made");
    std::fs::write(folder.join("src/radio.rs"), source).expect("it can be written");
    let mut report = Report { version: VERSION, ..Report::default() };
    for (name, disallowed) in [("debug", 13), ("release", 9)] {
        let index = report.profile(name);
        report.profiles[index].processes = 1;
        report.profiles[index].events = disallowed;
        report.profiles[index].disallowed = disallowed;
    }
    let region = |line, name: Option<&str>, counts: [Option<Counts>; 2]| Region {
        place: RegionPlace {
            file: "src/radio.rs".into(),
            line,
            column: 1,
            name: name.map(str::to_owned),
            kind: RegionKind::Plain,
            by: None,
        },
        counts: counts.to_vec(),
    };
    let busy =
        Counts { calls: 4, allocs: 9, bytes: 4321, peak_bytes: 99, disallowed: 13, ..Counts::default() };
    let quiet = Counts { calls: 7, ..Counts::default() };
    report.regions = vec![
        region(1, Some("tuning"), [Some(busy), Some(Counts { disallowed: 9, ..busy })]),
        region(9, None, [Some(quiet), Some(quiet)]),
    ];
    let frame = |function: &str, file: &str, line, origin| Frame {
        function: function.into(),
        file: Some(file.into()),
        line,
        column: 5,
        origin,
    };
    let library = "/rustc/0123/library/alloc/src/vec/mod.rs";
    report.frames = vec![
        frame("alloc::vec::Vec<T,A>::push", library, 2000, Origin::Internal),
        frame("alloc::vec::Vec<T,A>::reserve", library, 1000, Origin::Internal),
        frame("alloc::fmt::format", "/rustc/0123/library/alloc/src/fmt.rs", 600, Origin::Internal),
        frame("radio::tune", "src/radio.rs", 3, Origin::Own),
        frame("radio::tune", "src/radio.rs", 4, Origin::Own),
        frame("radio::tune", "src/radio.rs", 5, Origin::Own),
        frame("radio::main", "src/main.rs", 8, Origin::Own),
        frame("std::rt::lang_start", "/rustc/0123/library/std/src/rt.rs", 200, Origin::Internal),
    ];
    let site = |op, stack: &[u32], counts: [u64; 2]| Site {
        region: 0,
        op,
        stack: stack.to_vec(),
        counts: counts
            .iter()
            .map(|&count| {
                (count > 0).then_some(SiteCounts {
                    count,
                    estimate: count,
                    bytes: 100 * count,
                    largest: 100,
                    align: 8,
                    ..SiteCounts::default()
                })
            })
            .collect(),
    };
    report.sites = vec![
        site(Op::Alloc, &[0, 3, 6, 7], [4, 4]),
        site(Op::Realloc, &[1, 4, 6, 7], [6, 3]),
        site(Op::Alloc, &[2, 5, 6, 7], [3, 0]),
        site(Op::Dealloc, &[5, 6, 7], [0, 2]),
    ];
    report
}

/// What a check says of the radio.
pub(crate) fn findings() -> Outcome {
    Outcome {
        findings: vec![
            Finding {
                rule: Rule::MoreThanBaseline,
                region: Some(0),
                profiles: vec![1],
                message: "tuning: 9 events in release, and 7 in the baseline: find the new line below".into(),
                // One of them is not there.
                lines: vec![1, 99],
            },
            Finding {
                rule: Rule::Unmatched,
                region: None,
                profiles: Vec::new(),
                message: "the budget `gone` matches nothing: take it out of qadapt.toml".into(),
                lines: Vec::new(),
            },
        ],
    }
}

/// So many sites in files of 500 lines, with stacks as programs have them: much alike outside, different inside.
pub(crate) fn many(sites: u32, folder: &Path) -> Report {
    const PER_FILE: u32 = 50;
    let files = sites.div_ceil(PER_FILE);
    std::fs::create_dir_all(folder.join("src")).expect("the folder can be made");
    for file in 0..files {
        let mut text = String::new();
        for line in 1..=500 {
            let _ = writeln!(text, "    let value_{line} = compute(&input, {line}).map(|v| v.to_string());");
        }
        std::fs::write(folder.join(format!("src/part_{file}.rs")), text).expect("it can be written");
    }
    let mut report = Report { version: VERSION, ..Report::default() };
    for name in ["debug", "release"] {
        let index = report.profile(name);
        report.profiles[index].processes = 1;
    }
    let mut frame = |function: String, file: String, line, origin| {
        report.frames.push(Frame { function, file: Some(file), line, column: 9, origin });
        u32::try_from(report.frames.len() - 1).expect("it is small")
    };
    let inner: Vec<u32> = (0..12)
        .map(|index| {
            let file = "/rustc/0123/library/alloc/src/raw_vec/mod.rs".to_owned();
            frame(format!("alloc::raw_vec::RawVec<T,A>::step_{index}"), file, 100 + index, Origin::Internal)
        })
        .collect();
    let outer: Vec<u32> = (0..300)
        .map(|index| {
            frame(
                format!("program::layer_{}::call_{index}", index % 6),
                "src/main.rs".into(),
                index + 1,
                Origin::Own,
            )
        })
        .collect();
    let own: Vec<u32> = (0..sites)
        .map(|site| {
            let (file, line) = (site / PER_FILE, 1 + site % PER_FILE * 9);
            frame(
                format!("program::part_{file}::work_{line}"),
                format!("src/part_{file}.rs"),
                line,
                Origin::Own,
            )
        })
        .collect();
    let mut place = 0;
    let counts = |count: u64| {
        (count > 0).then_some(SiteCounts {
            count,
            estimate: count,
            bytes: 24 * count,
            largest: 24,
            align: 8,
            ..SiteCounts::default()
        })
    };
    for site in 0..sites {
        let region = site / 20;
        let pick = |layer: u32| outer[(region.wrapping_mul(7919 + layer) % 50 * 6 + layer) as usize];
        let mut stack: Vec<u32> = inner[(site % 6) as usize..].to_vec();
        stack.push(own[site as usize]);
        stack.extend((0..6).map(pick));
        let often = u64::from(site % 97 + 1);
        let both =
            [counts(often), if site % 5 == 0 { None } else { counts(often - u64::from(site % 7 == 0)) }];
        let op = [Op::Alloc, Op::Alloc, Op::Realloc, Op::Dealloc, Op::AllocZeroed][(site % 5) as usize];
        for (profile, counts) in report.profiles.iter_mut().zip(&both) {
            let events = counts.map_or(0, |counts| counts.count);
            profile.events += events;
            profile.disallowed += events;
        }
        if region == place {
            place += 1;
            let counts = Counts {
                calls: 3,
                allocs: 20,
                bytes: 9999,
                peak_bytes: 77,
                disallowed: 20,
                ..Counts::default()
            };
            report.regions.push(Region {
                place: RegionPlace {
                    file: format!("src/part_{}.rs", site / PER_FILE),
                    line: 1 + site % PER_FILE * 9,
                    column: 5,
                    name: (region % 3 == 0).then(|| format!("stage {region}")),
                    kind: RegionKind::Plain,
                    by: None,
                },
                counts: vec![Some(counts), Some(counts)],
            });
        }
        report.sites.push(Site { region: region as usize, op, stack, counts: both.to_vec() });
    }
    report
}
