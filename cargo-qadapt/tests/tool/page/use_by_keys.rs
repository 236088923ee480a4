//! What a reader does, with keys alone.

use serde_json::json;

use crate::browser::{Browser, DOWN, ENTER, ESCAPE, RIGHT, TAB, UP};
use crate::page::sample::{findings, folder, page, radio};

/// A browser that shows the radio's report.
fn open(name: &str, with_findings: bool) -> Browser {
    let folder = folder(name);
    let path = page(&radio(&folder), &folder, with_findings.then(findings));
    let browser = Browser::start();
    browser.open(&path, "");
    browser
}

impl Browser {
    fn focused(&self) -> String {
        self.text("return document.activeElement.textContent.trim() || document.activeElement.id")
    }

    fn rows(&self) -> Vec<String> {
        let rows = self.run(
            "return [...document.querySelectorAll('section:not([hidden]) .site > summary .what > code')]
                 .filter((code) => code.checkVisibility()).map((code) => code.textContent)",
            &[],
        );
        serde_json::from_value(rows).expect("they are texts")
    }

    fn found(&self) -> String {
        self.text("return document.getElementById('found').textContent")
    }

    fn view(&self) -> String {
        self.text("return document.querySelector('section[role=tabpanel]:not([hidden])').id")
    }
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn differences_come_first() {
    let browser = open("differences", false);
    let first = "return document.querySelector('#views section:not([hidden]) h2').textContent";
    assert_eq!(browser.text(first), "Differences between profiles");
    let groups = browser.run(
        "return [...document.querySelectorAll('#views .group')].map((group) =>
             [group.querySelector('h3').firstChild.textContent, group.querySelectorAll('.site').length])",
        &[],
    );
    let expected =
        json!([["only in release", 1], ["both, not equally often", 1], ["only in debug: optimised away", 1]]);
    assert_eq!(groups, expected);
    let cards = "return [...document.querySelectorAll('.card b')].map((figure) => figure.textContent)";
    assert_eq!(browser.run(cards, &[]), json!(["13", "9"]));
    assert_eq!(browser.console(), [""; 0]);
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn search_and_filters_narrow_every_view() {
    let browser = open("search", false);
    browser.press("2");
    assert_eq!((browser.view().as_str(), browser.found().as_str()), ("view-sites", "4 sites"));
    let most_first = [
        "list.reserve(9);",
        "list.push(1);",
        "let name = format!(\"{list:?}\");",
        "let name = format!(\"{list:?}\");",
    ];
    assert_eq!(browser.rows(), most_first);

    browser.press("/");
    assert_eq!(browser.focused(), "search");
    browser.press("Push TUNING");
    assert_eq!((browser.rows(), browser.found()), (vec!["list.push(1);".to_owned()], "1 site".to_owned()));
    browser.press("x");
    assert_eq!((browser.rows().len(), browser.found().as_str()), (0, "0 sites"));
    browser.press(ESCAPE);
    assert_eq!(browser.found(), "4 sites");

    // From the search on, the filters follow; a letter chooses in each.
    browser.press(&format!("/{TAB}r"));
    assert_eq!(browser.found(), "3 sites");
    browser.press(&format!("{TAB}d"));
    assert_eq!((browser.rows().len(), browser.found().as_str()), (1, "1 site"));
    browser.press(&format!("{TAB}{TAB}{ENTER}"));
    assert_eq!(browser.found(), "4 sites");
    browser.press(&format!("/{TAB}{TAB}{TAB}b"));
    let mark = browser.text("return document.getElementById('filters').elements.mark.value");
    let marked = browser.found();
    assert!(mark.starts_with("both") && marked == "1 site", "{mark} {marked}");

    // The filters hold for the other views too.
    let gutter =
        "return [...document.querySelectorAll('.source .hit .number')].map((cell) => cell.textContent)";
    browser.press("\u{E00C}");
    browser.run("document.activeElement.blur()", &[]);
    browser.press("3");
    let lines = browser.run(gutter, &[]);
    assert_eq!(lines.as_array().map(Vec::len), Some(1), "{lines}");
    browser.press("/clean");
    browser.press(ESCAPE);
    browser.press("4/radio.rs:9");
    assert_eq!(browser.found(), "1 region");
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn the_gutter_has_each_profile_s_figures() {
    let browser = open("gutter", false);
    browser.press("3");
    let line = |number: u32| {
        let script = "return [...document.querySelectorAll('.source tbody tr')]
            .find((row) => row.querySelector('.number')?.textContent === arguments[0])
            .innerText.split('\\t').map((cell) => cell.trim())";
        serde_json::from_value::<Vec<String>>(browser.run(script, &[json!(number.to_string())]))
            .expect("cells")
    };
    assert_eq!(line(3), ["4", "", "400", "4", "", "400", "3", "list.push(1);"]);
    assert_eq!(line(4), ["6", "", "600", "3", "", "300", "4", "list.reserve(9);"]);
    assert_eq!(line(5), ["3", "", "300", "", "2", "", "5", "let name = format!(\"{list:?}\");"]);
    assert!(line(1).concat().contains("region tuning"), "{:?}", line(1));
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn a_site_opens_to_its_stack() {
    let browser = open("stack", false);
    browser.press("2/");
    browser.press(DOWN);
    browser.press(DOWN);
    browser.press(UP);
    browser.press(DOWN);
    assert!(browser.focused().starts_with("list.push(1);"), "{}", browser.focused());
    browser.press(ENTER);
    let own = "return [...document.querySelectorAll('.site[open] .stack > ol > li.own > code')]
        .map((code) => code.textContent)";
    assert_eq!(browser.run(own, &[]), json!(["radio::tune", "radio::main"]));
    let folded = "return [...document.querySelectorAll('.site[open] .folded > summary')]
        .map((summary) => summary.textContent)";
    let expected = json!(["1 frame of the standard library and the guard", "1 frame that starts the thread"]);
    assert_eq!(browser.run(folded, &[]), expected);
    let advice = browser.text("return document.querySelector('.site[open] .advice').textContent");
    assert!(advice.contains("capacity"), "{advice}");

    // On to the line in the source.
    browser.press(TAB);
    browser.press(ENTER);
    assert_eq!(browser.view(), "view-source");
    let wanted = "return document.querySelector('.wanted .number').textContent";
    assert_eq!(browser.text(wanted), "3");
    // And from there back to the line's sites.
    assert_eq!(browser.focused(), "3");
    browser.press(ENTER);
    assert_eq!((browser.view().as_str(), browser.rows()), ("view-sites", vec!["list.push(1);".to_owned()]));
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn tabs_and_the_flame_graph_follow_the_arrows() {
    let browser = open("flame", false);
    browser.press("4");
    browser.press(RIGHT);
    assert_eq!((browser.view().as_str(), browser.focused().as_str()), ("view-flame", "Flame graph"));
    let said = "return document.querySelector('.said').textContent";
    assert_eq!(browser.text(said), "all: 9 events, 100 %");
    browser.press(&TAB.repeat(12));
    browser.press(&format!("{DOWN}{DOWN}{DOWN}"));
    assert_eq!(browser.text(said), "radio::tune: 9 events, 100.0 %");
    browser.press(DOWN);
    assert_eq!(browser.text(said), "alloc::vec::Vec<T,A>::push: 4 events, 44.4 %");
    browser.press(ENTER);
    let widths = "return [...document.querySelectorAll('.frame')].map((frame) => frame.style.width)";
    assert_eq!(browser.run(widths, &[]), json!(["100%", "100%", "100%", "100%", "100%"]));
    browser.press(ESCAPE);
    assert_eq!(browser.run("return document.querySelectorAll('.frame').length", &[]), json!(6));
    browser.press("/reserve");
    assert_eq!(browser.found(), "1 frame");
    let bytes = "document.querySelectorAll('.choice button')[3].click(); return document.querySelector('.said').textContent";
    assert_eq!(browser.text(bytes), "all: 700 bytes, 100 %");
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn a_check_s_findings_lead_to_their_lines() {
    let browser = open("findings", true);
    assert_eq!(
        browser.text("return document.querySelector('#summary h2.checked').textContent"),
        "The check failed: 1 finding"
    );
    let rules = "return [...document.querySelectorAll('.findings .rule')].map((rule) => rule.textContent)";
    assert_eq!(browser.run(rules, &[]), json!(["more than baseline", "unmatched"]));
    browser.run("document.querySelector('.findings a.new').focus()", &[]);
    assert_eq!(browser.focused(), "new: reallocation at src/radio.rs:4");
    browser.press(ENTER);
    assert_eq!(
        (browser.view().as_str(), browser.rows()),
        ("view-sites", vec!["list.reserve(9);".to_owned()])
    );
}
