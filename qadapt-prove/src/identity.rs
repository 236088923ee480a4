//! Which file a proof speaks of.

use std::fmt::Write as _;

use object::Object;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::elf::Elf;

/// What tells a file from every other. The [crate] has an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// The number that the linker gave the build; stripping keeps it.
    pub build_id: Option<String>,
}

impl Identity {
    /// Of a file in memory whose headers are read.
    pub(crate) fn of(file: &Elf<'_>) -> Self {
        Self {
            sha256: hexadecimal(&Sha256::digest(file.data())),
            build_id: file.build_id().ok().flatten().map(hexadecimal),
        }
    }
}

/// Bytes as two digits each.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
