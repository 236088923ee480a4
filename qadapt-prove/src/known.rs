//! What a function is known to be by its name: an entry of the allocator, a panic, a foreign function that does not allocate.

use super::foreign;
use super::role::{Role, Sink};
use super::symbol::demangle;

/// Whether a symbol is an entry of the allocator that the compiler may also have inlined elsewhere.
pub(crate) fn is_inlinable_entry(symbol: &str) -> bool {
    if !symbol.contains("__r") && !symbol.contains("GlobalAlloc") {
        return false;
    }
    let name = demangle(symbol);
    matches!(rust_role(&name), Role::Sink(_)) && !name.starts_with("qadapt::")
}

/// Whether a symbol is of the entry that stands for this method of the program's global allocator.
pub(crate) fn is_entry_of(symbol: &str, method: &str) -> bool {
    let name = demangle(symbol);
    entry_method(name.rsplit("::").next().unwrap_or(&name)) == Some(method)
}

/// The method of the program's global allocator that the entry of this name stands for.
pub(crate) fn entry_method(name: &str) -> Option<&str> {
    ["__rust_", "__rdl_", "__rg_"].iter().find_map(|prefix| name.strip_prefix(prefix))
}

/// The role of a function of the image, by its symbol.
pub(crate) fn local_role(symbol: &str) -> Role {
    // C names are sinks even when the file defines them itself: a static allocator, an interposer.
    if !symbol.starts_with("_ZN") && !symbol.starts_with("_R") {
        return match foreign::role(symbol) {
            Role::Sink(kind) => Role::Sink(kind),
            // Of a C library that is linked in.
            Role::Abort => Role::Panic,
            // How `pthread_exit` ends a thread: what follows is an abort that never comes, and what a thread has done before its end counts.
            _ if symbol == "_Unwind_ForcedUnwind" => Role::Exit,
            _ => rust_role(symbol),
        };
    }
    if !HINTS.iter().any(|h| symbol.contains(h)) {
        return Role::Plain;
    }
    rust_role(&demangle(symbol))
}

/// Whether a function that the file defines itself never comes back to its caller, whatever its code looks like: the unwinder goes on
/// in another frame, by a jump to where that one's registers say.
pub(crate) fn never_returns(symbol: &str) -> bool {
    symbol == "_Unwind_Resume"
}

/// The role of an imported function that is none of the C library's: an entry of the allocator by its name, or anything.
pub(crate) fn entry(symbol: &str) -> Role {
    match local_role(symbol) {
        sink @ Role::Sink(_) => sink,
        _ => Role::Foreign,
    }
}

/// Parts of names worth demangling: a large program has hundreds of thousands of others.
const HINTS: [&str; 7] = ["__r", "alloc", "panic", "fail", "oom", "unwrap", "rt"];

fn rust_role(name: &str) -> Role {
    let last = name.rsplit("::").next().unwrap_or(name);
    if let Some(method) = entry_method(last).or_else(|| own_method(name, last)) {
        match method {
            "alloc" | "alloc_zeroed" | "realloc" => return Role::Sink(Sink::Alloc),
            "dealloc" => return Role::Sink(Sink::Free),
            _ => {}
        }
    }
    if name.starts_with("qadapt::hot::") && last.contains("alloc") {
        return Role::Sink(if last.contains("dealloc") { Sink::Free } else { Sink::Alloc });
    }
    if PANICS.iter().any(|p| name.starts_with(p)) { Role::Panic } else { Role::Plain }
}

/// Methods of a `GlobalAlloc`: implemented or provided.
fn own_method<'n>(name: &str, last: &'n str) -> Option<&'n str> {
    (name.contains("GlobalAlloc for ") || name.contains("GlobalAlloc>::") || name.contains("GlobalAlloc::"))
        .then_some(last)
}

/// Functions that panic or abort in the name of one: cut only where they turn out to have no return. Whatever
/// only leads to these is found by itself.
const PANICS: [&str; 14] = [
    "core::panicking::",
    "core::option::unwrap_failed",
    "core::option::expect_failed",
    "core::result::unwrap_failed",
    "core::slice::index::",
    "core::str::slice_error_fail",
    "core::cell::panic_already",
    "std::panicking::",
    "std::process::abort",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::handle_error",
    "alloc::raw_vec::capacity_overflow",
    "__rustc::rust_begin_unwind",
    "rust_begin_unwind",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_allocator_by_all_its_names() {
        for (symbol, kind) in [
            ("__rust_alloc", Sink::Alloc),
            ("__rdl_dealloc", Sink::Free),
            ("__rg_realloc", Sink::Alloc),
            ("_RNvCslNYArtu3iFV_7___rustc12___rust_alloc", Sink::Alloc),
            ("_RNvCslNYArtu3iFV_7___rustc14___rust_dealloc", Sink::Free),
            ("malloc", Sink::Alloc),
            ("free", Sink::Free),
        ] {
            assert_eq!(local_role(symbol), Role::Sink(kind), "{symbol}");
        }
        for (name, kind) in [
            ("<t1::C as core::alloc::global::GlobalAlloc>::alloc", Sink::Alloc),
            ("core::alloc::global::GlobalAlloc::realloc", Sink::Alloc),
            (
                "std::sys::alloc::unix::<impl core::alloc::global::GlobalAlloc for std::alloc::System>::dealloc",
                Sink::Free,
            ),
        ] {
            assert_eq!(rust_role(name), Role::Sink(kind), "{name}");
        }
    }

    #[test]
    fn only_entries_are_believed_of_what_is_imported() {
        assert_eq!(entry("_RNvCslNYArtu3iFV_7___rustc12___rust_alloc"), Role::Sink(Sink::Alloc));
        assert_eq!(entry("_RNvCslNYArtu3iFV_7___rustc14___rust_dealloc"), Role::Sink(Sink::Free));
        for name in [
            "_RNvCslNYArtu3iFV_7___rustc17rust_begin_unwind",
            "_ZN4core9panicking5panic17h0123456789abcdefE",
            "area",
        ] {
            assert_eq!(entry(name), Role::Foreign, "{name}");
        }
    }

    #[test]
    fn other_names_are_no_entries() {
        for name in
            ["my::alloc", "core::alloc::layout::Layout::array", "__rust_probestack", "x::unwrap_failed"]
        {
            assert_eq!(rust_role(name), Role::Plain, "{name}");
        }
        assert_eq!(rust_role("core::panicking::panic_fmt"), Role::Panic);
    }
}
