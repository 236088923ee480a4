//! Any bytes: an error or verdicts, never a crash or a hang.

#![no_main]

use libfuzzer_sys::fuzz_target;
use qadapt_prove::{Rules, Settings, Which, prove};
use regex::Regex;

fuzz_target!(|data: &[u8]| {
    let Ok(all) = Regex::new(".") else { return };
    let rules = Rules { allow_frees: false, gaps: 3 };
    let _ = prove(data, Which::Functions(&all), rules, &Settings::default());
    let _ = prove(data, Which::Marked, rules, &Settings::default());
});
