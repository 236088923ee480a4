//! Whether inlined copies of the global allocator can be told from other code.
//!
//! The compiler may inline `__rust_alloc` and the allocator's methods into their callers. A copy is still found if
//! every path through it ends in an entry that is found by name: the malloc family, or the guard's own functions.
//! So the out-of-line originals are asked. An arena that hands out memory without calling anybody fails this.
//!
//! Link-time optimisation may leave no original, and a file can have several allocators, with the original of one. So debug
//! information is asked for each inlined copy: that of an original that holds is fine, all others are asked themselves. Where there is
//! no original a copy may also be one that has no description; then the allocator must be one of which each copy holds.

use std::collections::HashSet;

use super::assume::Nothing;
use super::body::Callee;
use super::bypass::bypassed;
use super::described::{Described, Entry, Inlined, METHODS};
use super::foreign;
use super::functions::{Function, Rust, is_of_rust};
use super::goal::Goal;
use super::graph::Graph;
use super::known;
use super::load::Image;
use super::names::Names;
use super::program::Program;
use super::role::{Role, Sink};
use super::start::Start;

/// Why inlined copies cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsure<'a> {
    /// The entry of this symbol, or an inlined copy of it, has a path that does not call another entry.
    Path(&'a str),
    /// There is no entry to be asked.
    NoEntry,
    /// Of the entry for this method inlined copies are left alone.
    Inlined(&'a str),
}

/// Finds the entries of C and C++ that free and whose own code comes to one that allocates, as a program's `operator delete` that
/// keeps a list: whoever frees by them allocates. One of C++ of which that is not known, since it calls through a pointer, is looked
/// into wherever it is called if frees are allowed; C's `free` is believed then. Of an allocator in Rust the guard, too, sees what is asked of it, and not
/// what it does then.
pub(crate) fn settle_frees(program: &Program<'_>, allow_frees: bool) {
    let is_free = |function: &&Function<'_>| {
        function.names.iter().any(|name| foreign::role(name) == Role::Sink(Sink::Free))
            && program.role(Callee::Local(function.addr)) == Role::Sink(Sink::Free)
    };
    loop {
        let entries: Vec<u64> =
            program.image().functions().iter().filter(is_free).map(|function| function.addr).collect();
        let starts: Vec<Start> = entries.iter().map(|&addr| Start::function(addr)).collect();
        let graph = Graph::build(program, &starts, &Nothing);
        let mut is_settled = true;
        for (i, entry) in (0u32..).zip(entries) {
            if graph.reaches(i, Goal::Alloc) {
                program.allocates_too(entry);
            } else if allow_frees && graph.reaches(i, Goal::Unknown) && is_of_cpp(program.image(), entry) {
                program.is_looked_into(entry);
            } else {
                continue;
            }
            // Another one may free by this one.
            is_settled = false;
        }
        if is_settled {
            return;
        }
    }
}

/// Whether a function is an `operator delete`.
fn is_of_cpp(image: &Image<'_>, entry: u64) -> bool {
    let names = image.function_at(entry).map_or(&[][..], |function| &function.names);
    names.iter().any(|name| name.starts_with("_Zd"))
}

