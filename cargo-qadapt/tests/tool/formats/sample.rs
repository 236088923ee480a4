//! The reports that the tests print.

use std::path::{Path, PathBuf};

use cargo_qadapt::format::name::Format;
use cargo_qadapt::format::view::View;
use cargo_qadapt::report::figures::{
    By, Counts, Frame, Op, Region, RegionKind, RegionPlace, Report, Site, SiteCounts, VERSION,
};
use cargo_qadapt::report::outcome::{Finding, Outcome, Rule};
use cargo_qadapt::report::suppress::Suppressed;
use qadapt_code::origin::Origin;

/// A report, where its sources lie, and what a check made of it.
pub(crate) struct Sample {
    pub(crate) report: Report,
    pub(crate) root: PathBuf,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) suppressed: Vec<Suppressed>,
}

impl Sample {
    pub(crate) fn view(&self) -> View<'_> {
        let mut view = View::new(&self.report, &self.root);
        view.outcome.clone_from(&self.outcome);
        view.suppressed.clone_from(&self.suppressed);
        view
    }

    pub(crate) fn render(&self, format: Format) -> Vec<u8> {
        format.render(&self.view()).expect("it can be written")
    }

    pub(crate) fn text(&self, format: Format) -> String {
        String::from_utf8(self.render(format)).expect("it is UTF-8")
    }
}

/// An empty folder that is its own repository.
pub(crate) fn root(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("formats").join(name);
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(root.join(".git")).expect("the folder can be made");
    root
}

