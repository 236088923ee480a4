//! Blocking calls in the page: what they are called, where they are counted, and what is unmeasured.

use cargo_qadapt::report::figures::{Counts, Op, Site, SiteCounts};
use cargo_qadapt::report::op::Call;
use serde_json::json;

use crate::browser::Browser;
use crate::page::sample::{folder, page, radio};

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn a_call_is_named_counted_apart_and_searched_for() {
    let folder = folder("waits");
    let mut report = radio(&folder);
    let counts = SiteCounts { count: 6, estimate: 6, ..SiteCounts::default() };
    let op = Op::SystemCall(Call { number: 202, class: 1 });
    report.sites.push(Site { region: 1, op, stack: vec![3, 6], counts: vec![Some(counts), None] });
    report.regions[1].counts = vec![
        Some(Counts { calls: 7, disallowed: 6, blocking_calls: 6, ..Counts::default() }),
        Some(Counts { calls: 7, unwatched: 7, ..Counts::default() }),
    ];
    let path = page(&report, &folder, None);
    let browser = Browser::start();
    browser.open(&path, "");
    browser.press("2");
    browser.run(
        "const op = document.querySelector('select[name=operation]'); op.value = 'call';
         op.dispatchEvent(new Event('change'));",
        &[],
    );
    let rows = browser.run(
        "return [...document.querySelectorAll('#view-sites details.site summary')].map((one) => one.textContent)",
        &[],
    );
    let row = rows[0].as_str().unwrap_or_default();
    assert!(
        row.contains("blocking call of futex (lock)") && row.contains("6×") && !row.contains("0 B"),
        "{rows}"
    );
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
    browser.press("4");
    let said = browser.run(
        "return [...document.querySelectorAll('#view-regions .waits')].map((one) => one.textContent)",
        &[],
    );
    assert_eq!(
        said,
        json!(["debug: 6 blocking calls", "release: blocking calls unmeasured in 7 of 7 entries"])
    );
    browser.press("3");
    let figures = browser.run(
        "document.querySelectorAll('#view-source details.file').forEach((file) => { file.open = true; });
         return [...document.querySelectorAll('#view-source tr.hit td')].map((cell) => cell.textContent)",
        &[],
    );
    let cells = figures.as_array().expect("there are cells");
    assert_eq!(cells[..8], ["", "", "", "6", "", "", "", ""].map(|text| json!(text)), "{figures}");
}
