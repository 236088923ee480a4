//! The processor that a file is for, with what its calling convention says.

use super::step::Reg;

/// A processor whose code is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// x86-64, under the System V calling convention.
    X86_64,
    /// aarch64, under its procedure call standard (AAPCS64).
    Aarch64,
}

impl Machine {
    /// The registers that pass arguments.
    pub(crate) const fn arguments(self) -> &'static [Reg] {
        match self {
            Self::X86_64 => &[7, 6, 2, 1, 8, 9],
            Self::Aarch64 => &[7, 6, 2, 1, 8, 9, 10, 11],
        }
    }

    /// The register with a function's result: rax, or x0, which is the first argument too.
    pub(crate) const fn result(self) -> Reg {
        match self {
            Self::X86_64 => 0,
            Self::Aarch64 => 7,
        }
    }

    /// The registers that pass arguments to the system: rdi, rsi, rdx, r10, r8, r9, or x0 to x5.
    pub(crate) const fn of_system(self) -> [Reg; 6] {
        match self {
            Self::X86_64 => [7, 6, 2, 10, 8, 9],
            Self::Aarch64 => [7, 6, 2, 1, 8, 9],
        }
    }

    /// Whether a call leaves the return address in [`LINK`](super::step::LINK), not on the stack.
    pub(crate) const fn links(self) -> bool {
        matches!(self, Self::Aarch64)
    }
}

/// Code, with the processor that it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code<'a> {
    /// The processor.
    pub(crate) machine: Machine,
    /// The bytes.
    pub(crate) bytes: &'a [u8],
}
