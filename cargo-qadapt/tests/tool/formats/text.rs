//! The report for people, on a terminal.

use cargo_qadapt::format::name::Format;

use crate::formats::sample::hostile;

#[test]
fn hostile_names_do_nothing_to_a_terminal() {
    let mut shown = hostile("text-hostile").text(Format::Text);
    // The report's own styles.
    for style in ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[33m"] {
        shown = shown.replace(style, "");
    }
    let harmful = |c: char| c != '\n' && (c.is_control() || ('\u{202A}'..='\u{202E}').contains(&c));
    assert_eq!(shown.chars().find(|&c| harmful(c)), None);
    let longest = shown.lines().map(|line| line.chars().count()).max();
    assert!(longest.is_some_and(|longest| longest < 2000), "{longest:?}");
}
