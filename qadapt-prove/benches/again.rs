//! What the proof of some three hundred functions of this program costs, and what it costs again where it was kept.
//!
//! `cargo bench -p qadapt-prove --bench again`; the ratio is in `DEVELOPMENT.md`.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use qadapt_code::origin::Code;
use qadapt_prove::{Rules, Settings, Verdict, Which, prove_file};
use regex::Regex;

const RUNS: usize = 7;

fn main() {
    let folder = std::env::temp_dir().join(format!("qadapt-proofs-{}", std::process::id()));
    let (_, written) = run(Some(folder.clone()));
    let (first, proven) = least(None);
    let (again, read) = least(Some(&folder));
    std::fs::remove_dir_all(&folder).expect("the folder was made");
    assert!(written == proven && read == proven, "the same verdicts");
    let percent = 100.0 * again.as_secs_f64() / first.as_secs_f64();
    println!("{} functions: first {first:?}, again {again:?}, {percent:.1} %", proven.len());
}

fn least(kept: Option<&Path>) -> (Duration, Vec<Verdict>) {
    let runs = (0..RUNS).map(|_| run(kept.map(Path::to_owned)));
    runs.min_by_key(|(time, _)| *time).expect("there are runs")
}

/// Proves the functions, where proofs are kept in this folder.
fn run(kept: Option<PathBuf>) -> (Duration, Vec<Verdict>) {
    let program = std::env::current_exe().expect("this program");
    let pattern = Regex::new("^qadapt_prove::").expect("a pattern");
    let rules = Rules { allow_frees: false, gaps: 3 };
    let mut settings = Settings::default();
    settings.code = Some(Rc::new(Code::below(Path::new(""))));
    settings.kept = kept;
    let start = Instant::now();
    let proof = prove_file(&program, Which::Functions(&pattern), rules, &settings, None);
    (start.elapsed(), proof.expect("a proof").verdicts)
}
