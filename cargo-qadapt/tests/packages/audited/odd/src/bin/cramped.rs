//! Allocates in a region on a thread of C's with the least stack that there is, and on one with more.

use std::ffi::c_void;
use std::hint::black_box;
use std::ptr;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[qadapt::no_alloc]
fn small() {
    std::mem::forget(black_box(Box::new(1_u8)));
}

#[qadapt::no_alloc]
fn large() {
    std::mem::forget(black_box(Box::new(1_u16)));
}

extern "C" fn small_thread(_: *mut c_void) -> *mut c_void {
    small();
    ptr::null_mut()
}

extern "C" fn large_thread(_: *mut c_void) -> *mut c_void {
    large();
    ptr::null_mut()
}

fn run(stack: usize, body: extern "C" fn(*mut c_void) -> *mut c_void) {
    // SAFETY: the attributes are initialised before they are used, the thread is joined, and it is given nothing.
    unsafe {
        let mut attributes = std::mem::zeroed();
        assert_eq!(libc::pthread_attr_init(&mut attributes), 0);
        assert_eq!(libc::pthread_attr_setstacksize(&mut attributes, stack), 0);
        let mut thread = std::mem::zeroed();
        assert_eq!(libc::pthread_create(&mut thread, &attributes, body, ptr::null_mut()), 0);
        assert_eq!(libc::pthread_join(thread, ptr::null_mut()), 0);
    }
}

fn main() {
    run(libc::PTHREAD_STACK_MIN, small_thread);
    run(1 << 20, large_thread);
}
