//! Sources whose paths the compiler was told to write otherwise, by `--remap-path-prefix` or a profile's `trim-paths`.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use addr2line::gimli::{self, DwarfSections, EndianSlice, RunTimeEndian};
use object::{Object, ObjectSection};
use qadapt_code::origin::{Origin, with_slashes};

use crate::report::figures::Report;

/// Prefixes that a program's debug information has in the place of others.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Remapped {
    /// As they are written, and what they stand for.
    prefixes: Vec<(PathBuf, PathBuf)>,
}

/// A part of a program that the compiler made at once.
#[derive(Debug)]
struct Unit {
    /// Where the compiler was started, as it writes that.
    folder: PathBuf,
    /// The crate's first file, as the compiler was told of it.
    source: PathBuf,
}

impl Remapped {
    /// What a program's debug information tells of the folder of a workspace.
    #[must_use]
    pub fn of(program: &object::File<'_>, root: &Path) -> Self {
        Self::told(&units(program).unwrap_or_default(), root)
    }

    /// Cargo starts the compiler in the workspace's folder for the code that lies there, with relative paths; for all other code
    /// in the package's folder, with absolute ones.
    fn told(units: &[Unit], root: &Path) -> Self {
        let mut prefixes = Vec::new();
        for unit in units.iter().filter(|unit| unit.source.is_relative()) {
            let is_moved = !is_here(&unit.folder.join(&unit.source)) && root.join(&unit.source).is_file();
            let is_known = prefixes.iter().any(|(folder, _)| *folder == unit.folder);
            // A name that stands for a dependency's folder, too, tells nothing.
            let is_ambiguous =
                || units.iter().any(|other| other.folder == unit.folder && other.source.is_absolute());
            if !is_moved || is_known || is_ambiguous() {
                continue;
            }
            prefixes.push((unit.folder.clone(), root.to_owned()));
        }
        // A prefix may stand for a folder above, below which others lie.
        let above: Vec<_> =
            prefixes.iter().filter_map(|(folder, root)| without_same_end(folder, root)).collect();
        prefixes.extend(above);
        Self { prefixes }
    }

    /// Where a source file lies that is not where debug information has it.
    #[must_use]
    pub fn place(&self, file: &str) -> Option<String> {
        let path = Path::new(file);
        let places = self.prefixes.iter().filter_map(|(written, meant)| {
            let place = meant.join(path.strip_prefix(written).ok()?);
            (place.is_file() && !is_here(path)).then(|| place.to_string_lossy().into_owned())
        });
        places.into_iter().next()
    }
}

/// True for a file that is found as it is written. A folder that a relative path begins at is not known.
fn is_here(file: &Path) -> bool {
    file.is_absolute() && file.is_file()
}

/// Two folders without the last names that they share; none if there are none, or if no name is left of the first.
fn without_same_end(a: &Path, b: &Path) -> Option<(PathBuf, PathBuf)> {
    let same = a.components().rev().zip(b.components().rev()).take_while(|(a, b)| a == b).count();
    let above = |path: &Path| path.ancestors().nth(same).map(Path::to_owned);
    let (a, b) = (above(a)?, above(b)?);
    let is_named = a.components().any(|part| matches!(part, Component::Normal(_)));
    (same > 0 && is_named).then_some((a, b))
}

/// What the Rust compiler made.
fn units(program: &object::File<'_>) -> gimli::Result<Vec<Unit>> {
    let endian = if program.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big };
    let sections = DwarfSections::load(|id| {
        let section = program.section_by_name(id.name());
        gimli::Result::Ok(section.and_then(|section| section.uncompressed_data().ok()).unwrap_or_default())
    })?;
    let dwarf = sections.borrow(|section: &Cow<'_, [u8]>| EndianSlice::new(section, endian));
    let mut found = Vec::new();
    let mut headers = dwarf.units();
    while let Some(header) = headers.next()? {
        let unit = dwarf.unit(header)?;
        let (Some(folder), Some(name)) = (unit.comp_dir, unit.name) else { continue };
        let (folder, name) = (folder.to_string_lossy(), name.to_string_lossy());
        if let Some((source, _)) = name.split_once("/@/") {
            let path = |text: &str| PathBuf::from(&*with_slashes(text));
            found.push(Unit { folder: path(&folder), source: path(source) });
        }
    }
    Ok(found)
}

/// Says of which of the user's sources there is no text, since they lie nowhere here.
#[must_use]
pub fn unseen(report: &Report) -> Option<String> {
    let files = report.frames.iter().filter(|frame| matches!(frame.origin, Origin::Own | Origin::Wrapper));
    let mut files: Vec<&str> = files.filter_map(|frame| frame.file.as_deref()).collect();
    files.retain(|file| {
        let path = Path::new(file);
        path.extension().is_some_and(|end| end == "rs") && path.is_absolute() && !path.exists()
    });
    files.sort_unstable();
    files.dedup();
    let (first, others) = files.split_first()?;
    let more = if others.is_empty() { String::new() } else { format!(" and {} other files", others.len()) };
    Some(format!(
        "`{first}`{more} cannot be found: the program has another path than the source, as from `--remap-path-prefix` for a folder \
         outside of the workspace. Sites there have no text, and a baseline tells them apart by their functions alone"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");
    const OWN: (&str, &str) = ("/nowhere/src", "src/lib.rs");

    fn told(units: &[(&str, &str)]) -> Remapped {
        let unit = |&(folder, source): &(&str, &str)| Unit { folder: folder.into(), source: source.into() };
        Remapped::told(&units.iter().map(unit).collect::<Vec<_>>(), Path::new(ROOT))
    }

    #[test]
    #[cfg(unix)]
    fn a_prefix_stands_for_the_workspace() {
        let own = told(&[OWN, ("/nowhere/deps/serde-1.0.0", "/nowhere/deps/serde-1.0.0/src/lib.rs"), OWN]);
        let place = |file| own.place(file).map(|place| place.replace(ROOT, "ROOT"));
        assert_eq!(place("/nowhere/src/src/cli.rs").as_deref(), Some("ROOT/src/cli.rs"));
        // A dependency's has the same name further in.
        assert_eq!(place("/nowhere/deps/serde-1.0.0/src/lib.rs"), None);
        assert_eq!(place("/nowhere/src/src/no_such.rs"), None);
        assert_eq!(place("src/cli.rs"), None);
        // What is here is nothing else.
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli.rs");
        assert_eq!(own.place(here), None);
        let trimmed = told(&[(".", "src/lib.rs")]);
        assert!(trimmed.place("./src/cli.rs").is_some() && trimmed.place("serde-1.0.0/src/lib.rs").is_none());
        for units in [
            &[(ROOT, "src/lib.rs")][..],
            &[("/nowhere/src", "src/no_such.rs")],
            &[OWN, ("/nowhere/src", "/nowhere/src/src/lib.rs")],
            &[(".", "src/no_such.rs")],
        ] {
            assert_eq!(told(units), Remapped::default(), "{units:?}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_prefix_may_stand_for_a_folder_above() {
        let above = told(&[("/nowhere/cargo-qadapt", "src/lib.rs")]);
        let beside = above.place("/nowhere/qadapt-code/src/lib.rs").expect("it is beside");
        assert!(beside.ends_with("/qadapt-code/src/lib.rs") && Path::new(&beside).is_file(), "{beside}");
        assert_eq!(told(&[("/cargo-qadapt", "src/lib.rs")]).place("/qadapt-code/src/lib.rs"), None);
    }
}
