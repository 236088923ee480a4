//! What the C program of `native/host.c` calls in Rust.
#![expect(unsafe_code, reason = "called by C, and calls it")]

use core::hint::black_box;
use std::panic::catch_unwind;

use qadapt::QADAPT;
use qadapt_malloc as _;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// One allocation and one deallocation of Rust's.
#[unsafe(no_mangle)]
extern "C" fn rust_allocates() {
    drop(black_box(Box::new(7_u64)));
}

/// Calls back into C in a region of Rust's. Returns whether that panicked.
///
/// # Safety
/// The callback can be called.
#[unsafe(no_mangle)]
unsafe extern "C" fn rust_guards(callback: unsafe extern "C-unwind" fn()) -> bool {
    // SAFETY: the caller's contract.
    catch_unwind(|| qadapt::assert_no_alloc(|| unsafe { callback() })).is_err()
}

/// Calls back into C, and catches what unwinds out of it. Returns whether something did.
///
/// # Safety
/// The callback can be called.
#[unsafe(no_mangle)]
unsafe extern "C" fn rust_catches(callback: unsafe extern "C-unwind" fn()) -> bool {
    // SAFETY: the caller's contract.
    catch_unwind(|| unsafe { callback() }).is_err()
}
