//! The checks themselves are checked: what they cannot see they would let pass for ever.

use std::collections::BTreeSet;
use std::path::Path;

use crate::hot::forbidden;
use crate::imports::{Import, imports};
use crate::modules::{Modules, circles};
use crate::platform::asks_for_platform;
use crate::source::{dependencies, module_of, tokens};
use crate::{MACRO_LAYERS, is_allowed};

fn faults(file: &str, source: &str) -> Vec<String> {
    imports(&module_of(Path::new(file)), &tokens(source)).iter().filter_map(Import::fault).collect()
}

#[test]
fn imports_up_the_layers_are_seen() {
    for (file, source) in [
        ("hot/event.rs", "use crate::region::edge;"),
        ("hot/event.rs", "use crate::report::closing;"),
        ("model/op.rs", "use crate::hot::word;"),
        ("model/op.rs", "use crate::sys;"),
        ("sys/linux.rs", "use crate::hot::announce;"),
        ("report/mod.rs", "pub(crate) use crate::region::edge::Due as D;"),
        ("report/resolved.rs", "use crate::{hot::capture, region};"),
        ("report/resolved.rs", "use crate::{hot::{capture, word}, region::*};"),
        ("hot/event.rs", "use super::super::report::live;"),
        ("hot/mod.rs", "use super::report;"),
        ("hot/event.rs", "fn f() { crate::report::live::is_active(); }"),
        ("hot/event.rs", "fn f() -> Option<crate::region::Due> { None }"),
        ("hot/event.rs", "macro_rules! m { () => { $crate::report::f() }; }"),
        ("hot/event.rs", "mod inner { use super::super::super::region::edge; }"),
        ("hot/event.rs", "mod tests { fn f() { g(crate::report::h) } }"),
        // The crate's root has the names of every layer.
        ("hot/event.rs", "use crate::set_violation_hook;"),
        ("hot/event.rs", "use crate::*;"),
        ("hot/event.rs", "use crate as all;"),
        ("hot/event.rs", "use crate::{self as all};"),
        ("hot/event.rs", "use super::super::*;"),
        ("checks.rs", "use crate::model::Mode;"),
        ("other.rs", "use crate::model::Mode;"),
    ] {
        assert_eq!(faults(file, source).len(), 1, "{file}: {source}: {:?}", faults(file, source));
    }
}

#[test]
fn other_imports_pass() {
    for (file, source) in [
        ("region/edge.rs", "use crate::hot::{self, frame::{Room, pop}}; use crate::report::closing;"),
        ("region/edge.rs", "use super::permit; use crate::{checks, model::Place};"),
        ("report/mod.rs", "use super::hot::word; pub(crate) mod live; pub(in crate::report) fn f() {}"),
        (
            "hot/event.rs",
            "//! See [`crate::region`].\n/// And [`crate::report::live`].\npub(super) fn f() {}",
        ),
        ("hot/event.rs", "mod tests { use super::*; use super::super::word; }"),
        ("region/count.rs", "macro_rules! count { () => { $crate::__private::count() }; }"),
        ("hot/event.rs", "const TEXT: &str = \"use crate::region;\"; // use crate::region;"),
        ("hot/allocator.rs", "use std::alloc::System; use crate::checks; use self::word::get;"),
    ] {
        assert_eq!(faults(file, source), Vec::<String>::new(), "{file}: {source}");
    }
}

#[test]
fn modules_that_know_each_other_are_seen() {
    let modules = |sources: &[(&str, &str)]| {
        Modules(sources.iter().map(|(file, text)| (module_of(Path::new(file)), tokens(text))).collect())
    };
    let circle = modules(&[
        ("model/mod.rs", "mod a; mod b; pub(crate) use a::A; pub(crate) use b::{B, C};"),
        ("model/a.rs", "use super::{C, A};"),
        ("model/b.rs", "use crate::model::A; mod tests { use super::B; }"),
    ]);
    let names = |path: &[&str]| path.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let (a, b) = (names(&["model", "a"]), names(&["model", "b"]));
    assert_eq!(circle.edges(), BTreeSet::from([(a.clone(), b.clone()), (b, a.clone())]));
    assert_eq!(
        circles(&circle.edges()),
        ["crate::model::a imports crate::model::b", "crate::model::b imports crate::model::a"]
    );

    // A parent that uses its child, by a `use` line or without one, and the root of a program.
    for child in ["use super::LIMIT;", "use super::*;", "fn f() { super::g() }"] {
        for (used, is_circle) in [
            ("mod a; use a::A;", true),
            ("mod a; use self::a::{A, B};", true),
            ("mod a; use crate::model::a::A;", true),
            ("mod a; const ALL: &[A] = &[a::ENTRY];", true),
            ("mod a; pub use a::A;", false),
            ("pub mod a; pub(crate) use a::{A, B};", false),
            ("mod a; fn f() { b::a::g() }", false),
        ] {
            let circle = modules(&[("model/mod.rs", used), ("model/a.rs", child)]);
            assert_eq!(!circles(&circle.edges()).is_empty(), is_circle, "{used} {child}");
        }
    }
    let program = modules(&[("main.rs", "mod a; use a::A;"), ("a.rs", "use crate::LIMIT;")]);
    assert_eq!(circles(&program.edges()), ["crate imports crate::a", "crate::a imports crate"]);

    let up = modules(&[
        ("model/mod.rs", "pub(crate) fn f() { crate::parse::x() }"),
        ("parse/mod.rs", "mod x; pub(crate) use x::x; use crate::model::f;"),
        ("parse/x.rs", "use crate::expand::{self, item};"),
        ("expand/mod.rs", ""),
    ]);
    let edges = up.edges();
    let faults = edges.iter().filter(|(from, to)| !is_allowed(&MACRO_LAYERS, from, to));
    let faults: Vec<_> = faults.map(|(from, to)| (from.join("::"), to.join("::"))).collect();
    assert_eq!(faults, [("model".into(), "parse::x".into()), ("parse::x".into(), "expand".into())]);
}

