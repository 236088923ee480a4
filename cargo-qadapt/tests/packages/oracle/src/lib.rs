//! A `malloc` that remembers all return addresses above it, for `LD_PRELOAD`.
//!
//! At exit it writes them, one a line, to the file that `QADAPT_ORACLE` names, and the load address of the
//! program before them.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicU64, Ordering};

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(n: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(p: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_memalign(align: usize, size: usize) -> *mut c_void;
    fn _Unwind_Backtrace(f: extern "C" fn(*mut c_void, *mut c_void) -> c_int, data: *mut c_void) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
    fn getenv(name: *const c_char) -> *const c_char;
    fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int;
    fn write(fd: c_int, bytes: *const u8, n: usize) -> isize;
    fn atexit(f: extern "C" fn()) -> c_int;
    fn getauxval(kind: u64) -> u64;
}

const SLOTS: usize = 1 << 18;
static SEEN: [AtomicU64; SLOTS] = [const { AtomicU64::new(0) }; SLOTS];

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

extern "C" fn frame(context: *mut c_void, _: *mut c_void) -> c_int {
    // SAFETY: the unwinder's own context, which is valid while it calls this.
    let address = unsafe { _Unwind_GetIP(context) } as u64;
    let mut slot = (address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % SLOTS;
    for _ in 0..64 {
        match SEEN[slot].compare_exchange(0, address, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return 0,
            Err(there) if there == address => return 0,
            Err(_) => slot = (slot + 1) % SLOTS,
        }
    }
    0
}

fn record() {
    if BUSY.replace(true) {
        return;
    }
    // SAFETY: the function that it calls for each frame takes these arguments, and does not unwind.
    unsafe { _Unwind_Backtrace(frame, std::ptr::null_mut()) };
    BUSY.set(false);
}

#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut c_void {
    record();
    // SAFETY: the C library's own, which takes any size.
    unsafe { __libc_malloc(size) }
}

#[unsafe(no_mangle)]
extern "C" fn calloc(n: usize, size: usize) -> *mut c_void {
    record();
    // SAFETY: the same.
    unsafe { __libc_calloc(n, size) }
}

#[unsafe(no_mangle)]
extern "C" fn realloc(p: *mut c_void, size: usize) -> *mut c_void {
    record();
    // SAFETY: the caller's block is one of the C library's, as all here are.
    unsafe { __libc_realloc(p, size) }
}

#[unsafe(no_mangle)]
extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    record();
    // SAFETY: the C library's own, which takes any size; the caller's alignment is a power of two.
    unsafe { __libc_memalign(align, size) }
}

#[unsafe(no_mangle)]
extern "C" fn posix_memalign(out: *mut *mut c_void, align: usize, size: usize) -> c_int {
    record();
    // SAFETY: the caller gives a place for the address.
    unsafe { *out = __libc_memalign(align, size) };
    0
}

fn hex(fd: c_int, mut n: u64) {
    let mut line = [b'\n'; 17];
    for digit in line[..16].iter_mut().rev() {
        *digit = b"0123456789abcdef"[(n & 15) as usize];
        n >>= 4;
    }
    // SAFETY: the line has that many bytes.
    unsafe { write(fd, line.as_ptr(), line.len()) };
}

extern "C" fn dump() {
    BUSY.set(true);
    // SAFETY: the programs under it leave their environment as it is; the path is a string of it, and `getauxval` takes any number.
    unsafe {
        let path = getenv(c"QADAPT_ORACLE".as_ptr());
        if path.is_null() {
            return;
        }
        // O_WRONLY | O_CREAT | O_TRUNC
        let fd = open(path, 0o1101, 0o644);
        // AT_PHDR minus the size of the ELF header: where the program is loaded.
        hex(fd, getauxval(3).wrapping_sub(64));
        for slot in &SEEN {
            let address = slot.load(Ordering::Relaxed);
            if address != 0 {
                hex(fd, address);
            }
        }
    }
}

extern "C" fn init() {
    // SAFETY: the function is there until the process ends.
    unsafe { atexit(dump) };
}

#[used]
#[unsafe(link_section = ".init_array")]
static INIT: extern "C" fn() = init;
