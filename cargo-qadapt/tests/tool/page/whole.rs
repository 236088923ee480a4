//! Source files as a whole, and the graph of what differs between profiles.

use std::fmt::Write as _;

use serde_json::json;

use crate::browser::{Browser, ENTER};
use crate::page::sample::{folder, many, page, radio};

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn the_rest_of_a_file_is_there_when_it_is_asked_for() {
    let folder = folder("whole");
    let report = radio(&folder);
    let path = folder.join("src/radio.rs");
    let mut source = std::fs::read_to_string(&path).expect("it was written");
    for line in 11..=200 {
        let _ = writeln!(source, "// this is line {line}");
    }
    source.push_str("</script><script>window.injected = 1</script>\n");
    std::fs::write(&path, &source).expect("it can be written");
    let path = page(&report, &folder, None);
    let html = std::fs::read_to_string(&path).expect("it is UTF-8");
    assert_eq!(html.matches("// this is line 177").count(), 1, "each file is there once");

    let browser = Browser::start();
    browser.open(&path, "");
    browser.press("3");
    let numbers = || {
        let numbers = browser.run(
            "return [...document.querySelectorAll('#view-source td.number')].map((cell) => Number(cell.textContent))",
            &[],
        );
        serde_json::from_value::<Vec<u32>>(numbers).expect("numbers")
    };
    let lines = source.lines().count();
    // A region begins in line 9, and all sites are before.
    assert_eq!(numbers(), (1..=15).collect::<Vec<u32>>());
    let button = "const button = document.querySelector('#view-source .gap button');";
    assert_eq!(
        browser.run(&format!("{button} return [button.textContent, button.ariaLabel]"), &[]),
        json!([format!("⋯ {} lines", lines - 15), format!("Show lines 16 to {lines}")])
    );
    browser.run(&format!("{button} button.focus()"), &[]);
    browser.press(ENTER);
    assert_eq!(numbers().len(), lines);
    assert!(browser.text("return document.activeElement.textContent").ends_with("16// this is line 16"));
    let shown = browser.text("return document.querySelector('#view-source').textContent");
    assert!(shown.contains("</script><script>window.injected = 1</script>"), "{shown}");
    assert_eq!(browser.run("return window.injected ?? null", &[]), json!(null));
    assert_eq!(browser.console(), [""; 0]);

    // A line that is gone to is shown with its neighbours.
    browser.run(
        "const { files } = JSON.parse(document.getElementById('data').textContent);
         location.hash = `source/${files[0].file}/120`;
         return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
        &[],
    );
    assert_eq!(numbers(), (1..=15).chain(114..=126).collect::<Vec<u32>>());
    assert!(
        browser.text("return document.querySelector('tr.wanted').textContent").contains("this is line 120")
    );
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn a_graph_has_what_differs_between_profiles() {
    let folder = folder("differs");
    let path = page(&radio(&folder), &folder, None);
    let browser = Browser::start();
    browser.open(&path, "");
    browser.press("5");
    let choose = "const button = [...document.querySelectorAll('.choice button')].find((one) => one.textContent === arguments[0]);
         button.click();
         return [...document.querySelectorAll('.frame')].map((one) => [one.ariaLabel, one.className.replace('frame ', ''), one.textContent[0]]).sort()";
    assert_eq!(
        browser.run(choose, &[json!("debug against release, by events")]),
        json!([
            ["all: debug 13, release 9 events, 4 less", "shrunk", "▼"],
            ["alloc::fmt::format: debug 3, release 0 events, 3 less", "shrunk", "▼"],
            ["alloc::vec::Vec<T,A>::push: debug 4, release 4 events, as many", "even", "a"],
            ["alloc::vec::Vec<T,A>::reserve: debug 6, release 3 events, 3 less", "shrunk", "▼"],
            ["in tuning: debug 13, release 9 events, 4 less", "shrunk", "▼"],
            ["radio::main: debug 13, release 9 events, 4 less", "shrunk", "▼"],
            ["radio::tune: debug 13, release 9 events, 4 less", "shrunk", "▼"],
        ])
    );
    // As wide as both together: 22 events in all, of which these are three.
    let wide = browser.run(
        "const [whole, part] = ['all:', 'alloc::fmt'].map((name) =>
             document.querySelector(`.frame[aria-label^='${name}']`).getBoundingClientRect().width);
         return Math.round(1000 * part / whole)",
        &[],
    );
    assert_eq!(wide, json!(136));
    // What is only in one is in the strongest colour.
    let lean = browser.run(
        "return ['alloc::fmt', 'alloc::vec::Vec<T,A>::push'].map((name) =>
             document.querySelector(`.frame[aria-label^='${name}']`).style.getPropertyValue('--lean'))",
        &[],
    );
    assert_eq!(lean, json!(["100%", ""]));
    let legend = browser.text("return document.querySelector('.legend').textContent");
    assert_eq!(legend, "▲ more in releaseas much in both▼ less in release");
    let plain = browser.run(choose, &[json!("release, by events")]);
    assert!(plain.as_array().is_some_and(|all| all.contains(&json!(["all: 9 events, 100 %", "root", "a"]))));
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn a_comparison_of_many_sites_adds_up() {
    let folder = folder("many");
    let report = many(2_000, &folder);
    let path = page(&report, &folder, None);
    let browser = Browser::start();
    browser.open(&path, "");
    browser.press("5");
    browser.run("document.querySelectorAll('.choice button')[4].click()", &[]);
    let [debug, release] = [0, 1].map(|profile| report.profiles[profile].disallowed);
    let frames = browser.run(
        "return [...document.querySelectorAll('.frame')]
             .map((one) => [one.ariaLabel, one.ariaLevel, parseFloat(one.style.width)])",
        &[],
    );
    let frames = serde_json::from_value::<Vec<(String, String, f64)>>(frames).expect("three of each");
    let both = |label: &str| {
        let (_, figures) = label.rsplit_once(": debug ").expect("figures");
        let (debug, rest) = figures.split_once(", release ").expect("two of them");
        let (release, _) = rest.split_once(" events, ").expect("what differs");
        [debug, release].map(|figure| figure.replace(',', "").parse::<u64>().expect("a number"))
    };
    let root = frames.iter().find(|frame| frame.1 == "1").expect("the outermost");
    assert_eq!(both(&root.0), [debug, release]);
    let regions: Vec<_> = frames.iter().filter(|frame| frame.1 == "2").collect();
    assert_eq!(regions.len(), 100);
    let sum = |profile: usize| regions.iter().map(|frame| both(&frame.0)[profile]).sum::<u64>();
    assert_eq!([sum(0), sum(1)], [debug, release]);
    #[expect(clippy::cast_precision_loss, reason = "they are small")]
    for (label, _, width) in regions {
        let share = both(label).iter().sum::<u64>() as f64 / (debug + release) as f64;
        assert!((width / root.2 - share).abs() < 0.01 * share, "{label} is {width} % wide");
    }
}