/// Why inlined copies of the allocator cannot be told, unless they can.
pub(crate) fn unsure<'a>(program: &Program<'a>, names: &Names<'a>, allow_frees: bool) -> Option<Unsure<'a>> {
    let image = program.image();
    let mut entries = Vec::new();
    for function in image.functions() {
        if let Some(symbol) = function.names.iter().find(|n| known::is_inlinable_entry(n))
            && let Role::Sink(kind) = program.role(Callee::Local(function.addr))
            && !(kind == Sink::Free && allow_frees)
        {
            entries.push((function.addr, *symbol, kind));
        }
    }
    let starts: Vec<Start> = entries.iter().map(|&(addr, ..)| Start::function(addr)).collect();
    let graph = Graph::build(program, &starts, &Nothing);
    let odd = (0u32..).zip(&entries).find(|&(i, &(.., kind))| !graph.always(i, kind));
    if let Some((_, &(_, symbol, _))) = odd {
        return Some(Unsure::Path(symbol));
    }
    if image.rust() == Rust::None {
        return (!has_malloc(program)).then_some(Unsure::NoEntry);
    }
    let described = names.debug().map(Described::read).unwrap_or_default();
    let is_covered = |function: &Function<'_>| {
        !function.names.iter().any(|name| is_of_rust(name)) || described.covers(function.addr)
    };
    let has_gaps = !image.functions().iter().all(is_covered);
    let has_entries = !described.inlined.is_empty() || !described.functions.is_empty();
    if image.rust() == Rust::NoAlloc && !has_gaps && !described.has_alloc && !has_entries {
        return (!has_malloc(program)).then_some(Unsure::NoEntry);
    }
    let originals: Vec<&Entry> = described
        .functions
        .iter()
        .filter(|&&(addr, _)| entries.iter().any(|&(entry, ..)| entry == addr))
        .map(|(_, entry)| entry)
        .collect();
    let open: Vec<(&Inlined, Sink)> = described
        .inlined
        .iter()
        // The linker leaves descriptions of functions that it has left out.
        .filter(|one| one.function.iter().any(|range| image.is_code(range.start)))
        .filter(|one| !one.entry.is_default() && !originals.contains(&&one.entry))
        .map(|one| (one, kind_of(one.entry.name)))
        .filter(|&(_, kind)| !(kind == Sink::Free && allow_frees))
        .collect();
    if let Some(one) = bypassed(program, &open) {
        return Some(Unsure::Path(one.entry.name));
    }
    // Without a description of all, a second standard library is a second allocator, of which nothing may be left.
    if has_gaps && has_two_libraries(image) {
        return Some(Unsure::NoEntry);
    }
    let is_default = described.inlined.iter().any(|one| one.entry.is_default());
    if is_default || described.methods.show_the_allocator() {
        return None;
    }
    let mut needed = METHODS.to_vec();
    needed.retain(|&method| !(method == "dealloc" && allow_frees));
    needed.retain(|method| !entries.iter().any(|&(_, symbol, _)| known::is_entry_of(symbol, method)));
    // Nobody asks for zeroed memory but by this entry. If the allocator is the default one, it was left out as nobody does.
    if has_default(image) {
        needed.retain(|&method| method != "alloc_zeroed");
    }
    let method = needed.first()?;
    Some(if has_entries { Unsure::Inlined(method) } else { Unsure::NoEntry })
}

/// What an entry must come to.
fn kind_of(name: &str) -> Sink {
    if known::entry_method(name) == Some("dealloc") { Sink::Free } else { Sink::Alloc }
}

/// Whether a file has one of the standard library's entries in front of the system's allocator, or looks it up.
fn has_default(image: &Image<'_>) -> bool {
    let names = image.functions().iter().flat_map(|f| f.names.iter().copied());
    let mut names = names.chain(image.imports().iter().map(|import| import.name));
    names.any(|name| name.contains("__rdl_") && METHODS.iter().any(|method| known::is_entry_of(name, method)))
}

/// Whether a file has two copies of what each program has once.
fn has_two_libraries(image: &Image<'_>) -> bool {
    let mut seen = HashSet::new();
    let own = image.functions().iter().flat_map(|f| f.names.iter()).filter(|name| name.contains("7___rustc"));
    own.into_iter().any(|name| !seen.insert(*name))
}

/// Whether a program without Rust's global allocator has the malloc family, or leaves it to another object.
fn has_malloc(program: &Program<'_>) -> bool {
    let image = program.image();
    image.is_dynamic()
        || image
            .functions()
            .iter()
            .any(|f| matches!(program.role(Callee::Local(f.addr)), Role::Sink(Sink::Alloc)))
}
