//! Traces that are cut off, damaged, or something else.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use qadapt_code::origin::Code;

use crate::audit::command::{audit, folder, run, target_directory};

/// A copy of a trace of a known run, after a change of its bytes.
fn changed(folder: &Path, change: impl FnOnce(&mut Vec<u8>)) -> String {
    static TRACE: OnceLock<Vec<u8>> = OnceLock::new();
    let trace = TRACE.get_or_init(|| {
        audit("traced", &[]).assert(1, "");
        let traces = target_directory().join("qadapt/traces/odd-bin-traced/debug");
        let files = cargo_qadapt::audit::read::files(&traces).expect("there are traces");
        fs::read(&files[0]).expect("the trace can be read")
    });
    let mut bytes = trace.clone();
    change(&mut bytes);
    let path = folder.join("changed.qtrace");
    fs::write(&path, bytes).expect("the file can be written");
    path.to_str().expect("the path is UTF-8").to_owned()
}

fn put(bytes: &mut [u8], at: usize, number: u64) {
    bytes[at..at + 8].copy_from_slice(&number.to_ne_bytes());
}

#[test]
fn damaged_traces_are_refused_in_words() {
    let folder = folder("damaged");
    let merge = |change: &dyn Fn(&mut Vec<u8>), expected: &str| {
        run(&["merge", &changed(&folder, change)]).assert(2, expected);
    };
    merge(&|bytes| bytes.truncate(100), "it is cut off: 100 bytes");
    merge(&Vec::clear, "it is empty: there was no room for what this process did");
    merge(&|bytes| bytes[0] = b'x', "it is no trace of qadapt's");
    merge(&|bytes| bytes.fill(0), "it is empty");
    merge(&|bytes| put(bytes, 8, 3 << 32), "its version 3.0 is newer");
    merge(&|bytes| put(bytes, 8, 0), "its version 0.0 is older");
    merge(&|bytes| bytes[..8].reverse(), "the other byte order");
    // The first table's place.
    merge(&|bytes| put(bytes, 64, u64::MAX), "its header is damaged");
}

/// Sums of what one trace says, and of what two say.
#[test]
fn numbers_that_are_too_large_are_no_overflow() {
    let folder = folder("large");
    let path = changed(&folder, |bytes| {
        // The numbers of events in regions, and the numbers of entries that two of the tables had no room for.
        for at in [40, 48, 88, 128] {
            put(bytes, at, u64::MAX);
        }
    });
    let again = folder.join("again.qtrace");
    std::fs::copy(&path, &again).expect("it can be copied");
    let again = again.to_str().expect("the path is UTF-8");
    let run = run(&["merge", &path, again, "--format", "json"]);
    let totals = &run.report().profiles[0];
    assert_eq!(
        (totals.processes, totals.events, totals.disallowed),
        (2, u64::MAX, u64::MAX),
        "{}",
        run.stderr
    );
    // Of what had no entry nobody knows that it was sampled.
    assert_eq!((totals.unsampled, totals.lost), (0, u64::MAX));
}

#[test]
fn of_a_cut_off_trace_the_rest_is_read() {
    let folder = folder("cut");
    // Behind the regions' table, before the strings at the end.
    let path = changed(&folder, |bytes| bytes.truncate(bytes.len() / 2));
    let run = run(&["merge", &path, "--format", "json"]);
    run.assert(2, "entries are missing; the rest is in the report");
    assert_eq!(
        run.report().regions.iter().filter_map(|region| region.counts[0]).map(|c| c.calls).sum::<u64>(),
        5
    );
}

#[test]
fn no_bytes_make_the_reader_fail_otherwise() {
    let folder = folder("noise");
    let path = changed(&folder, |_| {});
    let whole = fs::read(&path).expect("the trace can be read");
    let noisy = folder.join("noisy.qtrace");
    // The same bytes each time.
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..200 {
        let mut bytes = whole.clone();
        for _ in 0..40 {
            // Mostly in the header and the tables' beginnings.
            let end = if random.bool() { 300 } else { bytes.len() };
            bytes[random.usize(..end)] = random.u8(..);
        }
        fs::write(&noisy, &bytes).expect("the file can be written");
        if let Ok(trace) = cargo_qadapt::audit::read::Trace::read(&noisy) {
            let mut fold = cargo_qadapt::audit::fold::Fold::new(None);
            fold.add("debug", &trace, Path::new("/"));
            let (report, _) = fold.finish(&Code::below(Path::new("/")));
            assert!(report.is_consistent());
        }
    }
}

#[test]
fn damaged_reports_are_refused_in_words() {
    let folder = folder("reports");
    let path = folder.join("report.json");
    let merge = |text: &str, expected: &str| {
        fs::write(&path, text).expect("the file can be written");
        run(&["merge", path.to_str().expect("the path is UTF-8")]).assert(2, expected);
    };
    merge("{}", "error: cannot use the report `");
    merge("{}", "no report of an audit");
    merge("{\"version\": 99}", "its version is 99");
    merge("{\"version\": 2}", "it is damaged");
    let dangling = r#"{"version":2,"profiles":[],"regions":[],"frames":[],"sites":[{"region":3,"op":"alloc","stack":[],"counts":[]}]}"#;
    merge(dangling, "refers to what is not there");
    let empty = r#"{"version":2,"profiles":[],"regions":[],"frames":[],"sites":[]}"#;
    merge(empty, "nothing was audited");
    run(&["merge", "/no/such/file.qtrace"]).assert(2, "could not read the trace");
}
