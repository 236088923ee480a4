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
