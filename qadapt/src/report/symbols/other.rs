//! Symbols by the crate backtrace, which knows the formats of each platform. It may wait for that crate's lock.

use core::ffi::c_void;

use super::Symbol;

/// Calls `found` with the functions at each address, innermost first, until it returns false.
pub(in crate::report) fn resolve(addresses: &[usize], mut found: impl FnMut(usize, Symbol) -> bool) {
    for &address in addresses {
        let mut goes_on = true;
        let mut any = false;
        backtrace::resolve(address as *mut c_void, |symbol| {
            any = true;
            goes_on &= found(
                address,
                Symbol {
                    // The alternate form leaves out the hash at the name's end.
                    function: symbol.name().map(|name| format!("{name:#}")),
                    file: symbol.filename().map(std::path::Path::to_path_buf),
                    line: symbol.lineno().unwrap_or(0),
                    column: symbol.colno(),
                    is_system: false,
                    library: None,
                },
            );
        });
        goes_on &= any || found(address, Symbol::default());
        if !goes_on {
            return;
        }
    }
}

/// In a forked child.
pub(in crate::report) fn forked() {}
