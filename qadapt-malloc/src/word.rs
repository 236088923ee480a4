//! The test of the thread's word, in as few instructions as there are.
//!
//! A library's thread-locals are reached by a call of the loader's, which the linker takes out of a program, but not the
//! registers that were saved for it: eight more instructions in each function here. In a program a thread-local lies at
//! one distance from each thread's own pointer (the "variant" I and II of static storage in Ulrich Drepper's "ELF Handling For
//! Thread-Local Storage"). That distance is found once, before `main`.
#![expect(unsafe_code, reason = "reads a thread-local by its distance from the thread's pointer")]

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicUsize, Ordering};

use qadapt::__c as guard;

/// The distance; 0 until it is known. A thread's pointer points to a word that is not zero, so that until then all functions take
/// their slow way, which asks the guard. Relaxed: a number.
static DISTANCE: AtomicUsize = AtomicUsize::new(0);

/// True if something may watch this thread.
#[inline(always)]
pub(crate) fn is_watched() -> bool {
    guard::ON && (guard::ALWAYS || word_at(DISTANCE.load(Ordering::Relaxed)) & !guard::UNWATCHED != 0)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn word_at(distance: usize) -> usize {
    let word: usize;
    // SAFETY: it reads the thread's own word, or the pointer to itself that glibc's `tcbhead_t` begins with.
    unsafe {
        core::arch::asm!("mov {}, fs:[{}]", out(reg) word, in(reg) distance, options(nostack, preserves_flags, readonly));
    }
    word
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn word_at(distance: usize) -> usize {
    let word: usize;
    // SAFETY: it reads the thread's own word, or the pointer that glibc's `tcbhead_t` begins with.
    unsafe {
        core::arch::asm!(
            "mrs {0}, tpidr_el0", "ldr {0}, [{0}, {1}]",
            out(reg) word, in(reg) distance, options(nostack, preserves_flags, readonly)
        );
    }
    word
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
fn word_at(_: usize) -> usize {
    usize::from(guard::is_watched())
}

/// This thread's pointer.
#[cfg(target_arch = "x86_64")]
fn pointer() -> usize {
    word_at(0)
}

#[cfg(target_arch = "aarch64")]
fn pointer() -> usize {
    let pointer: usize;
    // SAFETY: it copies a register.
    unsafe {
        core::arch::asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nomem, nostack, preserves_flags))
    };
    pointer
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn pointer() -> usize {
    0
}

/// Finds the distance, if this code is part of the program and not of a library, whose thread-locals may lie anywhere.
pub(crate) fn find_word() {
    let mut is_in_program = false;
    // SAFETY: the callback has the type that is asked for, and its data is what it takes it for.
    unsafe { libc::dl_iterate_phdr(Some(look_at_program), (&raw mut is_in_program).cast()) };
    if let Some(word) = guard::word().filter(|_| is_in_program) {
        DISTANCE.store(word.addr().wrapping_sub(pointer()), Ordering::Relaxed);
    }
}

/// Looks at the first file that is loaded, which is the program (`dl_iterate_phdr(3)`), and at no other.
///
/// # Safety
/// The loader describes a file, and `data` is a `bool`.
unsafe extern "C" fn look_at_program(info: *mut libc::dl_phdr_info, _: usize, data: *mut c_void) -> c_int {
    // SAFETY: the caller's contract.
    let info = unsafe { &*info };
    // SAFETY: so many program headers lie there.
    let headers = unsafe { core::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let here = (look_at_program as *const ()).addr() as u64;
    let is_inside = headers.iter().any(|header| {
        let start = info.dlpi_addr.wrapping_add(header.p_vaddr);
        header.p_type == libc::PT_LOAD && here.wrapping_sub(start) < header.p_memsz
    });
    // SAFETY: the caller's contract.
    unsafe { data.cast::<bool>().write(is_inside) };
    1
}
