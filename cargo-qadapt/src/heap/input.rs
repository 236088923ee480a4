//! Reading profiles.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::bufread::GzDecoder;
use prost::Message as _;

use crate::error::{Error, Result};
use crate::format::pprof::proto::Profile;

/// Bytes of a profile, decompressed, that are read; more is an error.
const MOST: u64 = 1 << 30;

/// How compressed files begin (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The first field of a profile that is not compressed: its types of samples.
const FIRST: u8 = 0x0a;

/// True if a file is a profile, as far as its beginning tells: compressed, or beginning with the first field. A trace begins with
/// other bytes, and a report in JSON is told by its name.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn is_profile(path: &Path) -> Result<bool> {
    if path.is_dir() || path.extension().is_some_and(|extension| extension == "json") {
        return Ok(false);
    }
    let mut beginning = [0; 2];
    let read = File::open(path).and_then(|mut file| file.read(&mut beginning));
    let read = read.map_err(|e| Error::io("read the input", path, e))?;
    if read == 0 && path.extension().is_none_or(|extension| extension != "qtrace") {
        return Err(Error::input("input", path, "it is empty"));
    }
    Ok(read == 2 && (beginning == GZIP || beginning[0] == FIRST))
}

/// Reads a profile, compressed or not.
///
/// # Errors
/// If it cannot be read, or is none.
pub(super) fn read(path: &Path) -> Result<Profile> {
    let damaged = |problem| Error::input("profile", path, problem);
    let mut bytes = std::fs::read(path).map_err(|e| Error::io("read the profile", path, e))?;
    if bytes.starts_with(&GZIP) {
        let mut plain = Vec::new();
        let mut decoded = GzDecoder::new(bytes.as_slice()).take(MOST + 1);
        let all = decoded.read_to_end(&mut plain);
        all.map_err(|e| damaged(Error::failed("it cannot be decompressed")(e)))?;
        // Decompressors read several such files as one, but profiles that follow each other are none.
        if plain.len() as u64 <= MOST && !decoded.into_inner().into_inner().is_empty() {
            return Err(Error::input(
                "profile",
                path,
                "more follows after its end: give each profile in a file of its own",
            ));
        }
        bytes = plain;
    }
    if bytes.len() as u64 > MOST {
        return Err(Error::input("profile", path, "it is larger than a gigabyte"));
    }
    Profile::decode(bytes.as_slice()).map_err(|e| damaged(Error::failed("it is no profile of pprof's")(e)))
}
