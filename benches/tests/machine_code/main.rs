//! The guard is free where its checks are off: annotated code compiles to the machine code of bare code.
//!
//! The program `twins` is built bare and under the guard, and compared function by function: bytes, relocations and
//! what these refer to. The builds take a minute or two, so these tests run where they are asked for:
//! `cargo test -p qadapt-bench --test machine_code -- --ignored`.

mod code;
mod twins;

use std::collections::BTreeSet;

use qadapt_bench::nested::Profile;
use twins::{Checks, Twins, bare, guarded};

/// All twins but the one of an `async fn`.
const TWINS: [&str; 11] = [
    "twin_calls",
    "twin_closure",
    "twin_default_method",
    "twin_future",
    "twin_generic_method",
    "twin_grow",
    "twin_nested",
    "twin_pair",
    "twin_permit",
    "twin_plain",
    "twin_question_mark",
];

/// Sections that a stripped program has, but for the small ones.
const LOADED: [&str; 8] = [
    ".data.rel.ro",
    ".eh_frame",
    ".eh_frame_hdr",
    ".gcc_except_table",
    ".got",
    ".rela.dyn",
    ".rodata",
    ".text",
];

/// Bytes that the guard may add to them: what was measured, and a little. The copies of a process that share one guard took 24,000 of it, and a crate of
/// its own for what names lines 17,000.
const MOST_LOADED: u64 = 650_000;

/// The entries of the allocator, and whether link-time optimisation leaves them.
const ALLOCATOR: [&str; 4] = ["__rust_alloc", "__rust_alloc_zeroed", "__rust_dealloc", "__rust_realloc"];

#[test]
#[ignore = "builds the twins: cargo test -p qadapt-bench --test machine_code -- --ignored"]
fn off_compiles_to_the_code_of_bare_functions() {
    compare(Profile::Plain);
}

#[test]
#[ignore = "builds the twins: cargo test -p qadapt-bench --test machine_code -- --ignored"]
fn off_compiles_to_the_code_of_bare_functions_with_fat_lto() {
    compare(Profile::FatLto);
}

fn compare(profile: Profile) {
    let bare = bare(profile);
    let off = guarded(profile, Checks::Off);
    let on = guarded(profile, Checks::On);
    for name in TWINS {
        if let Err(difference) = bare.code.compare(&off.code, name) {
            panic!("{profile:?}: with the checks off {name} differs from the bare function: {difference}");
        }
        // So that the comparison above can fail.
        let same = bare.code.compare(&on.code, name).is_ok();
        assert!(!same, "{profile:?}: with the checks on {name} is no different from the bare function");
    }
    for name in ALLOCATOR {
        assert_eq!(bare.code.has(name), off.code.has(name), "{profile:?}: {name}");
        if bare.code.has(name) {
            let result = bare.code.compare(&off.code, name);
            result.unwrap_or_else(|difference| panic!("{profile:?}: {name} differs: {difference}"));
        }
    }
    the_attribute_on_async_functions(&bare, &off, &on);
    the_linked_program(&bare, &off, &on);
}

/// The attribute on an `async fn` puts the body into a future inside the function's own, so its poll has two states to
/// look at where the bare one has one: that code differs. But it must not refer to anything of the guard's.
fn the_attribute_on_async_functions(bare: &Twins, off: &Twins, on: &Twins) {
    let extra = |twins: &Twins| {
        let known: BTreeSet<_> = bare.code.references("twin_async");
        twins.code.references("twin_async").difference(&known).cloned().collect::<Vec<_>>()
    };
    assert_eq!(extra(off), Vec::<String>::new(), "with the checks off");
    assert_ne!(extra(on), Vec::<String>::new(), "with the checks on");
}

/// Nothing of the guard is linked, and nothing of it runs before `main`.
fn the_linked_program(bare: &Twins, off: &Twins, on: &Twins) {
    assert_eq!(off.linked.symbols_with("qadapt"), Vec::<String>::new(), "with the checks off");
    assert_ne!(on.linked.symbols_with("qadapt"), Vec::<String>::new(), "with the checks on");
    let before_main = |twins: &Twins| twins.linked.section_size(".init_array");
    assert_eq!(before_main(off), before_main(bare), "with the checks off");
    assert_ne!(before_main(on), before_main(bare), "with the checks on");
    // A thread's start copies the word and std's own 32 bytes, which fat LTO takes out of the bare program, and nothing else;
    // the guard's tables take no space in the file.
    let more = |section| on.linked.section_size(section) - bare.linked.section_size(section);
    let copied = on.linked.section_size(".tdata");
    assert!(copied <= 32 + 8, "{copied} bytes of thread-locals are not zero at the start");
    assert!(more(".data") < 4096, "{} bytes of statics that are not zero at the start", more(".data"));
    let loaded = LOADED.iter().map(|section| more(section)).sum::<u64>();
    println!(
        "a stripped program is {loaded} bytes larger, {} addresses are written at its start",
        more(".rela.dyn") / 24
    );
    assert!(loaded <= MOST_LOADED, "the guard adds {loaded} bytes to a program");
}

#[test]
#[ignore = "builds the twins: cargo test -p qadapt-bench --test machine_code -- --ignored"]
fn each_switch_turns_the_checks_on() {
    let plain = || twins::run(|_| ());
    let variable = |value: &str| twins::run(|cargo| _ = cargo.env("QADAPT_ENFORCE", value));
    assert_eq!(plain(), Ok("off".into()));
    assert_eq!(twins::run(|cargo| _ = cargo.args(["--features", "enforce"])), Ok("on".into()));
    assert_eq!(twins::run(|cargo| _ = cargo.env("RUSTFLAGS", "--cfg qadapt_enforce")), Ok("on".into()));
    // The same build folder throughout: a change of the variable alone must build anew.
    assert_eq!(variable("1"), Ok("on".into()));
    assert_eq!(plain(), Ok("off".into()));
    assert_eq!(variable("0"), Ok("off".into()));
    assert_eq!(variable(""), Ok("off".into()));
    let refused = variable("yes").expect_err("an unknown value is refused");
    assert!(refused.contains("QADAPT_ENFORCE=yes is not understood: write 1"), "{refused}");
}
