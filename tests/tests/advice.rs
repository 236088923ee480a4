//! Each rule of the catalogue of advice, shown by code that has the habit, in debug and in release.
//!
//! Alone because its violation hook and its mode are the process's, and because it makes thousands of reports.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use qadapt::QADAPT;

#[path = "advice/collections.rs"]
mod collections;
#[path = "advice/drops.rs"]
mod drops;
#[path = "advice/first_use.rs"]
mod first_use;
#[path = "advice/nothing.rs"]
mod nothing;
#[path = "advice/pointers.rs"]
mod pointers;
#[path = "advice/seen.rs"]
mod seen;
#[path = "advice/slices.rs"]
mod slices;
#[path = "advice/strings.rs"]
mod strings;
#[path = "advice/system.rs"]
mod system;
#[path = "advice/tasks.rs"]
mod tasks;
#[path = "advice/vectors.rs"]
mod vectors;
#[path = "advice/waits.rs"]
mod waits;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// The names in `shown("..` and `dropped("..`, and in the header of the probe.
fn shown() -> BTreeSet<String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    for file in fs::read_dir(package.join("tests/advice")).expect("the tests of the rules") {
        let source = fs::read_to_string(file.expect("a file").path()).expect("its text");
        for call in ["shown(\"", "dropped(\""] {
            names.extend(
                source.split(call).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned),
            );
        }
    }
    let probe = fs::read_to_string(package.join("src/bin/advised.rs")).expect("the probe");
    names.extend(probe.lines().filter_map(|line| line.strip_prefix("// shows: ")).map(str::to_owned));
    names.remove("");
    names
}

#[test]
fn every_rule_of_the_catalogue_is_shown() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qadapt-advice/src/rules");
    let files = fs::read_dir(rules).expect("the catalogue").map(|file| file.expect("a file").path());
    let names: BTreeSet<String> = files
        .map(|path| path.file_stem().expect("a name").to_string_lossy().replace('_', "-"))
        .filter(|name| name != "mod")
        .collect();
    assert!(names.len() >= 25);
    assert_eq!(names, shown());
}
