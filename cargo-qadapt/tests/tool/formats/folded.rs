//! Folded stacks, drawn by inferno.

use cargo_qadapt::format::name::Format;
use inferno::flamegraph::{Options, from_lines};

use crate::formats::sample::{Sample, hostile, small};

/// The boxes of the flame graph, as their tooltips.
fn boxes(sample: &Sample) -> Vec<String> {
    let folded = sample.text(Format::Folded);
    let mut svg = Vec::new();
    // Boxes too narrow to see are drawn too.
    let mut options = Options::default();
    options.min_width = 0.0;
    from_lines(&mut options, folded.lines(), &mut svg).expect("inferno draws it");
    let svg = String::from_utf8(svg).expect("it is UTF-8");
    let settings = roxmltree::ParsingOptions { allow_dtd: true, ..roxmltree::ParsingOptions::default() };
    let document = roxmltree::Document::parse_with_options(&svg, settings).expect("it is XML");
    let titles =
        document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "title")));
    titles.filter_map(|title| title.text().map(str::to_owned)).collect()
}

#[test]
fn the_flame_graph_has_profiles_regions_and_stacks() {
    let shown = boxes(&small("folded-audit"));
    for expected in [
        "all (61 samples, 100%)",
        "debug (60 samples, 98.36%)",
        "release (1 samples, 1.64%)",
        "tune (src/main.rs:3) (51 samples, 83.61%)",
        "[deallocation] (48 samples, 78.69%)",
        "(its stack was lost) (1 samples, 1.64%)",
    ] {
        assert!(shown.iter().any(|title| title == expected), "no {expected} in {shown:#?}");
    }
}

#[test]
fn hostile_names_stay_frames() {
    let mut sample = hostile("folded-hostile");
    // The sum of weights is what inferno adds up.
    sample.report.sites.retain(|site| site.region > 0);
    let folded = sample.text(Format::Folded);
    let stacks: usize = sample.report.sites.iter().map(|site| site.counts.iter().flatten().count()).sum();
    assert_eq!(folded.lines().count(), stacks);
    for line in folded.lines() {
        let (stack, weight) = line.rsplit_once(' ').expect("there is a weight");
        assert_eq!(weight, "1");
        let depth = stack.split(';').count();
        assert!([4, 5, 6, 303].contains(&depth), "{depth} frames in {stack}");
        assert!(stack.ends_with(']') && stack.split(';').all(|frame| !frame.is_empty()), "{stack}");
    }
    let all = format!("all ({stacks} samples, 100%)");
    assert!(boxes(&sample).contains(&all), "{all}");
}
