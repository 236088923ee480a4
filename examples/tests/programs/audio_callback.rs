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

/// The drop that the guard finds in the callback is the one that waits when it is deferred, whatever the build.
#[test]
fn the_hidden_drop_is_found_and_deferred() {
    let hidden = run("audio_callback", &["--hidden-drop"]);
    let deferred = run("audio_callback", &["--deferred-drop"]);
    check_facts(&hidden);
    check_facts(&deferred);
    assert_eq!(hidden.value("deferred"), "0 blocks, 0 bytes");
    let (blocks, bytes) = deferred.value("deferred").split_once(" blocks, ").expect("as printed");
    let bytes = bytes.trim_end_matches(" bytes");
    assert!(blocks.parse::<u64>().is_ok_and(|blocks| blocks >= 5) && bytes != "0", "{deferred:#?}");
    assert_eq!(deferred.code, Some(0), "{deferred:#?}");
    if qadapt::is_active() {
        assert_eq!((hidden.code, hidden.value("violations")), (Some(1), blocks), "{hidden:#?}");
        assert!(hidden.err.contains("qadapt: deallocation of "), "{}", hidden.err);
        assert!(hidden.err.contains("callback::Callback::replace_gate`"), "{}", hidden.err);
        assert!(hidden.err.contains("qadapt::Deferring"), "{}", hidden.err);
        assert_eq!(deferred.value("violations"), "0");
        let said = format!(
            "qadapt: deferred frees: blocks waiting at once: at most {blocks}; bytes: at most {bytes}"
        );
        assert!(deferred.err.contains(&said), "{}", deferred.err);
    } else {
        assert_eq!((hidden.code, hidden.err.as_str()), (Some(0), ""));
    }
}

#[test]
fn what_is_no_recording_is_said() {
    let outcome = run("audio_callback", &["examples/data/market_day.csv"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.err.starts_with("audio_callback: examples/data/market_day.csv: "), "{}", outcome.err);
    assert_eq!(run("audio_callback", &["--hidden"]).code, Some(2));
}
