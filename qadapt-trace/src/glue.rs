//! The functions that the compiler puts between a program and its allocator.

/// True for a function through which a program enters its global allocator, as symbols are demangled: the compiler's
/// `__rust_alloc`, what that calls where the program has an allocator of its own (`__rg_alloc`) or none (`__rdl_alloc`), and their
/// kin.
///
/// # Examples
/// ```
/// use qadapt_trace::is_allocator_entry;
///
/// assert!(is_allocator_entry("__rustc::__rust_alloc_zeroed"));
/// // std's start code has names that begin like that, too.
/// assert!(!is_allocator_entry("std::sys::backtrace::__rust_begin_short_backtrace"));
/// assert!(!is_allocator_entry("__rust_begin_short_backtrace<fn(), ()>"));
/// ```
#[must_use]
pub fn is_allocator_entry(function: &str) -> bool {
    let name = function.strip_prefix("__rustc::").unwrap_or(function);
    ["__rust_", "__rg_", "__rdl_"].iter().any(|prefix| {
        let method = name.strip_prefix(prefix);
        method.is_some_and(|method| ["alloc", "alloc_zeroed", "realloc", "dealloc"].contains(&method))
    })
}

/// True for a frame of the program's side of its global allocator, by its function and its source file: what such a frame
/// calls is the allocator's. That is an entry ([`is_allocator_entry`]), or what the standard library calls the entries
/// from: an optimiser that joins the calls of two of them leaves neither the entry nor its line.
///
/// # Examples
/// ```
/// use qadapt_trace::asks_allocator;
///
/// assert!(asks_allocator("__rustc::__rg_realloc", "src/main.rs"));
/// assert!(asks_allocator("dealloc", "/rustc/0/library/alloc/src/alloc.rs"));
/// assert!(asks_allocator("dealloc", r"/rustc/0/library\alloc\src\alloc.rs")); // for Windows
/// assert!(asks_allocator("with_capacity_in<u8>", "/rustc/0/library/alloc/src/raw_vec/mod.rs"));
/// // This can call a closure that asks the allocator by its own name.
/// assert!(!asks_allocator("extend<u8>", "/rustc/0/library/alloc/src/vec/mod.rs"));
/// ```
#[must_use]
pub fn asks_allocator(function: &str, file: &str) -> bool {
    is_allocator_entry(function) || calls_entries(file)
}

/// True for std's `alloc::alloc` and `alloc::raw_vec`. The standard library's sources lie in `/rustc/HASH/library`, or in the
/// sysroot's `lib/rustlib/src/rust/library`; for Windows with backslashes in places.
fn calls_entries(file: &str) -> bool {
    // Of most files the end tells, without a search for their parts.
    if !["alloc.rs", "raw_vec.rs", "mod.rs"].iter().any(|end| file.ends_with(end)) {
        return false;
    }
    let mut parts = file.rsplit(['/', '\\']).filter(|part| *part != "mod.rs");
    matches!(parts.next(), Some("alloc.rs" | "raw_vec.rs" | "raw_vec"))
        && parts.by_ref().take(3).eq(["src", "alloc", "library"])
        && (file.starts_with("/rustc/") || parts.take(3).eq(["rust", "src", "rustlib"]))
}
