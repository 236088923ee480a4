//! A `malloc` that counts between two marks, for `LD_PRELOAD` under programs with one thread.
//!
//! A program sets a mark with `getpgid`, which no program of ours needs: `getpgid(MARK + 4 * region + what)`, `what` being
//! 0 to begin with a count of all events, 1 to begin with a count of blocks of odd size, 2 to end. At the end of the
//! program each region's number with its allocations and frees goes to the file that `QADAPT_COUNTER` names.

use std::cell::UnsafeCell;
use std::ffi::{c_char, c_int, c_void};

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(n: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(p: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_memalign(align: usize, size: usize) -> *mut c_void;
    fn __libc_free(p: *mut c_void);
    fn getenv(name: *const c_char) -> *const c_char;
    fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int;
    fn write(fd: c_int, bytes: *const u8, n: usize) -> isize;
    fn atexit(f: extern "C" fn()) -> c_int;
}

const MARK: c_int = 0x5141_0000;
const REGIONS: usize = 1024;
const BLOCKS: usize = 1 << 16;

struct State {
    /// The region that is open, and whether odd sizes alone count.
    open: Option<(usize, bool)>,
    registered: bool,
    seen: [bool; REGIONS],
    allocations: [u64; REGIONS],
    frees: [u64; REGIONS],
    /// The blocks in use: address and size.
    blocks: [(usize, usize); BLOCKS],
}

struct Shared(UnsafeCell<State>);

// SAFETY: the programs under it have one thread.
unsafe impl Sync for Shared {}

static STATE: Shared = Shared(UnsafeCell::new(State {
    open: None,
    registered: false,
    seen: [false; REGIONS],
    allocations: [0; REGIONS],
    frees: [0; REGIONS],
    blocks: [(0, 0); BLOCKS],
}));

fn state() -> &'static mut State {
    // SAFETY: as above, and nothing below calls back.
    unsafe { &mut *STATE.0.get() }
}

impl State {
    /// The slot of an address: its own, or a free one.
    fn slot(&mut self, address: usize) -> &mut (usize, usize) {
        let mut slot = (address >> 4).wrapping_mul(0x9e37_79b9) % BLOCKS;
        // Slots are never emptied, so that a search can stop at the first that was never used.
        while self.blocks[slot].0 != 0 && self.blocks[slot].0 != address {
            slot = (slot + 1) % BLOCKS;
        }
        &mut self.blocks[slot]
    }

    fn counts(&self, size: usize) -> Option<usize> {
        self.open.filter(|&(_, odd)| !odd || size % 2 == 1).map(|(region, _)| region)
    }

    fn allocated(&mut self, address: *mut c_void, size: usize) {
        *self.slot(address as usize) = (address as usize, size);
        if let Some(region) = self.counts(size) {
            self.allocations[region] += 1;
        }
    }

    fn freed(&mut self, address: *mut c_void) {
        let (known, size) = *self.slot(address as usize);
        if known != 0 && let Some(region) = self.counts(size) {
            self.frees[region] += 1;
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn getpgid(mark: c_int) -> c_int {
    let state = state();
    if !state.registered {
        state.registered = true;
        // SAFETY: the function is there until the process ends.
        unsafe { atexit(report) };
    }
    let number = mark.wrapping_sub(MARK);
    let region = (number / 4) as usize % REGIONS;
    state.open = match number % 4 {
        0 => Some((region, false)),
        1 => Some((region, true)),
        _ => None,
    };
    state.seen[region] = true;
    0
}

#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: the C library's own, which takes any size.
    let address = unsafe { __libc_malloc(size) };
    state().allocated(address, size);
    address
}

#[unsafe(no_mangle)]
extern "C" fn calloc(n: usize, size: usize) -> *mut c_void {
    // SAFETY: the same.
    let address = unsafe { __libc_calloc(n, size) };
    state().allocated(address, n.wrapping_mul(size));
    address
}

#[unsafe(no_mangle)]
extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's block is one of the C library's, as all here are.
    let address = unsafe { __libc_realloc(old, size) };
    state().allocated(address, size);
    address
}

#[unsafe(no_mangle)]
extern "C" fn posix_memalign(out: *mut *mut c_void, align: usize, size: usize) -> c_int {
    // SAFETY: the C library's own, which takes any size; the caller's alignment is a power of two.
    let address = unsafe { __libc_memalign(align, size) };
    // SAFETY: the caller gives a place for the address.
    unsafe { *out = address };
    state().allocated(address, size);
    0
}

#[unsafe(no_mangle)]
extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    // SAFETY: the C library's own, which takes any size; the caller's alignment is a power of two.
    let address = unsafe { __libc_memalign(align, size) };
    state().allocated(address, size);
    address
}

#[unsafe(no_mangle)]
extern "C" fn free(address: *mut c_void) {
    if !address.is_null() {
        state().freed(address);
    }
    // SAFETY: the caller's block is one of the C library's, as all here are.
    unsafe { __libc_free(address) };
}

extern "C" fn report() {
    // SAFETY: the name ends with a NUL, and the programs under it leave their environment as it is.
    let path = unsafe { getenv(c"QADAPT_COUNTER".as_ptr()) };
    if path.is_null() {
        return;
    }
    state().open = None;
    // O_WRONLY | O_CREAT | O_TRUNC
    // SAFETY: the path is a string of the environment.
    let fd = unsafe { open(path, 0o1101, 0o644) };
    let mut line = [0u8; 96];
    for region in (0..REGIONS).filter(|&region| state().seen[region]) {
        let mut length = 0;
        for number in [region as u64, state().allocations[region], state().frees[region]] {
            length += digits(number, &mut line[length..]);
            line[length] = b' ';
            length += 1;
        }
        line[length - 1] = b'\n';
        // SAFETY: the line has that many bytes.
        unsafe { write(fd, line.as_ptr(), length) };
    }
}

/// Writes a number and returns its length.
fn digits(number: u64, out: &mut [u8]) -> usize {
    let length = number.checked_ilog10().unwrap_or(0) as usize + 1;
    let mut rest = number;
    for place in out[..length].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    length
}
