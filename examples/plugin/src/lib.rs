//! An audio plug-in: an echo in Rust, smoothed by C.
//!
//! It has QADAPT for its own tests, and nothing in it knows of the program that loads it. A careless echo copies each block, in Rust and
//! in C, where it could have kept the memory.
#![expect(unsafe_code, reason = "names for the loader, and a function of C's")]

use std::slice;

use qadapt::QADAPT;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// An echo, as a program that has loaded this plug-in holds it.
#[derive(Debug)]
pub struct Echo {
    /// What was played, in a ring.
    past: Vec<f32>,
    at: usize,
    /// Room for the copy that C makes; none in a careless echo.
    scratch: Option<Vec<f32>>,
}

unsafe extern "C" {
    fn smooth(samples: *mut f32, count: usize, scratch: *mut f32);
}

/// Makes an echo after so many samples, for blocks of at most `longest`.
#[unsafe(no_mangle)]
pub extern "C" fn echo_new(delay: usize, longest: usize, is_careless: bool) -> *mut Echo {
    let scratch = (!is_careless).then(|| vec![0.0; longest]);
    Box::into_raw(Box::new(Echo { past: vec![0.0; delay.max(1)], at: 0, scratch }))
}

/// Processes a block in place.
///
/// # Safety
/// The echo is `echo_new`'s, and nobody else uses it. `samples` has `count` of them, which is no more than the longest block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn echo_process(echo: *mut Echo, samples: *mut f32, count: usize) {
    // SAFETY: the caller's promise.
    let echo = unsafe { &mut *echo };
    // SAFETY: the caller's promise.
    let block = unsafe { slice::from_raw_parts_mut(samples, count) };
    echo.add(block);
    let scratch = echo.scratch.as_mut().map_or(std::ptr::null_mut(), Vec::as_mut_ptr);
    // SAFETY: the block has so many samples, and so has the scratch memory, if there is any.
    unsafe { smooth(block.as_mut_ptr(), count, scratch) };
}

/// Ends an echo.
///
/// # Safety
/// It is `echo_new`'s, and nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn echo_free(echo: *mut Echo) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(echo) });
}

impl Echo {
    /// Adds what was played, at half the level.
    fn add(&mut self, block: &mut [f32]) {
        if self.scratch.is_some() {
            for sample in block {
                *sample = self.echoed(*sample);
            }
        } else {
            let dry = block.to_vec();
            for (sample, dry) in block.iter_mut().zip(dry) {
                *sample = self.echoed(dry);
            }
        }
    }

    fn echoed(&mut self, sample: f32) -> f32 {
        let Some(past) = self.past.get_mut(self.at) else { return sample };
        let echoed = sample + 0.5 * *past;
        *past = echoed;
        self.at = (self.at + 1) % self.past.len();
        echoed
    }
}