/// Two profiles, three regions, and a stack of each kind.
pub(crate) fn small(name: &str) -> Sample {
    let root = root(name);
    std::fs::create_dir_all(root.join("src")).expect("the folder can be made");
    let source = "\
//! A radio.

#[allocate_panic]
fn tune(list: &mut Vec<u64>) {
    list.push(1);
    if list.len() > 2 || list.is_empty() { list.shrink_to_fit(); }
}

fn main() {
    assert_no_alloc(|| serde::parse(\"x\"));
    tune(&mut Vec::new());
}
";
    std::fs::write(root.join("src/main.rs"), source).expect("the file can be written");
    let mut report = Report { version: VERSION, ..Report::default() };
    for (name, events, unsampled) in [("debug", 60, 45), ("release", 1, 0)] {
        let index = report.profile(name);
        report.profiles[index].processes = 1;
        report.profiles[index].events = events;
        report.profiles[index].disallowed = events;
        report.profiles[index].unsampled = unsampled;
    }
    report.frames = frames();
    let place = |line: u32, name: Option<&str>, kind: RegionKind| RegionPlace {
        file: "src/main.rs".into(),
        line,
        column: 1,
        name: name.map(str::to_owned),
        kind,
        by: None,
    };
    let counts = |allocs: u64, reallocs: u64, deallocs: u64| Counts {
        calls: 3,
        allocs,
        reallocs,
        deallocs,
        bytes: 8 * (allocs + reallocs),
        peak_bytes: 32,
        disallowed: allocs + reallocs + deallocs,
        ..Counts::default()
    };
    report.regions = vec![
        Region {
            place: place(3, Some("tune"), RegionKind::Plain),
            counts: vec![Some(counts(2, 1, 48)), Some(counts(1, 0, 0))],
        },
        Region { place: place(10, None, RegionKind::Plain), counts: vec![Some(counts(3, 0, 0)), None] },
        Region {
            place: RegionPlace { file: String::new(), line: 0, ..place(0, None, RegionKind::WholeProgram) },
            counts: vec![Some(counts(6, 0, 0)), Some(counts(0, 0, 0))],
        },
    ];
    let site = |region: usize, op: Op, stack: &[u32], counts: [Option<(u64, u64)>; 2]| Site {
        region,
        op,
        stack: stack.to_vec(),
        counts: counts
            .into_iter()
            .map(|counts| {
                counts.map(|(count, estimate)| SiteCounts {
                    count,
                    estimate,
                    bytes: 8 * estimate,
                    largest: 8,
                    align: 8,
                    variance: if estimate > count { 720.0 } else { 0.0 },
                    bytes_variance: if estimate > count { 46_080.0 } else { 0.0 },
                    ..SiteCounts::default()
                })
            })
            .collect(),
    };
    report.sites = vec![
        site(0, Op::Alloc, &[0, 1, 2], [Some((2, 2)), Some((1, 1))]),
        site(0, Op::Realloc, &[3, 4, 2], [Some((1, 1)), None]),
        site(0, Op::Dealloc, &[3, 4, 2], [Some((3, 48)), None]),
        site(1, Op::Alloc, &[0, 5], [Some((3, 3)), None]),
        site(2, Op::AllocZeroed, &[6], [Some((5, 5)), None]),
        site(2, Op::Alloc, &[], [Some((1, 1)), None]),
    ];
    Sample { report, root, outcome: None, suppressed: Vec::new() }
}

/// The frames of the small report: the user's own, a dependency's, the standard library's, and one without a name.
fn frames() -> Vec<Frame> {
    let frame = |function: &str, file: Option<&str>, line: u32, origin: Origin| Frame {
        function: function.into(),
        file: file.map(str::to_owned),
        line,
        column: 5,
        origin,
    };
    vec![
        frame(
            "alloc::vec::Vec<T,A>::push",
            Some("/rustc/abc/library/alloc/src/vec/mod.rs"),
            2442,
            Origin::Internal,
        ),
        frame("radio::tune", Some("src/main.rs"), 5, Origin::Own),
        frame("radio::main", Some("src/main.rs"), 11, Origin::Own),
        frame(
            "alloc::vec::Vec<T,A>::shrink_to_fit",
            Some("/rustc/abc/library/alloc/src/vec/mod.rs"),
            1300,
            Origin::Internal,
        ),
        frame("radio::tune", Some("src/main.rs"), 6, Origin::Own),
        frame(
            "serde::parse",
            Some("/home/me/.cargo/registry/src/serde-1.0/src/lib.rs"),
            9,
            Origin::Dependency,
        ),
        frame("radio+0x1234", None, 0, Origin::Internal),
    ]
}

/// The same after a check with a finding of each kind.
pub(crate) fn checked(name: &str) -> Sample {
    let finding = |rule, region, profile: Option<usize>, message: &str, lines: &[usize]| Finding {
        rule,
        region,
        profiles: profile.into_iter().collect(),
        message: message.into(),
        lines: lines.to_vec(),
    };
    let findings = vec![
        finding(
            Rule::MoreThanBaseline,
            Some(0),
            Some(0),
            "tune: 2 allocations in debug, and 1 in the baseline.",
            &[0, 1],
        ),
        finding(Rule::OverBudget, Some(1), None, "src/main.rs:10: 3 allocations, and the budget is 0.", &[]),
        finding(Rule::LessThanBaseline, Some(2), Some(1), "the whole program: 0 allocations, not 5.", &[]),
        finding(Rule::Varies, Some(0), Some(1), "tune: 0 to 1 allocations in release.", &[]),
        finding(
            Rule::Unmatched,
            None,
            None,
            "qadapt.toml: the budget for `radio::*` matches no region.",
            &[],
        ),
    ];
    Sample { outcome: Some(Outcome { findings }), ..small(name) }
}

/// What a program may call its things, to the reader's harm.
pub(crate) fn nasty() -> Vec<String> {
    let mut nasty: Vec<String> = [
        "a|b||c",
        "\\|",
        "x\\",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</code></td><b>",
        "]]>",
        "<![CDATA[<!--",
        "-->",
        "&amp;&#x3c;&",
        "\x1b[35mred\x1b]0;title\x07",
        "two\nlines",
        "\r\n::error file=x::pwned",
        "::error file=x,line=1::pwned",
        "::stop-commands::token",
        "##[error]pwned",
        "  ##[add-mask]x",
        "##vso[task.setvariable variable=x]y",
        "\"quotes' \"",
        "`code` ``two`` ```three",
        "\u{202e}rtl\u{2066}",
        "%0A%25%0d",
        "a;b 5",
        "name 7 9",
        "# heading",
        "| --- |",
        "@someone #1",
        "www.example.com http://example.com a@example.com",
        "[x](javascript:alert(1))",
        "![x](http://example.com/x.png)",
        "\u{FFFE}\u{FFFF}\u{FEFF}",
        "a\u{2028}b\u{85}c",
        "",
        " ",
        "\0nul\0",
        "${{ secrets.TOKEN }} $(id)",
        "../../../etc/passwd",
        "/etc/passwd",
        "C:\\windows",
        "__proto__",
    ]
    .map(str::to_owned)
    .to_vec();
    nasty.push("x".repeat(1 << 20));
    nasty.push("é|".repeat(1 << 19));
    nasty
}

/// A report in which everything has a nasty name, with a source that is no text.
pub(crate) fn hostile(name: &str) -> Sample {
    let root = root(name);
    let nasty = nasty();
    let mut report = Report { version: VERSION, ..Report::default() };
    for profile in ["<b>de|bug</b>", "::error::\n\x1b[35m"] {
        let index = report.profile(profile);
        report.profiles[index].disallowed = 7;
    }
    for (index, name) in nasty.iter().enumerate() {
        // Where the system lets a file have this name it has it, and the site's line is nasty itself.
        let mut source: Vec<u8> = name.replace('\n', " ").into_bytes();
        source.extend(b"\n\xFF\xFE<script>\x80|`\n");
        source.extend(vec![b'y'; 1 << 10]);
        if !name.contains("..") && !name.starts_with('/') {
            let _ = std::fs::write(root.join(name), source);
        }
        let counts = Counts { calls: 1, allocs: 1, disallowed: 1, ..Counts::default() };
        report.regions.push(Region {
            place: RegionPlace {
                file: name.clone(),
                line: 1 + u32::from(index % 3 == 0),
                column: u32::MAX,
                name: (index % 2 == 0).then(|| name.clone()),
                kind: if index % 5 == 0 { RegionKind::WholeProgram } else { RegionKind::Policy },
                by: (index % 7 == 0).then(|| By::Test(name.clone())),
            },
            counts: vec![Some(counts), (index % 4 > 0).then_some(counts)],
        });
        for (origin, line) in [(Origin::Own, 1), (Origin::Internal, u32::MAX), (Origin::Dependency, 0)] {
            report.frames.push(Frame {
                function: name.clone(),
                file: (index % 7 > 0).then(|| name.clone()),
                line,
                column: 0,
                origin,
            });
        }
        let own = u32::try_from(3 * index).expect("it is small");
        let other = u32::try_from(3 * ((index + 11) % nasty.len())).expect("it is small");
        for (op, stack) in [
            (Op::Alloc, vec![own + 1, own, other]),
            (Op::AllocZeroed, vec![own + 2]),
            (Op::Realloc, vec![own; 300]),
            (Op::Dealloc, Vec::new()),
        ] {
            let most = SiteCounts {
                count: 1,
                estimate: u64::MAX,
                bytes: u64::MAX,
                largest: u64::MAX,
                align: 1,
                ..SiteCounts::default()
            };
            let one =
                SiteCounts { count: 1, estimate: 1, bytes: 1, largest: 1, align: 1, ..SiteCounts::default() };
            let counts = vec![Some(if index == 0 { most } else { one }), (index % 2 == 0).then_some(one)];
            report.sites.push(Site { region: index, op, stack, counts });
        }
    }
    Sample { report, root, outcome: None, suppressed: Vec::new() }
}

/// The same after a check whose messages are nasty.
pub(crate) fn hostile_checked(name: &str) -> Sample {
    let sample = hostile(name);
    let rules = [Rule::MoreThanBaseline, Rule::Varies, Rule::NewRegion, Rule::Unmatched];
    let findings = nasty().into_iter().enumerate().map(|(index, message)| Finding {
        rule: rules[index % rules.len()],
        region: (index % 3 > 0).then_some(index),
        profiles: if index % 2 > 0 { vec![index % 5] } else { Vec::new() },
        message,
        // Some of them are not there.
        lines: if index % 2 == 0 { vec![index, 100_000] } else { Vec::new() },
    });
    let suppressed =
        nasty().into_iter().map(|name| Suppressed { what: name.clone(), reason: name, events: vec![1, 0] });
    Sample {
        outcome: Some(Outcome { findings: findings.collect() }),
        suppressed: suppressed.take(20).collect(),
        ..sample
    }
}

/// A report with so many sites, each at a line of its own, with stacks of 20 frames.
pub(crate) fn large(sites: u32) -> Sample {
    let root = root("large");
    std::fs::create_dir_all(root.join("src")).expect("the folder can be made");
    let line = "    let value = compute(&input).map(|value| value.to_string()).collect::<Vec<_>>();\n";
    for file in 0..100 {
        std::fs::write(root.join(format!("src/file{file}.rs")), line.repeat(2000))
            .expect("it can be written");
    }
    let mut report = Report { version: VERSION, ..Report::default() };
    report.profile("debug");
    report.profile("release");
    let counts = Counts { calls: 1, allocs: 100, disallowed: 100, ..Counts::default() };
    report.regions = (0..1000)
        .map(|index| Region {
            place: RegionPlace {
                file: format!("src/file{}.rs", index % 100),
                line: index + 1,
                column: 1,
                name: (index % 2 == 0).then(|| format!("region {index}")),
                kind: RegionKind::Plain,
                by: None,
            },
            counts: vec![Some(counts), Some(counts)],
        })
        .collect();
    report.frames = (0..sites)
        .map(|index| Frame {
            function: format!("program::module_{}::<T as Trait<{index}>>::function", index % 100),
            file: Some(format!("src/file{}.rs", index % 100)),
            line: index / 100 + 1,
            column: 9,
            origin: Origin::Own,
        })
        .collect();
    let count =
        SiteCounts { count: 1, estimate: 1, bytes: 64, largest: 64, align: 8, ..SiteCounts::default() };
    report.sites = (0..sites)
        .map(|index| Site {
            region: index as usize % 1000,
            op: [Op::Alloc, Op::Realloc, Op::Dealloc][index as usize % 3],
            stack: (0..20).map(|depth| (index + depth * 37) % sites).collect(),
            counts: vec![Some(count), (index % 2 == 0).then_some(count)],
        })
        .collect();
    Sample { report, root, outcome: None, suppressed: Vec::new() }
}
