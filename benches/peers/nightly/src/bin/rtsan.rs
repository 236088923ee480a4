//! LLVM's RealtimeSanitizer, which stands in for the system's allocator in a program that is built with it.

#![feature(sanitize)]

use std::hint::black_box;

use workload::{Filter, Ways, callbacks, main_with, pair};

#[path = "../../../src/lib.rs"]
mod workload;

#[expect(unsafe_code, reason = "the sanitizer's interface is C")]
unsafe extern "C" {
    /// From here on the thread may do what it likes.
    safe fn __rtsan_disable();
    /// Ends that.
    safe fn __rtsan_enable();
}

#[global_allocator]
static ALLOC: std::alloc::System = std::alloc::System;

#[sanitize(realtime = "nonblocking")]
#[inline(never)]
fn region(turn: u64) -> u64 {
    // Where it has an effect, or the compiler drops the call before the sanitizer sees it.
    black_box(turn)
}

#[sanitize(realtime = "nonblocking")]
#[inline(never)]
fn permitted() {
    __rtsan_disable();
    pair();
    __rtsan_enable();
}

#[sanitize(realtime = "nonblocking")]
#[inline(never)]
fn process(filter: &mut Filter, block: &mut [f32]) {
    filter.process(block);
}

fn main() -> std::process::ExitCode {
    main_with(&Ways {
        region: Some(|turns| (0..turns).for_each(|turn| _ = region(turn))),
        permitted: Some(|turns| (0..turns).for_each(|_| permitted())),
        callbacks: Some(|turns| callbacks(turns, process)),
        ..Ways::default()
    })
}
