//! Live memory without `--live`: what a sample says beside what is so.

use cargo_qadapt::report::figures::Report;
use cargo_qadapt::report::live::{Live, LiveTotal};
use cargo_qadapt::report::sample::Estimate;

use crate::audit::command::{audit, run};

/// What became of all blocks of the region on the line with this text.
fn lives(report: &Report, source: &str, text: &str) -> Live {
    let line = source.lines().position(|line| line.contains(text)).expect("there is such a line") + 1;
    let of_region =
        report.sites.iter().filter(|site| report.regions[site.region].place.line as usize == line);
    let mut sum = Live::default();
    of_region.filter_map(|site| site.counts[0]?.live).for_each(|live| sum.add(&live));
    sum
}

fn total(report: &Report) -> LiveTotal {
    report.profiles[0].live.expect("blocks were followed")
}

/// Fails if an estimate is off by more than twice the error that it states, which one in 16,000 is by chance.
fn assert_near(what: &str, estimate: Estimate, exact: u64) {
    let off = estimate.bytes.abs_diff(exact);
    assert!(off <= 2 * estimate.error(), "{what}: {exact} bytes, and {estimate:?} (± {})", estimate.error());
}

#[test]
fn a_sample_is_right_within_the_error_that_it_states() {
    let source = include_str!("../../packages/audited/odd/src/bin/alive_sampled.rs");
    let (exact, sampled) =
        (audit("alive_sampled", &["--live"]).report(), audit("alive_sampled", &[]).report());
    let (all, some) = (total(&exact), total(&sampled));
    assert!(some.is_sampled() && !all.is_sampled(), "{some:?}, {all:?}");
    let unseen = some.unseen;
    let of = |text| (lives(&exact, source, text), lives(&sampled, source, text));

    for text in ["// never", "// elsewhere", "// large"] {
        let (exact, sampled) = of(text);
        assert_near(text, sampled.at_end(unseen), exact.bytes);
        assert_near(text, sampled.at_peak(unseen), exact.peak_bytes);
    }
    // Thousands that were not large enough to be followed each.
    let (_, never) = of("// never");
    assert!(never.at_end(unseen).samples < 10_000 && !never.at_end(unseen).is_vague(), "{never:?}");
    assert!(never.blocks.abs_diff(20_000) < 20_000 / 3, "{never:?}");
    // What another thread gave back is not alive, and was given back later.
    let (_, elsewhere) = of("// elsewhere");
    assert_eq!((elsewhere.blocks, elsewhere.inside, elsewhere.sampled.samples), (0, 0, 0));
    assert!(elsewhere.later.abs_diff(10_000) < 10_000 / 2, "{elsewhere:?}");
    let (_, at_once) = of("// at once");
    assert_eq!((at_once.blocks, at_once.later), (0, 0));
    assert!(at_once.inside.abs_diff(400_000) < 400_000 / 10, "{at_once:?}");
    // A block that has grown belongs to the line that made it as long as it stands for no other, and then to the one by which
    // it has grown; however it is, all of them are known.
    let whole = |report: &Report| {
        let (mut small, grown) = (lives(report, source, "// small"), lives(report, source, "// grown"));
        small.add(&grown);
        small
    };
    assert_near("grown", whole(&sampled).at_end(unseen), whole(&exact).bytes);
    // Larger than what a sample stands for: it is itself.
    let (_, large) = of("// large");
    assert_eq!((large.blocks, large.bytes, large.sampled.samples), (1, 3_000_000, 1));
    assert_near("all, at the end", some.at_end(), all.bytes);
    assert_near("all, at the peak", some.at_peak(), all.peak_bytes);
}

#[test]
fn a_leak_of_a_sample_names_its_line() {
    let text = run(&["audit", "-p", "odd", "--bin", "alive_sampled", "--profile", "debug"]);
    text.assert(1, "");
    let source = include_str!("../../packages/audited/odd/src/bin/alive_sampled.rs");
    let said = |line: &str| {
        let number = source.lines().position(|code| code.ends_with(line)).expect("there is such a line") + 1;
        let opening = format!("in odd/src/bin/alive_sampled.rs:{number}\n");
        let start = text.stdout.find(&opening).expect("the region is shown") + opening.len();
        let rest = &text.stdout[start..];
        rest.split("\nin ").next().unwrap_or(rest)
    };
    let never = said("// never");
    assert!(never.contains(" blocks of ") && never.contains(" sampled) alive at the end"), "{never}");
    let large = said("// large");
    assert!(large.contains("about 1 block of 3000000 bytes (± ") && large.contains("1 sampled)"), "{large}");
    // What leaves nothing says nothing of that.
    assert!(!said("// at once").contains("alive at the end"), "{}", text.stdout);
    assert!(
        text.stdout.contains("blocks, of which a sample was followed: at the peak about "),
        "{}",
        text.stdout
    );
}

/// With fewer bytes than the first interval nothing is left out: it is what `--live` says, but for the clock.
#[test]
fn in_a_small_program_each_block_is_followed() {
    let source = include_str!("../../packages/audited/odd/src/bin/lives.rs");
    let (exact, sampled) = (audit("lives", &["--live"]).report(), audit("lives", &[]).report());
    for text in ["forget(made::<56>())", "made::<72>()", "// grown", "// adopted", "// peak", "// after"] {
        let (exact, sampled) = (lives(&exact, source, text), lives(&sampled, source, text));
        assert!(sampled.was_drawn() && !exact.was_drawn(), "{text}");
        let as_exact = Live { lifetime: exact.lifetime, sampled: exact.sampled, ..sampled };
        assert_eq!(as_exact, exact, "{text}");
        assert_eq!(sampled.words(0), exact.words(0), "{text}");
    }
    let (exact, sampled) = (total(&exact), total(&sampled));
    assert_eq!((sampled.bytes, sampled.peak_bytes), (exact.bytes, exact.peak_bytes));
    assert!(!sampled.is_sampled());
}

/// Nobody has that much memory: so it is no reason to follow fewer blocks.
#[test]
fn a_request_that_is_refused_hides_no_leak() {
    let report = audit("left_out", &[]).report();
    let source = include_str!("../../packages/audited/odd/src/bin/left_out.rs");
    let refused = lives(&report, source, "refused");
    assert_eq!((refused.blocks, refused.bytes), (50, 5000));
    assert!(!total(&report).is_sampled());
}

#[test]
fn threads_that_give_back_what_others_made_are_sampled() {
    let report = audit("alive_many", &[]).report();
    let total = total(&report);
    assert!(total.is_sampled() && total.lost == 0, "{total:?}");
    let mut all = Live::default();
    report.sites.iter().filter_map(|site| site.counts[0]?.live).for_each(|live| all.add(&live));
    assert_near("alive", all.at_end(total.unseen), 48_000);
    assert_eq!(all.inside, 0);
    assert!(all.later.abs_diff(9000) < 900, "{all:?}");
}

/// A child's blocks begin anew, as its trace does.
#[test]
fn a_forked_child_draws_its_own() {
    let report = audit("forks", &[]).report();
    let total = total(&report);
    assert_eq!((total.lost, total.is_sampled()), (0, false));
    let made: u64 = report.sites.iter().filter_map(|site| site.counts[0]?.live).map(|live| live.made()).sum();
    let asked = report.sites.iter().filter(|site| site.op == cargo_qadapt::report::figures::Op::Alloc);
    let asked: u64 = asked.filter_map(|site| site.counts[0]).map(|counts| counts.count).sum();
    assert_eq!(made, asked);
}
