//! What a report claims is so.

use cargo_qadapt::report::figures::Op;
use cargo_qadapt::report::lines::lines;

use crate::audit::command::{audit, counts, folder, qadapt, run};

/// Thousands of events a pattern: each line's estimates lie within some of its own standard errors.
#[test]
fn sampled_figures_are_scaled_and_have_an_error() {
    let report = audit("periodic", &[]).report();
    assert_eq!(counts(&report, "periodic.rs:9").allocs, 318_750);
    assert!(report.profiles[0].unsampled > 0);
    // The first list holds zeros.
    for line in lines(&report).into_iter().filter(|line| line.op != Op::AllocZeroed) {
        let (_, number) = line.at.clone().expect("it has a place");
        let (events, size) = match number {
            11 => (300_000_u64, 8),
            13 => (18_750, 80),
            other => panic!("line {other}"),
        };
        let found = line.counts[0].expect("it happened");
        let (error, bytes_error) = (found.estimate.abs_diff(events), found.bytes.abs_diff(events * size));
        // Six standard errors: one run of a thousand million is further off.
        let is_within = |error: u64, percent: u64, of: u64| error <= of * 3 * percent / 100 + 1;
        assert!(is_within(error, found.error(), found.estimate), "{number}: {found:?}");
        assert!(is_within(bytes_error, found.bytes_error(), found.bytes), "{number}: {found:?}");
        assert!((1..40).contains(&found.error()), "{number}: {found:?}");
    }
    let text = run(&["audit", "-p", "odd", "--bin", "periodic", "--profile", "debug"]).stdout;
    assert!(text.contains(" %, ") && text.contains(" sampled), about "), "{text}");
}

#[test]
fn a_deep_stack_keeps_both_its_ends_and_says_so() {
    let report = audit("deep", &[]).report();
    let lines = lines(&report);
    let at: Vec<u32> = lines.iter().filter_map(|line| Some(line.at.as_ref()?.1)).collect();
    assert!(at.contains(&15), "the own line is found below a thousand frames: {lines:#?}");
    let gaps = report.frames.iter().filter(|frame| frame.is_gap()).count();
    assert!(gaps > 0, "what is missing is said");
    let whole = report.sites.iter().filter(|site| site.stack.len() > 60 && site.stack.len() < 200);
    assert!(whole.count() > 0, "sixty frames are kept");
}

/// A thread whose stack has no room for a walk loses the stacks of its events, and nothing else.
#[test]
fn on_the_smallest_stack_events_count_and_have_no_stack() {
    let run = audit("cramped", &[]);
    run.assert(1, "");
    let report = run.report();
    for region in ["cramped::small", "cramped::large"] {
        let counts = counts(&report, region);
        assert_eq!((counts.calls, counts.allocs, counts.disallowed), (1, 1, 1), "{region}");
    }
    let mut depths: Vec<usize> = report.sites.iter().map(|site| site.stack.len()).collect();
    depths.sort_unstable();
    assert!(matches!(depths[..], [0, large] if large > 2), "{depths:?}");
}

/// A package as `cargo new` makes it has no debug information in release.
fn bare_package(name: &str, manifest: &str) -> std::path::PathBuf {
    let folder = folder(name);
    let guard =
        crate::audit::command::repository().join("qadapt").canonicalize().expect("there is the guard");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nqadapt = {{ path = \"{}\" }}\n\n\
         [workspace]\n{manifest}",
        guard.display()
    );
    let source = "#[global_allocator]\nstatic ALLOC: qadapt::QADAPT = qadapt::QADAPT;\n\nfn main() {\n    \
                  qadapt::assert_no_alloc(|| drop(std::hint::black_box(vec![std::env::args().count() as u64; 4])));\n}\n";
    std::fs::create_dir_all(folder.join("src")).expect("the folder can be made");
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("the file can be written");
    std::fs::write(folder.join("src/main.rs"), source).expect("the file can be written");
    // Without it cargo looks for newer versions in the registry, which may not be reached.
    let lock = crate::audit::command::fixtures().join("Cargo.lock");
    std::fs::copy(lock, folder.join("Cargo.lock")).expect("there is a lock file");
    folder
}

#[test]
fn lines_are_asked_for_and_nothing_is_built_twice() {
    // What a test does not look at is built in less time without optimisation.
    let manifest = "[profile.release.package.\"*\"]\nopt-level = 0\n[profile.fast-one]\ninherits = \"release\"\nstrip = true\n";
    let folder = bare_package("bare-lines", manifest);
    let audit = || {
        let output = qadapt(&["audit", "--profile", "release,fast-one"])
            .current_dir(&folder)
            .output()
            .expect("the command starts");
        crate::audit::command::Run::of(output)
    };
    let first = audit();
    first.assert(1, "");
    assert_eq!(first.stdout.matches("src/main.rs:5  [both]\n").count(), 3, "{}", first.stdout);
    let built = |profile: &str| {
        let program =
            crate::audit::command::target_directory().join("qadapt").join(profile).join("bare-lines");
        program.metadata().and_then(|program| program.modified()).expect("it was built")
    };
    let before = (built("release"), built("fast-one"));
    let second = audit();
    assert_eq!(second.stdout, first.stdout);
    assert_eq!((built("release"), built("fast-one")), before, "nothing changed");
}
