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
    let its = |place: &Path| {
        // It may have the program's own name.
        if place.as_os_str() == path.as_os_str() {
            return None;
        }
        let apart = open(place)?;
        let is_its = match (id, apart.build_id().ok().flatten()) {
            (Some(id), Some(other)) => id == other,
            _ => link.is_some_and(|(_, sum)| crc32(apart.data()) == sum),
        };
        is_its.then_some(apart)
    };
    places(id, link.map(|(name, _)| name), path).iter().find_map(|place| its(place))
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
    if let (Some(name), Some(folder)) = (link, path.parent()) {
        let name = OsStr::from_bytes(name);
        places.push(folder.join(name));
        places.push(folder.join(".debug").join(name));
        places.push(Path::new(APART).join(folder.strip_prefix("/").unwrap_or(folder)).join(name));
    }
    places
}

/// The checksum that a link to debug information has (gdb's manual, the same section), bit by bit: files without a build id are
/// rare.
fn crc32(data: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for bit in 0..data.len() * 8 {
        if bit % 8 == 0 {
            sum ^= u32::from(data[bit / 8]);
        }
        sum = (sum >> 1) ^ ((sum & 1) * 0xEDB8_8320);
    }
    !sum
}
