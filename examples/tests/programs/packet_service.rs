//! The packet service.

use crate::child::run;

#[test]
fn each_packet_is_answered_and_nothing_is_allocated() {
    let outcome = run("packet_service", &["5000"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""), "{outcome:#?}");
    assert_eq!(outcome.value("packets after the warm-up:"), "5000");
    assert_eq!(outcome.value("done:"), "13000 of 13000");
    assert_eq!(outcome.value("buffers:"), "all back");
    assert_eq!(outcome.value("allocations of the whole process after the warm-up:"), "0");
}

#[test]
fn a_flood_waits_and_is_refused_and_the_figures_add_up() {
    let outcome = run("packet_service", &["5000"]);
    let figures = |label| -> Vec<u64> {
        outcome
            .value(label)
            .split(|other: char| !other.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .collect()
    };
    let [sent, dropped] = figures("sent:")[..] else { panic!("two figures: {outcome:#?}") };
    let [received, done, refused] = figures("received:")[..] else { panic!("three figures: {outcome:#?}") };
    let [answered, refusals, twice] = figures("answers:")[..] else { panic!("three figures: {outcome:#?}") };
    assert_eq!(sent, received + dropped);
    assert_eq!(received, done + refused);
    assert_eq!(answered, 13_000 + twice);
    assert!(answered <= done && refusals <= refused, "no more arrives than was sent");
    assert!(refused > 0 && figures("waits for a buffer:")[0] >= refused, "{outcome:#?}");
}
