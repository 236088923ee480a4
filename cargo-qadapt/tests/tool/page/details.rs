//! What rows and tables say: regions, advice, live memory, entries, whose they are; also on a narrow page.

use cargo_qadapt::report::figures::{By, Report};
use cargo_qadapt::report::live::{Live, LiveTotal};
use cargo_qadapt::report::spread::Spread;
use serde_json::json;

use crate::browser::Browser;
use crate::page::sample::{findings, folder, page, radio};

/// The radio with all that a report can have.
fn full(folder: &std::path::Path) -> Report {
    let mut report = radio(folder);
    report.regions[0].place.by = Some(By::Test("radio::tests::one".into()));
    report.regions[1].place.by = Some(By::Test("radio::tests::two".into()));
    let mut spread = Spread { first: 1, least: 1, worst: 9, ..Spread::default() };
    (spread.entries[0], spread.entries[1], spread.entries[9]) = (1, 2, 1);
    report.regions[0].counts[0].as_mut().expect("it was entered").spread = spread;
    let live = Live {
        bytes: 300,
        blocks: 3,
        peak_bytes: 400,
        peak_blocks: 4,
        inside: 5,
        later: 7,
        ..Live::default()
    };
    report.sites[0].counts[0].as_mut().expect("it happened").live = Some(live);
    let small = Live { bytes: 8, blocks: 1, ..live };
    report.sites[1].counts[0].as_mut().expect("it happened").live = Some(small);
    report.profiles[0].live = Some(LiveTotal {
        bytes: 308,
        blocks: 4,
        peak_bytes: 1_048_063,
        peak_blocks: 11,
        ..LiveTotal::default()
    });
    report
}

fn open(name: &str) -> Browser {
    let folder = folder(name);
    let path = page(&full(&folder), &folder, Some(findings()));
    let browser = Browser::start();
    browser.open(&path, "");
    browser
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn a_closed_row_names_its_region_and_advice_has_code() {
    let browser = open("closed");
    browser.press("2");
    let row = "const row = document.querySelector('#view-sites details.site:not([open])');";
    assert_eq!(
        browser.text(&format!("{row} return row.querySelector('.in').textContent")),
        "in tuning in test radio::tests::one"
    );
    let code = browser.run(
        "const rows = [...document.querySelectorAll('#view-sites .hint')];
         return [rows.flatMap((row) => [...row.querySelectorAll('code')].map((code) => code.textContent)),
             rows.some((row) => row.textContent.includes('`'))]",
        &[],
    );
    assert!(code[0].as_array().is_some_and(|code| !code.is_empty()), "no code in {code}");
    assert_eq!(code[1], json!(false));
    browser
        .run("document.querySelectorAll('#view-sites details').forEach((row) => { row.open = true; })", &[]);
    let left = browser.run(
        "return [...document.querySelectorAll('.advice')].some((one) => one.textContent.includes('`'))",
        &[],
    );
    assert_eq!(left, json!(false));
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn live_memory_has_columns_an_order_and_a_line_in_the_summary() {
    let browser = open("live");
    let card = browser.text("return document.querySelector('.card').textContent");
    assert!(
        card.contains("1.00 MiB alive at the peak, in 11 blocks · 308 B at the end, in 4 blocks"),
        "{card}"
    );
    browser.press("2");
    browser.run(
        "const order = document.querySelector('#view-sites .order select'); order.value = 'alive';
         order.dispatchEvent(new Event('change'));
         document.querySelector('#view-sites details.site').open = true;",
        &[],
    );
    // The first has the most alive, though another one has more events.
    let first = browser.text("return document.querySelector('#view-sites details.site summary').textContent");
    assert!(first.contains("list.push(1)") && first.contains("300 B alive"), "{first}");
    let cells = browser.run(
        "return [...document.querySelectorAll('#view-sites details[open] .figures tr')].map((row) => [...row.children].map((cell) => cell.textContent))",
        &[],
    );
    assert_eq!(
        cells,
        json!([
            [
                "profile",
                "times",
                "bytes",
                "largest",
                "alive at the end",
                "at the peak",
                "freed in their entry",
                "freed later"
            ],
            ["debug", "4×", "400", "100", "3 (300 B)", "4 (400 B)", "5", "7"],
            ["release", "4×", "400", "100", "–", "–", "–", "–"],
        ])
    );
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn a_region_shows_its_entries_and_a_test_only_its_own() {
    let browser = open("entries");
    browser.press("4");
    let shown = "return [...document.querySelectorAll('#view-regions .spread')].map((one) => one.getAttribute('aria-label'))";
    assert_eq!(
        browser.run(shown, &[]),
        json!(["debug: 1 entry with 0 events, 2 entries with 1 event, 1 entry with at least 9 events"])
    );
    let heights = browser.run(
        "return [...document.querySelectorAll('.bar-of i')].map((bar) => bar.getBoundingClientRect().height)",
        &[],
    );
    assert_eq!(heights, json!([12, 24, 12]));
    let choose = "const by = document.querySelector('select[name=by]'); by.value = arguments[0];
         by.dispatchEvent(new Event('change'));
         return [...document.querySelectorAll('#view-regions tbody th a:first-child')].map((one) => one.textContent)";
    let one = browser.run(choose, &[json!("radio::tests::two")]);
    assert_eq!(one.as_array().map(Vec::len), Some(2), "{one}");
    assert_eq!(one[0], json!("src/radio.rs:9 in test radio::tests::two"));
    browser.press("2");
    assert_eq!(browser.text("return document.getElementById('found').textContent"), "0 sites");
    browser.press("4");
    browser.run(choose, &[json!("")]);
    browser.press("2");
    assert_eq!(browser.text("return document.getElementById('found').textContent"), "4 sites");
}

/// What is wider than the page, or than what it is in and hides it; but for source, which scrolls, and graphs, whose frames say
/// in full what they are.
const CUT_OFF: &str = "
    const scrolls = (element) => element.closest('.code-scroll');
    const cut = [];
    for (const one of document.querySelectorAll('#page *')) {
        const box = one.getBoundingClientRect();
        if (box.width === 0 || one.closest('.flame, .skip') || (scrolls(one) && scrolls(one) !== one)) continue;
        const hides = getComputedStyle(one).overflowX === 'hidden' && one.scrollWidth > one.clientWidth;
        if (box.right > innerWidth || box.left < 0 || hides) cut.push(`${one.tagName}.${one.className}: ${one.textContent.slice(0, 40)}`);
    }
    return cut;";

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn nothing_is_cut_off_at_400_pixels() {
    let browser = open("cut-off");
    browser.resize(400, 900);
    for view in ["1", "2", "3", "4", "5"] {
        browser.press(view);
        assert_eq!(browser.run(CUT_OFF, &[]), json!([]), "view {view}, closed");
        browser
            .run("document.querySelectorAll('#views details').forEach((row) => { row.open = true; })", &[]);
        assert_eq!(browser.run(CUT_OFF, &[]), json!([]), "view {view}, open");
    }
}
