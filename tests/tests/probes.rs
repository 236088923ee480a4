//! Runs every probe in `src/bin` as its header says. Adding a probe is adding a file there.
//!
//! Alone because it only watches other processes; its own allocator tells whether this build has checks.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use qadapt::QADAPT;
use qadapt_tests::child;
use qadapt_tests::expect::{Run, Verdict};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

#[test]
fn every_probe_does_what_its_header_says() {
    let checks = qadapt::is_active();
    let mut all = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
    for entry in fs::read_dir(folder).expect("the probes' folder") {
        let file = entry.expect("a probe").path();
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let source = fs::read_to_string(&file).expect("a probe's source");
        let runs = Run::of(&source).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        all.extend(runs.into_iter().map(|run| (name.clone(), run)));
    }
    assert!(!all.is_empty(), "no probes");

    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((name, run)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match run.check(&child::program(name), checks) {
                        Verdict::Held => {}
                        Verdict::Passed(reason) => println!("{name} {} is passed over: {reason}", run.name()),
                        Verdict::Failed(message) => {
                            failures
                                .lock()
                                .expect("nobody panics with the lock")
                                .push(format!("{name} {}:\n{message}", run.name()));
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("nobody panicked with the lock");
    assert!(failures.is_empty(), "{} of {} runs failed:\n{}", failures.len(), all.len(), failures.join("\n"));
}
