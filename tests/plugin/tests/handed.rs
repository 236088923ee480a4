//! Plug-ins that do not find each other, as it is where programs are no ELF files: by a handle they have one guard.
//!
//! Alone because the program must have no guard, and it builds plug-ins with the feature `alone`, where other tests build.
#![cfg(target_os = "linux")]

use std::cell::RefCell;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr;

mod loaded;
use loaded::Plugin;

thread_local! {
    /// What [`allocate`] calls.
    static OTHER: RefCell<Option<Plugin>> = const { RefCell::new(None) };
}

extern "C" fn allocate() {
    OTHER.with_borrow(|plugin| plugin.as_ref().expect("a plug-in").allocate(1));
}

/// Builds the plug-in so that it keeps to itself.
fn alone() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested/qadapt");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("QADAPT_ENFORCE");
    cargo.args(["build", "--quiet", "--offline", "--release", "--lib", "--features", "alone,enforce"]);
    cargo.arg("--target-dir").arg(&folder);
    cargo.args(["--config", "profile.release.package.\"*\".opt-level=0"]);
    cargo.args(["--config", "profile.release.package.\"*\".debug=false"]);
    let output = cargo.output().expect("Cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join("release/libqadapt_plugin.so")
}

/// How many violations a region of one plug-in's makes of what another one allocates and frees.
fn seen(region: &Plugin, other: &Path) -> u64 {
    let other = Plugin::load(other);
    other.allocate(1);
    region.allocate(1);
    OTHER.set(Some(other));
    let before = region.violations();
    region.watch(allocate);
    OTHER.take();
    region.violations() - before
}

#[test]
#[ignore = "builds a plug-in: `.ci/run c` runs it"]
#[expect(unsafe_code, reason = "hands over handles")]
fn a_handle_makes_one_guard_of_two() {
    let built = alone();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let files =
        ["first", "second"].map(|name| folder.join(format!("handed-{name}-{}.so", std::process::id())));
    for file in &files {
        fs::copy(&built, file).expect("the file can be copied");
    }
    let [first_file, second_file] = &files;
    let (first, second) = (Plugin::load(first_file), Plugin::load(second_file));
    assert_eq!((seen(&first, second_file), seen(&second, first_file)), (0, 0), "each is its own host");

    let own = second.handle();
    // SAFETY: null.
    assert!(!unsafe { second.share(ptr::null()) });
    // SAFETY: its own handle.
    assert!(!unsafe { second.share(own) });
    let newer = (*b"QADAPT\0\0", usize::MAX, 0_usize);
    // SAFETY: it begins as a handle of another version does.
    assert!(!unsafe { second.share((&raw const newer).cast()) });
    assert_eq!((seen(&first, second_file), seen(&second, first_file)), (0, 0), "nothing has changed");

    let handle = first.handle();
    // SAFETY: it is the first one's, which stays loaded.
    assert!(unsafe { second.share(handle) });
    assert_eq!((seen(&first, second_file), seen(&second, first_file)), (2, 2), "they have one guard");
    assert_eq!(first.violations(), second.violations());
    // SAFETY: as above.
    assert!(unsafe { second.share(handle) }, "it does already");
    assert!(second.handle().is_null(), "a guest is nobody's host");
    for file in &files {
        let _ = fs::remove_file(file);
    }
}
