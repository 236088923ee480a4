//! `unsafe`, `extern "C"`, visibility, and `async` with `unsafe`.

use qadapt::no_alloc;

mod driver {
    use qadapt::no_alloc;

    /// Reads a register.
    #[no_alloc]
    pub(super) unsafe fn read(register: *const u8) -> u8 {
        // SAFETY: the caller's.
        unsafe { *register }
    }

    #[no_alloc]
    #[unsafe(no_mangle)]
    pub extern "C" fn callback(value: i32, _: *mut std::ffi::c_void) -> i32 {
        value + 1
    }

    #[no_alloc]
    pub(super) async unsafe fn later(register: *const u8) -> u8 {
        // SAFETY: the caller's.
        unsafe { read(register) }
    }
}

#[no_alloc]
unsafe extern "C" fn both(register: *const u8) -> u8 {
    // SAFETY: the caller's.
    unsafe { driver::read(register) }
}

fn main() {
    let byte = 5;
    // SAFETY: the pointers are good.
    assert_eq!(unsafe { (driver::read(&raw const byte), both(&raw const byte)) }, (5, 5));
    let callback: extern "C" fn(i32, *mut std::ffi::c_void) -> i32 = driver::callback;
    assert_eq!(callback(1, std::ptr::null_mut()), 2);
    // SAFETY: it is never polled.
    drop(unsafe { driver::later(&raw const byte) });
}
