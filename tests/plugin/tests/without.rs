//! A program without QADAPT that loads plug-ins with one each: the first of them is the others' host.
//!
//! Alone because the program must not have a guard, and the order counts in which it loads what.
#![cfg(all(target_os = "linux", any(debug_assertions, feature = "enforce")))]

use std::cell::RefCell;
use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::thread;

mod loaded;
use loaded::Plugin;

thread_local! {
    /// What [`allocate`] calls.
    static CALLED: RefCell<Option<Plugin>> = const { RefCell::new(None) };
}

extern "C" fn allocate() {
    CALLED.with_borrow(|plugin| plugin.as_ref().expect("a plug-in").allocate(1));
}

/// Whether a region of one plug-in's sees what another one allocates, which is given back.
fn sees(region: &Plugin, other: Plugin) -> (bool, Plugin) {
    // What a thread does once in each of them is done.
    other.allocate(1);
    region.allocate(1);
    CALLED.set(Some(other));
    let report = region.protect(allocate);
    let other = CALLED.take().expect("the plug-in");
    (report.contains("allocation of 4 bytes") && report.contains("plugin_allocate"), other)
}

/// Whether the loader has the file. (Reports map it, too, for its debug information.)
#[expect(unsafe_code, reason = "std does not know the loader")]
fn is_loaded(file: &Path) -> bool {
    let name = CString::new(file.as_os_str().as_bytes()).expect("a path");
    // SAFETY: the name is nul-terminated, and nothing is loaded.
    let found = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOLOAD | libc::RTLD_NOW) };
    if !found.is_null() {
        // SAFETY: it gives back what was just got.
        unsafe { libc::dlclose(found) };
    }
    !found.is_null()
}

#[test]
fn plugins_share_a_guard_whatever_is_loaded_and_unloaded() {
    let files = ["first", "second", "third", "stripped"].map(loaded::another);
    let [first_file, second_file, third_file, stripped_file] = &files;
    let first = Plugin::load(first_file);
    let second = Plugin::load(second_file);
    assert!(first.is_active() && second.is_active());

    let (first_sees, second) = sees(&first, second);
    let (second_sees, first) = sees(&second, first);
    assert!(first_sees && second_sees);

    // One that is loaded later, on a thread of its own, and goes away again after that has ended: what std has to do at a thread's
    // end keeps the file until then.
    for _ in 0..20 {
        let late = || sees(&second, Plugin::load(third_file));
        let (is_seen, third) = thread::scope(|scope| scope.spawn(late).join().expect("no panic"));
        assert!(is_seen);
        drop(third);
        assert!(!is_loaded(third_file), "nothing keeps a guest's file");
    }
    let (second_sees, first) = sees(&second, first);
    assert!(second_sees);

    // The host's file stays, as others go on using it.
    drop(first);
    assert!(is_loaded(first_file));
    let third = Plugin::load(third_file);
    let (second_sees, third) = sees(&second, third);
    assert!(second_sees);

    // A fork has a guard of its own, with the same order.
    assert_eq!(in_child(|| sees(&second, third).0), 0);

    // Without symbols a report names nothing, but the event is seen.
    let status = Command::new("strip").arg("--strip-all").arg(stripped_file).status();
    assert!(status.expect("binutils' strip can be started").success());
    let stripped = Plugin::load(stripped_file);
    second.counts_only(true);
    let before = second.violations();
    sees(&second, stripped);
    assert_eq!(second.violations() - before, 2);

    for file in &files {
        let _ = fs::remove_file(file);
    }
}

/// What a forked child ends with: 0 if it is so there.
#[expect(unsafe_code, reason = "std does not fork")]
fn in_child(is_so: impl FnOnce() -> bool) -> i32 {
    // SAFETY: the child makes a report, which is made to work there, and ends without what comes after.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let status = i32::from(!is_so());
        // SAFETY: it ends the child at once.
        unsafe { libc::_exit(status) };
    }
    let mut status = 0;
    // SAFETY: there is room for the status.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(waited, child);
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -1 }
}
