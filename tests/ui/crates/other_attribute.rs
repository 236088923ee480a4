//! Attributes of others that speak of the parameters, above and below.

use before::before;
use qadapt::{allocate_panic, no_alloc};

/// Its length.
#[allocate_panic]
#[before(samples.len())]
#[must_use]
pub fn below(samples: &[f32]) -> usize {
    samples.len()
}

/// The same with the other order.
#[before(samples.len())]
#[allocate_panic]
#[must_use]
pub fn above(samples: &[f32]) -> usize {
    samples.len()
}

/// Their sum.
#[no_alloc]
#[before((first, second))]
pub async fn polled(first: u32, mut second: u32) -> u32 {
    second += first;
    second
}

/// A method.
#[derive(Debug)]
pub struct Gain(pub f32);

impl Gain {
    /// The sample times the gain, and what is ignored.
    #[no_alloc]
    #[before(self.0 * sample)]
    pub fn applied(&self, sample: f32, _ignored: u8) -> f32 {
        self.0 * sample
    }
}
