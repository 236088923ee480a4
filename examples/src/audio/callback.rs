//! The callback: what runs for each block.

use biquad::{Biquad, Coefficients, DirectForm2Transposed, Errors, Q_BUTTERWORTH_F32, ToHertz, Type};

use super::gate::SpectralGate;
use super::limiter::Limiter;

/// Samples of a block: half a frame of the gate's Fourier transform.
pub const BLOCK: usize = SpectralGate::HOP;

/// What the effect is made for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Samples a second.
    pub rate: u32,
    /// Rumble below this frequency is taken out, in hertz.
    pub lowest: f32,
    /// Root mean square of the hiss that the gate takes out.
    pub hiss: f32,
    /// No sample leaves the effect above this level.
    pub ceiling: f32,
    /// Has the gate use the convenient call of the Fourier transform, which allocates.
    pub hidden_allocation: bool,
}

/// A high-pass filter, a spectral gate and a limiter, one after the other.
#[derive(Debug)]
pub struct Callback {
    high_pass: DirectForm2Transposed<f32>,
    gate: SpectralGate,
    limiter: Limiter,
}

impl Callback {
    /// The effect, with all memory that it will ever need.
    ///
    /// # Errors
    /// If `lowest` is not above 0 and below half the rate.
    pub fn new(settings: &Settings) -> Result<Self, Errors> {
        let (rate, lowest) = (settings.rate.hz(), settings.lowest.hz());
        let coefficients = Coefficients::<f32>::from_params(Type::HighPass, rate, lowest, Q_BUTTERWORTH_F32)?;
        let mut gate = SpectralGate::new(settings.hiss);
        gate.hide_an_allocation(settings.hidden_allocation);
        Ok(Self {
            high_pass: DirectForm2Transposed::new(coefficients),
            gate,
            limiter: Limiter::new(settings.ceiling),
        })
    }

    /// Processes a block in place; what comes out is late by one block.
    ///
    /// An audio driver calls this on a thread that must answer within milliseconds, so it must not allocate.
    #[qadapt::allocate_panic]
    pub fn process(&mut self, block: &mut [f32; BLOCK]) {
        for sample in &mut *block {
            *sample = self.high_pass.run(*sample);
        }
        self.gate.process(block);
        for sample in block {
            *sample = self.limiter.limit(*sample);
        }
    }

    /// Takes a gate that another thread made, as when somebody turns a knob. The old one is dropped here, which frees its
    /// memory on the audio thread.
    #[qadapt::allocate_panic]
    pub fn replace_gate(&mut self, gate: SpectralGate) {
        self.gate = gate;
    }

    /// The same, but the old one's memory waits until another thread gives it back.
    #[qadapt::allocate_panic(defer)]
    pub fn replace_gate_and_defer(&mut self, gate: SpectralGate) {
        self.gate = gate;
    }
}
