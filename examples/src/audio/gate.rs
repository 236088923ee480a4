//! A spectral gate: takes hiss out of a signal, frequency by frequency.

use core::f32::consts::PI;
use core::fmt;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// Samples of one Fourier transform.
const FRAME: usize = 1024;

/// How far a frequency without signal is turned down: by 26 dB.
const FLOOR: f32 = 0.05;

/// A frequency counts as hiss up to this multiple of the hiss's mean power, since a single frame's power scatters.
const MARGIN: f32 = 6.0;

/// Cuts the signal into frames that overlap by half, turns down the frequencies of each frame that are no stronger
/// than hiss, and adds the frames up again.
pub struct SpectralGate {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    /// What both transforms calculate in.
    scratch: Vec<Complex<f32>>,
    /// Fades a frame in and out, once before and once after the gate; squared, overlapping windows add up to 1.
    window: Vec<f32>,
    /// The last two blocks that came in.
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    /// The second half of the last frame, which the next one's first half completes.
    tail: Vec<f32>,
    /// The power up to which a frequency counts as hiss.
    threshold: f32,
    hidden_allocation: bool,
}

impl SpectralGate {
    /// Samples of a block: by so much frames follow each other.
    pub const HOP: usize = FRAME / 2;

    /// A gate for hiss of this root mean square; 0 lets everything pass.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "positions in a frame are small")]
    pub fn new(hiss: f32) -> Self {
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(FRAME), planner.plan_fft_inverse(FRAME));
        let scratch = forward.get_inplace_scratch_len().max(inverse.get_inplace_scratch_len());
        // The windows' squares add up to half a frame: that is how much of the hiss's power each frequency gets.
        let mean_power = hiss * hiss * FRAME as f32 / 2.0;
        Self {
            forward,
            inverse,
            scratch: vec![Complex::default(); scratch],
            window: (0..FRAME).map(|at| (PI * at as f32 / FRAME as f32).sin()).collect(),
            frame: vec![0.0; FRAME],
            spectrum: vec![Complex::default(); FRAME],
            tail: vec![0.0; Self::HOP],
            threshold: MARGIN * mean_power,
            hidden_allocation: false,
        }
    }

    /// Chooses between the transform that is handed its scratch memory and the one that makes its own.
    pub fn hide_an_allocation(&mut self, hidden: bool) {
        self.hidden_allocation = hidden;
    }

    /// Processes a block in place; what comes out is late by one block.
    pub fn process(&mut self, block: &mut [f32; Self::HOP]) {
        self.frame.copy_within(Self::HOP.., 0);
        self.frame[Self::HOP..].copy_from_slice(block);
        for ((bin, sample), window) in self.spectrum.iter_mut().zip(&self.frame).zip(&self.window) {
            *bin = Complex::new(sample * window, 0.0);
        }
        self.transform();
        for bin in &mut self.spectrum {
            *bin *= gain(bin.norm_sqr(), self.threshold);
        }
        self.inverse.process_with_scratch(&mut self.spectrum, &mut self.scratch);
        self.overlap(block);
    }

    /// From samples to frequencies.
    fn transform(&mut self) {
        if self.hidden_allocation {
            // Nothing in this line tells that it makes new scratch memory, each time.
            self.forward.process(&mut self.spectrum);
        } else {
            self.forward.process_with_scratch(&mut self.spectrum, &mut self.scratch);
        }
    }

    /// Adds the frame's first half to the last one's second half.
    #[expect(clippy::cast_precision_loss, reason = "a frame's length is small")]
    fn overlap(&mut self, block: &mut [f32; Self::HOP]) {
        let faded =
            self.spectrum.iter().zip(&self.window).map(|(bin, window)| bin.re * window / FRAME as f32);
        for (index, sample) in faded.enumerate() {
            if let Some(out) = block.get_mut(index) {
                *out = self.tail[index] + sample;
            } else {
                self.tail[index - Self::HOP] = sample;
            }
        }
    }
}

/// What a frequency of this power is multiplied by.
fn gain(power: f32, threshold: f32) -> f32 {
    if power > threshold { (1.0 - threshold / power).max(FLOOR) } else { FLOOR }
}

impl fmt::Debug for SpectralGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpectralGate")
            .field("threshold", &self.threshold)
            .field("hidden_allocation", &self.hidden_allocation)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::peak;
    use crate::random::Random;

    const HOP: usize = SpectralGate::HOP;

    fn gated(gate: &mut SpectralGate, input: &[f32]) -> Vec<f32> {
        let mut output = Vec::new();
        for chunk in input.chunks_exact(HOP) {
            let mut block = [0.0; HOP];
            block.copy_from_slice(chunk);
            gate.process(&mut block);
            output.extend_from_slice(&block);
        }
        output
    }

    fn noise(level: f32) -> Vec<f32> {
        let mut random = Random::new(9);
        (0..HOP * 20).map(|_| random.sample() * level).collect()
    }

    #[test]
    fn without_hiss_the_signal_comes_out_one_block_later() {
        let input = noise(0.8);
        let output = gated(&mut SpectralGate::new(0.0), &input);
        for (late, sample) in output[HOP..].iter().zip(&input) {
            assert!((late - sample).abs() < 1e-4, "{late} {sample}");
        }
    }

    #[test]
    fn hiss_goes_and_a_tone_stays() {
        // Uniform noise has a root mean square of its level over the square root of 3.
        let hiss = noise(0.02);
        let mut gate = SpectralGate::new(0.02 / 3.0_f32.sqrt());
        assert!(peak(&gated(&mut gate, &hiss)[HOP..]) < 0.1 * peak(&hiss));
        #[expect(clippy::cast_precision_loss, reason = "a small position")]
        let tone: Vec<f32> =
            hiss.iter().enumerate().map(|(at, hiss)| (at as f32 * 0.2).sin() * 0.5 + hiss).collect();
        let left = peak(&gated(&mut gate, &tone)[4 * HOP..]);
        assert!((0.45..0.55).contains(&left), "{left}");
    }
}
