//! An annotated library without std. `.ci/run platforms` builds it for a target without an operating system, where the
//! attributes are all there is of the guard; here its functions are tested on a host, where they are watched.
#![no_std]

use core::future::Future;

/// A plain region.
#[qadapt::allocate_panic]
#[must_use]
pub fn gain(sample: f32) -> f32 {
    0.5 * sample
}

/// Every option that needs no guard.
#[qadapt::allocate_panic(name = "mixer", mode = "log", forbid, budget(requests = 1), sample = 4)]
#[must_use]
pub fn mix(left: f32, right: f32) -> f32 {
    0.5 * (left + right)
}

/// A region that a proof is required of.
#[qadapt::no_alloc(prove)]
#[must_use]
pub fn clamp(sample: f32) -> f32 {
    sample.clamp(-1.0, 1.0)
}

/// A function that may allocate.
#[qadapt::permit_alloc]
#[must_use]
pub fn logs(value: u32) -> u32 {
    value + 1
}

/// A function whose calls are counted.
#[qadapt::count_alloc]
#[must_use]
pub fn counted(value: u32) -> u32 {
    value + 2
}

/// A future.
#[qadapt::allocate_panic]
pub async fn later(value: u32) -> u32 {
    core::future::ready(value).await
}

/// A function that returns a future.
#[qadapt::allocate_panic(allow(dealloc))]
pub fn made(value: u32) -> impl Future<Output = u32> {
    async move { value }
}

/// A filter with a method that is a region.
#[derive(Debug, Default)]
pub struct Filter {
    last: f32,
}

#[qadapt::allocate_panic]
impl Filter {
    /// The mean of this sample and the one before.
    pub fn next(&mut self, sample: f32) -> f32 {
        let mean = mix(self.last, sample);
        self.last = sample;
        mean
    }
}

/// Regions that are closures.
#[must_use]
pub fn closures(value: u32) -> u32 {
    qadapt::assert_no_alloc(|| qadapt::permit_alloc(|| value + u32::from(qadapt::is_active())))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn what_is_annotated_does_what_it_did() {
        let mut filter = Filter::default();
        assert!((filter.next(gain(1.0)) - 0.25).abs() < f32::EPSILON);
        assert!((clamp(2.0) - 1.0).abs() < f32::EPSILON);
        assert_eq!((logs(1), counted(1), closures(1) - u32::from(qadapt::is_active())), (2, 3, 1));
    }
}
