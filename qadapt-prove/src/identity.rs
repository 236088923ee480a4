//! Which file a proof speaks of.

use std::fmt::Write as _;

use object::read::elf::ElfFile64;
use object::{Endianness, Object};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// What tells a file from every other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// The number that the linker gave the build; stripping keeps it.
    pub build_id: Option<String>,
}

impl Identity {
    /// Of a file in memory.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        Self {
            sha256: hexadecimal(&Sha256::digest(data)),
            build_id: build_id(data).map(|id| hexadecimal(&id)),
        }
    }
}

/// The number that the linker gave a build.
#[must_use]
pub fn build_id(data: &[u8]) -> Option<Vec<u8>> {
    ElfFile64::<Endianness>::parse(data).ok()?.build_id().ok()?.map(<[u8]>::to_vec)
}

/// Bytes as two digits each.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
