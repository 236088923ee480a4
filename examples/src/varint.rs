//! Numbers in as few bytes as they need: seven bits a byte, the lowest first, the top bit set on all but the last
//! byte (LEB128). Works on slices and never allocates; `zero_alloc_test.rs` shows how its tests hold it to that.

use core::fmt;

/// The most bytes that a number takes.
pub const LONGEST: usize = 10;

/// Writes a number to the front of a slice and returns how many bytes it took.
///
/// # Errors
/// If the slice is too short. What was written of the number is then in it.
pub fn encode(mut number: u64, out: &mut [u8]) -> Result<usize, VarintError> {
    for (at, byte) in out.iter_mut().enumerate() {
        let low = number.to_le_bytes()[0] & 0x7F;
        number >>= 7;
        if number == 0 {
            *byte = low;
            return Ok(at + 1);
        }
        *byte = low | 0x80;
    }
    Err(VarintError::TooShort)
}

/// Reads the number at the front of a slice and returns it with the bytes that it took.
///
/// # Errors
/// If the slice ends within the number, or the number does not fit 64 bits.
pub fn decode(bytes: &[u8]) -> Result<(u64, usize), VarintError> {
    let mut number = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let low = u64::from(byte & 0x7F);
        if at >= LONGEST || (at == LONGEST - 1 && low > 1) {
            return Err(VarintError::TooLarge);
        }
        number |= low << (7 * at);
        if byte & 0x80 == 0 {
            return Ok((number, at + 1));
        }
    }
    Err(VarintError::TooShort)
}

/// [`encode`] as one would write it first: convenient, and it allocates.
#[must_use]
pub fn encode_to_vec(number: u64) -> Vec<u8> {
    let mut out = vec![0; LONGEST];
    let length = encode(number, &mut out).unwrap_or(LONGEST);
    out.truncate(length);
    out
}

/// Bytes that hold no number, or no room for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarintError {
    /// The slice ends before the number does.
    TooShort,
    /// The number needs more than 64 bits.
    TooLarge,
}

impl fmt::Display for VarintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "the slice ends before the number does",
            Self::TooLarge => "the number needs more than 64 bits",
        })
    }
}

impl std::error::Error for VarintError {}
