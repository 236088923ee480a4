//! Machine code as [`Step`]s, by the decoder of its processor.

use std::ops::Range;

use super::aarch64;
use super::machine::{Code, Machine};
use super::step::Step;
use super::x86;

/// Decodes one function's bytes, step by step.
pub(crate) struct Steps<'a>(Decoder<'a>);

#[expect(
    clippy::large_enum_variant,
    reason = "a few live at a time, and a box is one more allocation for each"
)]
enum Decoder<'a> {
    X86(x86::Steps<'a>),
    Aarch64(aarch64::Steps<'a>),
}

impl<'a> Steps<'a> {
    /// Decodes `code`, whose first byte lies at address `base`.
    pub(crate) fn new(code: Code<'a>, base: u64) -> Self {
        Self(match code.machine {
            Machine::X86_64 => Decoder::X86(x86::Steps::new(code.bytes, base)),
            Machine::Aarch64 => Decoder::Aarch64(aarch64::Steps::new(code.bytes, base)),
        })
    }

    /// The same, telling what steps write to memory.
    pub(crate) fn with_writes(self, writes: bool) -> Self {
        Self(match self.0 {
            Decoder::X86(steps) => Decoder::X86(steps.with_writes(writes)),
            Decoder::Aarch64(steps) => Decoder::Aarch64(steps.with_writes(writes)),
        })
    }

    /// The step at `addr`; outside the code it is [`Flow::Undecodable`](super::step::Flow::Undecodable).
    pub(crate) fn at(&mut self, addr: u64) -> Step {
        match &mut self.0 {
            Decoder::X86(steps) => steps.at(addr),
            Decoder::Aarch64(steps) => steps.at(addr),
        }
    }

    /// The step at `addr` without its effect.
    pub(crate) fn flow_at(&mut self, addr: u64) -> Step {
        match &mut self.0 {
            Decoder::X86(steps) => steps.flow_at(addr),
            Decoder::Aarch64(steps) => steps.at(addr),
        }
    }

    /// Whether the instruction at `addr` has an operand that leads into a range relative to itself.
    pub(crate) fn speaks_of(&mut self, addr: u64, range: Range<u64>) -> bool {
        match &mut self.0 {
            Decoder::X86(steps) => steps.speaks_of(addr, range),
            // An address is made in several steps.
            Decoder::Aarch64(_) => true,
        }
    }
}
