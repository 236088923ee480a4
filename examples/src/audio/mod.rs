//! A real-time audio effect: the callback that an audio driver would call for each block of samples.
//!
//! Everything that needs memory is made before the first block: the filter, the plans of the Fourier transform, their
//! scratch memory, and every buffer.

mod callback;
mod gate;
mod limiter;
mod phrase;
mod wav;

pub use callback::{BLOCK, Callback, Settings};
pub use gate::SpectralGate;
pub use limiter::Limiter;
pub use phrase::{PHRASE_RATE, phrase};
pub use wav::{Recording, WavError};

/// A level of 1.0 is 0 dB; silence is minus infinity.
#[must_use]
pub fn decibels(level: f32) -> f32 {
    20.0 * level.log10()
}

/// The highest absolute value of the samples.
#[must_use]
pub fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}
