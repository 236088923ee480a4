//! What can be measured of how the page looks.

use serde_json::{Value, json};

use crate::browser::{Browser, TAB};
use crate::page::sample::{findings, folder, page, radio};

/// The texts whose contrast to what is behind them is below 4.5 (WCAG 2.2, 1.4.3), and how many were looked at.
const CONTRAST: &str = "\
    const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const channels = (colour) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        return [...context.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (colour) => {
        const [r, g, b] = channels(colour).map((c) => c / 255)
            .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (let at = element; at !== null; at = at.parentElement) {
            const colour = getComputedStyle(at).backgroundColor;
            if (channels(colour)[3] === 255) return colour;
        }
        return 'white';
    };
    const bad = [];
    let looked = 0;
    for (const element of document.querySelectorAll('#page *')) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
        if (!own || !element.checkVisibility() || element.closest('.skip, .above')) continue;
        looked += 1;
        const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => b - a);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) bad.push(`${element.tagName}.${element.className} ${element.textContent.slice(0, 30)}: ${ratio}`);
    }
    return [looked, bad];";

fn open(name: &str) -> Browser {
    let folder = folder(name);
    let path = page(&radio(&folder), &folder, Some(findings()));
    let browser = Browser::start();
    browser.open(&path, "");
    browser
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn light_and_dark_follow_the_system_and_the_key() {
    let browser = open("theme");
    let ground = || browser.text("return getComputedStyle(document.body).backgroundColor");
    browser.prefer("light");
    let light = ground();
    browser.prefer("dark");
    let dark = ground();
    assert_ne!(light, dark);
    browser.press("t");
    assert_eq!(
        (ground(), browser.text("return document.getElementById('theme').textContent")),
        (light.clone(), "Theme: light".into())
    );
    browser.press("t");
    browser.prefer("light");
    assert_eq!(ground(), dark);
    browser.press("t");
    assert_eq!(ground(), light);
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn texts_stand_out_from_what_is_behind_them() {
    let browser = open("contrast");
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        for view in ["1", "2", "3", "4", "5"] {
            browser.press(view);
            browser.run(
                "document.querySelectorAll('#views details').forEach((details) => { details.open = true; })",
                &[],
            );
            let found = browser.run(CONTRAST, &[]);
            assert!(found[0].as_u64() > Some(20), "{scheme}, view {view}: {found}");
            assert_eq!(found[1], json!([]), "{scheme}, view {view}");
        }
    }
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn the_focus_is_seen_wherever_it_goes() {
    let browser = open("focus");
    let mut been = Vec::new();
    for _ in 0..40 {
        browser.press(TAB);
        let focus = browser.run(
            "const element = document.activeElement;
             const style = getComputedStyle(element);
             const box = element.getBoundingClientRect();
             return [element === document.body, `${element.tagName} ${element.textContent.slice(0, 40)} ${element.id}`,
                 style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.width > 0 &&
                 box.bottom > 0 && box.top < innerHeight]",
            &[],
        );
        if focus[0] == Value::Bool(true) {
            break;
        }
        assert_eq!(focus[2], Value::Bool(true), "{focus}");
        been.push(focus[1].to_string());
    }
    for stop in ["Skip to the report", "Theme", "search", "Overview", "list.reserve(9)"] {
        assert!(been.iter().any(|place| place.contains(stop)), "no {stop} in {been:#?}");
    }
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn a_narrow_page_does_not_scroll_sideways() {
    let browser = open("narrow");
    browser.resize(600, 1000);
    assert_eq!(browser.run("return innerWidth", &[]), json!(600));
    for view in ["1", "2", "3", "4", "5"] {
        browser.press(view);
        browser.run(
            "document.querySelectorAll('#views details').forEach((details) => { details.open = true; })",
            &[],
        );
        let wide = browser.run("return [document.documentElement.scrollWidth, innerWidth]", &[]);
        assert!(wide[0].as_u64() <= wide[1].as_u64(), "view {view}: {wide}");
    }
}