#[test]
fn paths_are_read_from_the_root() {
    let found =
        imports(&module_of(Path::new("hot/event.rs")), &tokens("use super::{frame, word::{self, get}};"));
    let found: Vec<String> = found.iter().map(|import| import.path.join("::")).collect();
    assert_eq!(found, ["hot::frame", "hot::word", "hot::word::get"]);
}

#[test]
fn what_the_hot_path_must_not_use_is_seen() {
    for (source, fault) in [
        ("fn f() { let _ = format!(\"{}\", 1); }", "format!"),
        ("fn f() { println!(); }", "println!"),
        ("fn f(x: Option<u8>) -> u8 { x.unwrap() }", ".unwrap()"),
        ("fn f(x: Option<u8>) -> u8 { x.expect(\"x\") }", ".expect()"),
        ("fn f() { panic!() }", "panic!"),
        ("fn f() { debug_assert!(true) }", "debug_assert!"),
        ("fn f() { g(vec![1]) }", "vec!"),
        ("fn f() { drop(Box::new(1)) }", "Box"),
        ("fn f(x: String) {}", "String"),
        ("use std::sync::Mutex;", "Mutex"),
        ("fn f(x: [u8; 2], i: usize) -> u8 { x[i] }", "an index, [i]"),
        ("fn f() -> u8 { g()[0] }", "an index, [0]"),
        ("fn f() { LOCK.lock(); }", ".lock()"),
        ("#[cfg(test)] mod tests {} fn f() { panic!() }", "panic!"),
        ("#[cfg(test)] use x::y; fn f() { panic!() }", "panic!"),
    ] {
        assert_eq!(forbidden(&tokens(source)), [fault], "{source}");
    }
}

#[test]
fn what_the_hot_path_may_use_passes() {
    for source in [
        "#[expect(unsafe_code, reason = \"no panic! here\")] fn f(x: &'a [u8]) -> &'static [u8] { &[] }",
        "fn f(x: Option<u8>) -> u8 { x.unwrap_or(0) } // .unwrap()",
        "static X: [Cell<u8>; 2] = [const { Cell::new(0) }; 2]; fn f() { for x in [1, 2] {} let [a, b] = x; }",
        "#[cfg(test)] mod tests { fn f() { x.unwrap(); vec![1][0]; } }",
        "fn f(x: &mut [u8]) { if true {} [1].len(); LOCK.try_lock(); }",
    ] {
        assert_eq!(forbidden(&tokens(source)), Vec::<String>::new(), "{source}");
    }
}

#[test]
fn what_asks_for_the_platform_is_seen() {
    for source in [
        "#[cfg(target_os = \"linux\")] fn f() {}",
        "#[cfg(all(not(miri), any(unix, loom)))] fn f() {}",
        "mod x { fn f() { #[cfg(windows)] g(); } }",
        "#[cfg_attr(target_vendor = \"apple\", path = \"x.rs\")] mod x;",
        "fn f() -> bool { cfg!(target_env = \"musl\") }",
    ] {
        assert!(asks_for_platform(&tokens(source)), "{source}");
    }
    for source in [
        "#[cfg(target_arch = \"x86_64\")] fn f() {}",
        "#[cfg(any(miri, qadapt_elf, target_pointer_width = \"32\"))] fn f(windows: &[u8]) { x.windows(2) }",
        "use std::os::unix::ffi::OsStrExt; // #[cfg(unix)]",
    ] {
        assert!(!asks_for_platform(&tokens(source)), "{source}");
    }
}

#[test]
fn dependencies_are_read() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\"\n\
                    [target.'cfg(loom)'.dependencies]\nc = { path = \"c\" }\n[build-dependencies]\nd = \"1\"\n\
                    [dev-dependencies]\ne = \"1\"\n[lints]\nworkspace = true\n";
    assert_eq!(dependencies(manifest), ["a", "b", "c", "d"]);
}
