//! Follows each habit under the counter of `native/counter.c`, and prints what that counted: the events of C, as the guard's
//! program `watched` prints them.
#![expect(unsafe_code, reason = "the counter's functions are found by their names")]

use core::ffi::{CStr, c_void};
use core::mem;

use qadapt_c_tests::Habit;

fn main() {
    // SAFETY: the counter has a function of this type under this name.
    let begin = unsafe { mem::transmute::<*mut c_void, extern "C" fn()>(find(c"counter_begin")) };
    // SAFETY: as above; it fills four numbers.
    let read = unsafe { mem::transmute::<*mut c_void, extern "C" fn(*mut [u64; 4])>(find(c"counter_read")) };
    for (name, habit) in Habit::all() {
        let mut counts = [0; 4];
        begin();
        habit.follow();
        read(&raw mut counts);
        let [allocs, reallocs, deallocs, failed] = counts;
        println!("{name}: {allocs} {reallocs} {deallocs} {failed}");
    }
}

fn find(name: &CStr) -> *mut c_void {
    // SAFETY: a C string.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    assert!(!found.is_null(), "run it with LD_PRELOAD={}", env!("COUNTER"));
    found
}
