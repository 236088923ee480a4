//! A program with a guard that loads plug-ins, in the way that its first argument says, and has them watch it and each other:
//! `tests/linked.rs` builds and runs it.

use std::cell::RefCell;
use std::env;
use std::hint::black_box;
use std::path::Path;
use std::thread;

use qadapt::{Mode, Policy, QADAPT};

#[path = "../../tests/loaded/plugin.rs"]
mod plugin;
use plugin::Plugin;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

thread_local! {
    /// What [`allocate_there`] calls.
    static OTHER: RefCell<Option<Plugin>> = const { RefCell::new(None) };
}

extern "C" fn allocate() {
    drop(black_box(Box::new(1)));
}

extern "C" fn allocate_there() {
    OTHER.with_borrow(|other| other.as_ref().expect("a plug-in").allocate(1));
}

fn main() {
    let mut arguments = env::args().skip(1);
    let is_for_all = arguments.next().as_deref() == Some("global");
    let files: Vec<_> = arguments.collect();
    watch_all(&files, is_for_all);
    // On a thread that none of them knows, with other plug-ins first.
    let files = files.into_iter().rev().collect::<Vec<_>>();
    thread::spawn(move || watch_all(&files, is_for_all)).join().expect("no panic");
    println!("all so");
}

fn watch_all(files: &[String], is_for_all: bool) {
    let load = if is_for_all { Plugin::load_for_all } else { Plugin::load };
    let plugins: Vec<_> = files.iter().map(|file| load(Path::new(file))).collect();
    for (number, file) in files.iter().enumerate() {
        let plugin = plugins.get(number).expect("as many");
        plugin.allocate(1);
        assert_eq!(seen(|| Policy::new().mode(Mode::Count).run(|| plugin.allocate(3))), 6, "{file}");
        assert_eq!(seen(|| plugin.watch(allocate)), 2, "{file}");
        assert_eq!(seen(|| Policy::new().mode(Mode::Count).run(|| plugin.permit(allocate))), 0, "{file}");
        assert_eq!(plugin.violations(), qadapt::violations(), "{file}: one count");
        assert!(plugin.is_active(), "{file}");
        for other_file in files {
            let other = load(Path::new(other_file));
            other.allocate(1);
            OTHER.set(Some(other));
            assert_eq!(seen(|| plugin.watch(allocate_there)), 2, "{file} watches {other_file}");
            OTHER.take();
        }
    }
    assert_eq!(seen(|| plugins.iter().for_each(|plugin| plugin.allocate(1))), 0, "no region is left open");
}

/// How many violations something makes.
fn seen(body: impl FnOnce()) -> u64 {
    let before = qadapt::violations();
    body();
    qadapt::violations() - before
}
