//! The range of code from which system calls are made whatever the selector is: x86-64.
#![expect(unsafe_code, reason = "std makes no system calls of the caller's choice")]

use core::arch::{asm, global_asm};
use core::ffi::{c_int, c_long, c_void};
use core::ptr;

/// Bytes below a function's stack pointer that are its own (System V ABI, 3.2.2), and an address.
pub(super) const BELOW: u64 = 128 + 8;

// What lies here, in this order: a call from Rust; the end of a signal handler; and the places at which a call is made again, where
// the stack pointer is `BELOW` under the caller's, and the address to go to lies there. `jrcxz` tests without changing flags. The kernel changes `rcx` and `r11` at each
// call, so that `rcx` is free, and gets the value that it has after any call. All tell unwinders what they need: the end of
// a handler as the C library's own does, with the offsets of `ucontext_t` and a byte before it, since unwinders look at the
// address before the one to return to.
#[rustfmt::skip]
macro_rules! name {
    ($name:literal) => {
        concat!("qadapt_calls_", env!("CARGO_PKG_VERSION_MAJOR"), "_", env!("CARGO_PKG_VERSION_MINOR"), "_",
            env!("CARGO_PKG_VERSION_PATCH"), "_", $name)
    };
}

global_asm!(
    ".pushsection .text.qadapt_calls, \"ax\", @progbits",
    ".p2align 4",
    concat!(".globl ", name!("make")),
    concat!(".hidden ", name!("make")),
    concat!(".type ", name!("make"), ", @function"),
    concat!(name!("make"), ":"),
    ".cfi_startproc",
    "mov rax, rdi",
    "mov r9, [rsi + 40]",
    "mov r8, [rsi + 32]",
    "mov r10, [rsi + 24]",
    "mov rdx, [rsi + 16]",
    "mov rdi, [rsi]",
    "mov rsi, [rsi + 8]",
    "syscall",
    "ret",
    ".cfi_endproc",
    concat!(".size ", name!("make"), ", . - ", name!("make")),
    ".p2align 4",
    ".cfi_startproc",
    ".cfi_signal_frame",
    ".cfi_escape 0x0f, 4, 0x77, 0xa0, 0x01, 0x06",
    ".cfi_escape 0x10, 8, 2, 0x77, 0x28",
    ".cfi_escape 0x10, 9, 2, 0x77, 0x30",
    ".cfi_escape 0x10, 10, 2, 0x77, 0x38",
    ".cfi_escape 0x10, 11, 3, 0x77, 0xc0, 0x00",
    ".cfi_escape 0x10, 12, 3, 0x77, 0xc8, 0x00",
    ".cfi_escape 0x10, 13, 3, 0x77, 0xd0, 0x00",
    ".cfi_escape 0x10, 14, 3, 0x77, 0xd8, 0x00",
    ".cfi_escape 0x10, 15, 3, 0x77, 0xe0, 0x00",
    ".cfi_escape 0x10, 5, 3, 0x77, 0xe8, 0x00",
    ".cfi_escape 0x10, 4, 3, 0x77, 0xf0, 0x00",
    ".cfi_escape 0x10, 6, 3, 0x77, 0xf8, 0x00",
    ".cfi_escape 0x10, 3, 3, 0x77, 0x80, 0x01",
    ".cfi_escape 0x10, 1, 3, 0x77, 0x88, 0x01",
    ".cfi_escape 0x10, 0, 3, 0x77, 0x90, 0x01",
    ".cfi_escape 0x10, 2, 3, 0x77, 0x98, 0x01",
    ".cfi_escape 0x10, 16, 3, 0x77, 0xa8, 0x01",
    "nop",
    concat!(".globl ", name!("end_handler")),
    concat!(".hidden ", name!("end_handler")),
    concat!(".type ", name!("end_handler"), ", @function"),
    concat!(name!("end_handler"), ":"),
    "mov rax, 15",
    "syscall",
    "ud2",
    ".cfi_endproc",
    concat!(".size ", name!("end_handler"), ", . - ", name!("end_handler")),
    ".p2align 4",
    concat!(".globl ", name!("again")),
    concat!(".hidden ", name!("again")),
    concat!(".type ", name!("again"), ", @function"),
    ".cfi_startproc",
    ".cfi_def_cfa rsp, 136",
    ".cfi_offset rip, -136",
    concat!(name!("again"), ":"),
    "syscall",
    "mov rcx, [rsp]",
    ".cfi_register rip, rcx",
    "lea rsp, [rsp + 136]",
    ".cfi_def_cfa_offset 0",
    "jmp rcx",
    ".cfi_endproc",
    concat!(".size ", name!("again"), ", . - ", name!("again")),
    ".p2align 4",
    concat!(".globl ", name!("beget")),
    concat!(".hidden ", name!("beget")),
    concat!(".type ", name!("beget"), ", @function"),
    ".cfi_startproc",
    ".cfi_def_cfa rsp, 136",
    ".cfi_offset rip, -136",
    concat!(name!("beget"), ":"),
    "syscall",
    "mov rcx, rax",
    "jrcxz 2f",
    "mov rcx, [rsp]",
    ".cfi_remember_state",
    ".cfi_register rip, rcx",
    "lea rsp, [rsp + 136]",
    ".cfi_def_cfa_offset 0",
    "jmp rcx",
    ".cfi_restore_state",
    ".cfi_undefined rip",
    "2:",
    "mov rcx, [rsp - 136]",
    "jmp rcx",
    ".cfi_endproc",
    concat!(".size ", name!("beget"), ", . - ", name!("beget")),
    concat!(".globl ", name!("end")),
    concat!(".hidden ", name!("end")),
    concat!(name!("end"), ":"),
    ".popsection",
);

