//! The audio effect, clean and with its hidden allocation.

use crate::child::{Outcome, run, site};

/// The recording's facts, which depend neither on the build nor on the flag.
fn check_facts(outcome: &Outcome) {
    assert!(outcome.value("input").ends_with("plucked_string.wav: 96000 samples, 24000 Hz"), "{outcome:#?}");
    assert_eq!(outcome.value("peak in"), "-2.5 dB");
    // The limiter's ceiling is half of the full level.
    assert_eq!(outcome.value("peak out"), "-6.0 dB");
    assert_eq!(outcome.value("blocks"), "188 of 512 samples");
}

#[test]
fn the_effect_does_not_allocate() {
    let outcome = run("audio_callback", &[]);
    check_facts(&outcome);
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    let expected = if qadapt::is_active() { "0" } else { "unmeasured: this build has no checks" };
    assert!(outcome.value("violations").starts_with(expected), "{outcome:#?}");
}

#[test]
fn the_hidden_allocation_is_found() {
    let outcome = run("audio_callback", &["--hidden-allocation"]);
    check_facts(&outcome);
    if qadapt::is_active() {
        // In each block the scratch memory is made and given back.
        assert_eq!((outcome.code, outcome.value("violations")), (Some(1), "376"));
        let line = site("examples/src/audio/gate.rs", "self.forward.process(&mut self.spectrum);");
        assert!(outcome.err.contains(&format!("--> {line}")), "{line} {}", outcome.err);
        assert!(outcome.err.contains("qadapt: deallocation of "), "{}", outcome.err);
        // Reports come at the 1st, 10th and 100th time.
        assert_eq!(outcome.err.matches("qadapt: allocation of ").count(), 3, "{}", outcome.err);
    } else {
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    }
}

#[test]
fn what_is_no_recording_is_said() {
    let outcome = run("audio_callback", &["examples/data/market_day.csv"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.err.starts_with("audio_callback: examples/data/market_day.csv: "), "{}", outcome.err);
    assert_eq!(run("audio_callback", &["--hidden"]).code, Some(2));
}
