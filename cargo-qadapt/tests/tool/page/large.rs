//! Many sites.

use std::time::Instant;

use serde_json::json;

use crate::browser::{Browser, DOWN, ENTER};
use crate::page::sample::{folder, many, page};

const SITES: u32 = 10_000;

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored --nocapture page::large::"]
fn ten_thousand_sites_can_be_read() {
    let folder = folder("large");
    let path = page(&many(SITES, &folder), &folder, None);
    println!("{} bytes", std::fs::metadata(&path).expect("it is there").len());
    let browser = Browser::start();
    let mut steps = vec![("", Instant::now())];
    browser.open(&path, "");
    assert_eq!(browser.text("return document.documentElement.dataset.ready"), "true");
    steps.push(("opened", Instant::now()));
    let rows = || browser.run("return document.querySelectorAll('#view-sites .site').length", &[]);
    browser.press("2");
    steps.push(("sites", Instant::now()));
    // Some are there, more come as they are scrolled to.
    assert!(rows().as_u64() < Some(1_000), "{}", rows());
    assert_eq!(browser.text("return document.getElementById('found').textContent"), "10,000 sites");
    browser.press("/part_199.rs:442");
    steps.push(("searched", Instant::now()));
    assert_eq!(rows(), json!(1));
    browser.press(DOWN);
    browser.press(ENTER);
    let shown = browser.text("return document.querySelector('#view-sites').textContent");
    assert!(shown.contains("program::part_199::work_442"), "{shown}");
    steps.push(("opened a site", Instant::now()));
    for (view, name) in [("3", "source"), ("4", "regions"), ("5", "flame graph")] {
        browser.run("document.activeElement.blur(); document.querySelector('[type=reset]').click()", &[]);
        browser.press(view);
        steps.push((name, Instant::now()));
    }
    assert!(browser.run("return document.querySelectorAll('.frame').length", &[]).as_u64() > Some(100));
    for pair in steps.windows(2) {
        println!("{}: {:.0} ms", pair[1].0, (pair[1].1 - pair[0].1).as_secs_f64() * 1e3);
    }
    assert_eq!(browser.console(), [""; 0]);
}