unsafe extern "C" {
    #[link_name = name!("make")]
    fn qadapt_make(number: i64, arguments: *const [u64; 6]) -> i64;
    #[link_name = name!("end_handler")]
    static END_HANDLER: u8;
    #[link_name = name!("again")]
    static AGAIN: u8;
    #[link_name = name!("beget")]
    static BEGET: u8;
    #[link_name = name!("end")]
    static END: u8;
}

/// Makes a system call; what the kernel answers, which is a negated error from -4095 on.
///
/// # Safety
/// As for the call.
pub(super) unsafe fn make(number: c_long, arguments: [u64; 6]) -> i64 {
    // SAFETY: the caller's contract. The code reads six arguments and changes no memory but as the call does.
    unsafe { qadapt_make(number, &raw const arguments) }
}

/// Whether Valgrind runs the program: it hands the kernel the guard's request, and then makes its own calls from code of its own, of
/// which the first would end the process.
pub(super) fn is_under_valgrind() -> bool {
    // `VG_USERREQ__RUNNING_ON_VALGRIND` (valgrind.h); the rest are its arguments.
    let request: [u64; 6] = [0x1001, 0, 0, 0, 0, 0];
    let depth: u64;
    // SAFETY: a client request (valgrind.h, on amd64). On a processor the turns of `rdi` add up to two whole ones, and `rbx` is exchanged
    // with itself: nothing changes. Valgrind reads the six numbers and puts its answer into `rdx`.
    unsafe {
        asm!(
            "rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
            in("rax") &raw const request, inout("rdx") 0_u64 => depth, options(readonly, nostack),
        );
    }
    depth != 0
}

/// Where a signal handler returns to.
pub(super) fn end_of_handler() -> u64 {
    (&raw const END_HANDLER).addr() as u64
}

/// Where a call is made again.
pub(super) fn again() -> u64 {
    (&raw const AGAIN).addr() as u64
}

/// Where a call is made again whose child has a stack of its own: the address that the child goes to lies `BELOW` under that one.
pub(super) fn beget() -> u64 {
    (&raw const BEGET).addr() as u64
}

/// The range: where it starts, and its length. The kernel compares the address after the call's instruction.
pub(super) fn range() -> (u64, u64) {
    let start = (qadapt_make as *const ()).addr() as u64;
    (start, (&raw const END).addr() as u64 - start)
}

/// The number with the same bits.
pub(super) fn unsigned(number: i64) -> u64 {
    0_u64.wrapping_add_signed(number)
}

/// What [`super::super::posix::map_pages`] does, past every selector.
pub(crate) fn map_pages(bytes: usize) -> *mut u8 {
    const ACCESS: c_int = libc::PROT_READ | libc::PROT_WRITE;
    const HOW: c_int = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let arguments = [0, bytes as u64, ACCESS.unsigned_abs().into(), HOW.unsigned_abs().into(), u64::MAX, 0];
    // SAFETY: a new private mapping without a file, wherever the system puts it: no memory of anybody's changes.
    let pages = unsafe { make(libc::SYS_mmap, arguments) };
    // Errors are negative.
    usize::try_from(pages)
        .map_or(ptr::null_mut(), |address| ptr::with_exposed_provenance_mut::<c_void>(address).cast())
}

/// What [`super::super::posix::unmap_pages`] does, past every selector.
///
/// # Safety
/// They came from [`map_pages`] with the same size, and nothing uses them any more.
pub(crate) unsafe fn unmap_pages(pages: *mut u8, bytes: usize) {
    let arguments = [pages.expose_provenance() as u64, bytes as u64, 0, 0, 0, 0];
    // SAFETY: the caller's contract. An error leaves them mapped, which harms nobody.
    let _ = unsafe { make(libc::SYS_munmap, arguments) };
}

/// The C library's `getrusage` of this thread, past every selector: 0 if it has been written.
pub(crate) fn usage_of_thread(usage: *mut libc::rusage) -> i64 {
    let who = 0_u64.wrapping_add_signed(libc::RUSAGE_THREAD.into());
    // SAFETY: the caller has room for the answer; elsewhere the kernel fails.
    unsafe { make(libc::SYS_getrusage, [who, usage.expose_provenance() as u64, 0, 0, 0, 0]) }
}
