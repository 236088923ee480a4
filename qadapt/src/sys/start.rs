//! Running before `main`, and on Windows at the end.

/// Has the loader call a function before `main`, where the checks are on; elsewhere no trace of it is left.
///
/// The loader, or the C library's start code, calls what stands in a section of pointers: `.init_array` of ELF files
/// (System V ABI) and of WebAssembly (its tool conventions, "Linking"), `__mod_init_func` of Mach-O (Apple's "Mach-O Runtime
/// Architecture"), `.CRT$XCU` of PE (Microsoft's "CRT Initialization"). On other platforms nobody calls it.
macro_rules! before_main {
    ($start:path) => {
        #[cfg(all(
            any(unix, windows, target_os = "wasi"),
            not(qadapt_unchecked),
            any(debug_assertions, feature = "enforce", qadapt_enforce)
        ))]
        #[used]
        #[cfg_attr(
            any(all(unix, not(target_vendor = "apple")), target_os = "wasi"),
            unsafe(link_section = ".init_array")
        )]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
        #[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
        #[expect(unsafe_code, reason = "there is no other way to run before main")]
        static START: extern "C" fn() = $start;

        // Windows' own way to end a process leaves the C library out, but calls these.
        #[cfg(all(
            windows,
            not(qadapt_unchecked),
            any(debug_assertions, feature = "enforce", qadapt_enforce)
        ))]
        #[used]
        #[unsafe(link_section = ".CRT$XLY")]
        #[expect(unsafe_code, reason = "there is no other way to run at the end")]
        static END: extern "system" fn(*mut core::ffi::c_void, u32, *mut core::ffi::c_void) =
            $crate::sys::at_detach;
        #[cfg(all(
            windows,
            not(all(not(qadapt_unchecked), any(debug_assertions, feature = "enforce", qadapt_enforce)))
        ))]
        const _: extern "system" fn(*mut core::ffi::c_void, u32, *mut core::ffi::c_void) =
            $crate::sys::at_detach;

        // Names the function, so that it does not count as dead code.
        #[cfg(not(all(
            any(unix, windows, target_os = "wasi"),
            not(qadapt_unchecked),
            any(debug_assertions, feature = "enforce", qadapt_enforce)
        )))]
        const _: extern "C" fn() = $start;
    };
}
pub(crate) use before_main;
