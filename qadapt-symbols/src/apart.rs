//! Debug information that lies apart from its program.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use object::Object as _;

use super::file::{Elf, open};

/// Where distributions keep debug information apart from programs.
const APART: &str = "/usr/lib/debug";

/// The file with the debug information of this one, if one of that very build is where it may lie (gdb's manual, "Debugging
/// Information in Separate Files").
pub(crate) fn of(elf: &Elf, path: &Path) -> Option<Elf> {
    let id = elf.build_id().ok().flatten();
    let link = elf.gnu_debuglink().ok().flatten();
    let is_its = |apart: &Elf| match (id, apart.build_id().ok().flatten()) {
        (Some(id), Some(other)) => id == other,
        _ => link.is_some_and(|(_, sum)| crc32(apart.data()) == sum),
    };
    places(id, link.map(|(name, _)| name), path).iter().filter_map(|place| open(place)).find(is_its)
}

fn places(id: Option<&[u8]>, link: Option<&[u8]>, path: &Path) -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Some([first, rest @ ..]) = id {
        let mut name = format!("{APART}/.build-id/{first:02x}/");
        for byte in rest {
            let _ = write!(name, "{byte:02x}");
        }
        places.push(PathBuf::from(name + ".debug"));
    }
    let name = link.and_then(|name| Path::new(OsStr::from_bytes(name)).file_name());
    if let (Some(name), Some(folder)) = (name, path.parent()) {
        places.push(folder.join(name));
        places.push(folder.join(".debug").join(name));
        places.push(Path::new(APART).join(folder.strip_prefix("/").unwrap_or(folder)).join(name));
    }
    // It may have the program's own name.
    places.retain(|place| place != path);
    places
}

/// The checksum that a link to debug information has (gdb's manual, the same section), bit by bit: files without a build id are
/// rare.
fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(
            sum ^ u32::from(byte),
            |sum, _| if sum & 1 == 0 { sum >> 1 } else { sum >> 1 ^ 0xEDB8_8320 },
        )
    })
}
