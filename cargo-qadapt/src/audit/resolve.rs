//! Names for addresses, from the debug information of the files that they were loaded from.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use addr2line::Loader;
use object::{Object, ObjectSegment};
use qadapt_code::origin::{Code, Origin, relative, with_slashes};

use super::bundle::{Bundle, is_doctest};
use super::kept::Kept;
use super::remapped::Remapped;
use super::traceless::has_guard;
use crate::error::{Error, Result};
use crate::report::figures::Frame;

/// The files that addresses were loaded from, by number.
#[derive(Debug, Default)]
pub struct Files {
    known: Vec<Identity>,
    numbers: HashMap<Identity, u32>,
    kept: Vec<Rc<Kept>>,
}

/// A loaded file: two builds at the same path differ in build id or size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Where it was.
    pub path: PathBuf,
    /// The linker's build id; empty where it has none.
    pub build_id: Vec<u8>,
    /// Its bytes; 0 where they were not recorded.
    pub size: u64,
}

impl Files {
    /// Takes the names of programs from these, where another build has replaced them by then.
    pub fn keep(&mut self, kept: Rc<Kept>) {
        self.kept.push(kept);
    }

    /// Loads a file from where it is now: profiles whose folders are one have a program each in one place.
    fn load(&self, identity: &Identity, root: &Path) -> Result<Loaded> {
        let here = here(&identity.path);
        let mut replaced = self.kept.iter().filter_map(|kept| kept.replaced(&here));
        let kept = replaced.find_map(|link| load(identity, link, root).ok());
        kept.map_or_else(|| load(identity, &here, root), Ok)
    }

    /// The number of a file.
    pub fn number(&mut self, identity: Identity) -> u32 {
        if let Some(&number) = self.numbers.get(&identity) {
            return number;
        }
        let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.known.push(identity.clone());
        self.numbers.insert(identity, number);
        number
    }
}

/// A place in a file: the file's number and the offset from where its first part was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The file's number; `u32::MAX` for no file, and then `offset` is the address itself.
    pub file: u32,
    /// Where in it.
    pub offset: u64,
}

impl Address {
    /// An address in no known file.
    pub const NOWHERE: u32 = u32::MAX;
    /// Stands for frames that were left out; the offset says how many.
    pub const GAP: u32 = u32::MAX - 1;
}

/// Resolves addresses; each once.
pub struct Resolver<'a> {
    files: &'a Files,
    code: &'a Code,
    /// Files' debug information, or why there is none.
    loaded: HashMap<u32, Result<Loaded>>,
    known: HashMap<Address, Vec<u32>>,
    frames: Vec<Frame>,
    numbers: HashMap<Frame, u32>,
    /// The packages of the frames' files.
    packages: BTreeMap<String, String>,
}

/// What addresses are called.
#[derive(Debug)]
pub struct Named {
    /// All frames, by number.
    pub frames: Vec<Frame>,
    /// The packages of their files.
    pub packages: BTreeMap<String, String>,
    /// What kept files from being used.
    pub problems: Vec<String>,
}

impl std::fmt::Debug for Resolver<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").field("frames", &self.frames.len()).finish_non_exhaustive()
    }
}

/// A file's debug information.
struct Loaded {
    loader: Loader,
    /// The address that the file's first byte asks for.
    base: u64,
    /// Which bytes of the file are loaded, and the addresses that they ask for.
    segments: Vec<(Range<u64>, u64)>,
    /// Where doctests are written that rustdoc has joined in it.
    bundle: Bundle,
    /// What the paths of sources stand for.
    remapped: Remapped,
}

impl<'a> Resolver<'a> {
    /// Prepares; paths below the code's root are shown relative to it.
    #[must_use]
    pub fn new(files: &'a Files, code: &'a Code) -> Self {
        Self {
            files,
            code,
            loaded: HashMap::new(),
            known: HashMap::new(),
            frames: Vec::new(),
            numbers: HashMap::new(),
            packages: BTreeMap::new(),
        }
    }

    /// The frames at return addresses, innermost first, inlined functions included.
    pub fn stack(&mut self, addresses: &[Address]) -> Vec<u32> {
        let mut stack = Vec::new();
        for &address in addresses {
            if address.file == Address::GAP {
                let gap = Frame::gap(u32::try_from(address.offset).unwrap_or(u32::MAX));
                stack.push(self.keep(gap));
                continue;
            }
            if !self.known.contains_key(&address) {
                let frames = self.resolve(address).into_iter().map(|frame| self.keep(frame)).collect();
                self.known.insert(address, frames);
            }
            stack.extend(self.known.get(&address).into_iter().flatten());
        }
        stack
    }

    /// All names.
    #[must_use]
    pub fn finish(self) -> Named {
        let unusable = self.loaded.into_values().filter_map(Result::err);
        let mut problems: Vec<String> = unusable.map(|why| why.whole()).collect();
        problems.sort();
        Named { frames: self.frames, packages: self.packages, problems }
    }

    fn keep(&mut self, frame: Frame) -> u32 {
        if let Some(&number) = self.numbers.get(&frame) {
            return number;
        }
        let number = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        self.frames.push(frame.clone());
        self.numbers.insert(frame, number);
        number
    }

    fn resolve(&mut self, address: Address) -> Vec<Frame> {
        // A return address: the call is the byte before.
        let frames =
            self.find(address.file, |base, _| Some(base.wrapping_add(address.offset).wrapping_sub(1)));
        if frames.is_empty() {
            let identity = self.files.known.get(address.file as usize);
            let path = identity.map_or("?".into(), |identity| identity.path.to_string_lossy());
            let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
            // A file that has names has those of the user's functions, and lacks some of the runtime's; another has none of any.
            let is_nameless = matches!(self.loaded.get(&address.file), Some(Err(_)));
            let origin = if is_nameless { Origin::Own } else { Origin::Internal };
            return vec![unknown(name, address.offset, origin)];
        }
        frames
    }

    /// The frames at a byte of a file, by its offset there, innermost first; none where the file has no names for it.
    pub fn at(&mut self, file: u32, offset: u64) -> Vec<Frame> {
        self.find(file, |_, segments| {
            let (bytes, address) = segments.iter().find(|(bytes, _)| bytes.contains(&offset))?;
            Some(address.wrapping_add(offset - bytes.start))
        })
    }

    /// The frames at an address that the file's base, and where its parts are loaded, tell.
    fn find(
        &mut self,
        file: u32,
        probe: impl FnOnce(u64, &[(Range<u64>, u64)]) -> Option<u64>,
    ) -> Vec<Frame> {
        let mut frames = Vec::new();
        let Some(identity) = self.files.known.get(file as usize) else { return frames };
        let loaded = self.loaded.entry(file).or_insert_with(|| self.files.load(identity, self.code.root()));
        let Ok(Loaded { loader, base, segments, bundle, remapped }) = loaded else { return frames };
        let Some(probe) = probe(*base, segments) else { return frames };
        if let Ok(mut found) = loader.find_frames(probe) {
            while let Ok(Some(frame)) = found.next() {
                let function = frame.function.as_ref().and_then(|function| function.raw_name().ok());
                let function = function.map_or_else(|| "?".to_owned(), |name| demangled(&name));
                let location = frame.location.as_ref();
                let mut file = location.and_then(|location| location.file).map(with_slashes);
                let mut line = location.and_then(|location| location.line).unwrap_or(0);
                if let Some((source, at)) = file.as_deref().and_then(|file| bundle.place(file, line)) {
                    let source = self.code.root().join(source);
                    (file, line) = (Some(source.to_string_lossy().into_owned().into()), at);
                }
                if let Some(place) = file.as_deref().and_then(|file| remapped.place(file)) {
                    file = Some(place.into());
                }
                let shown = file.as_deref().map(|file| relative(file, self.code.root()));
                let package = file.as_deref().and_then(|file| self.code.package(file));
                if let (Some(shown), Some(package)) = (&shown, package)
                    && !self.packages.contains_key(shown)
                {
                    self.packages.insert(shown.clone(), package.to_owned());
                }
                frames.push(Frame {
                    origin: self.code.origin(file.as_deref(), &function, line),
                    file: shown,
                    line,
                    column: location.and_then(|location| location.column).unwrap_or(0),
                    function,
                });
            }
        }
        if frames.is_empty()
            && let Some(function) = loader.find_symbol(probe).map(demangled)
        {
            let origin = self.code.origin(None, &function, 0);
            frames.push(Frame { origin, file: None, line: 0, column: 0, function });
        }
        frames
    }
}

fn unknown(module: &str, offset: u64, origin: Origin) -> Frame {
    Frame { function: format!("{module}+{offset:#x}"), file: None, line: 0, column: 0, origin }
}

/// The debug information of a file, which lies here by now.
fn load(identity: &Identity, here: &Path, root: &Path) -> Result<Loaded> {
    let path = identity.path.display();
    let data = std::fs::File::open(here).and_then(|file| qadapt_code::map::map(&file)).map_err(|e| {
        let advice = if is_doctest(here) {
            " (rustdoc deletes the programs of doctests, and only what is started by this command is kept: leave a `runner` \
             out of cargo's configuration, or doctests with --nextest)"
        } else {
            ""
        };
        Error::failed(format!("the functions of `{path}` have no names, since it cannot be opened{advice}"))(e)
    })?;
    let object = object::File::parse(&*data)
        .map_err(Error::failed(format!("the functions of `{path}` have no names, since it is no program")))?;
    let found = object.build_id().ok().flatten().unwrap_or_default();
    let is_other = if identity.build_id.is_empty() {
        identity.size != 0 && identity.size != data.len() as u64
    } else {
        found != identity.build_id
    };
    if is_other {
        return Err(Error::Gap(format!(
            "`{path}` has been built anew since it ran: its functions have no names"
        )));
    }
    // The C library and the loader are delivered like this: what they do by themselves is nobody's to change.
    let is_bare = !object.has_debug_symbols() && object.symbols().next().is_none();
    if is_bare && has_guard(here) {
        return Err(Error::Gap(format!(
            "`{path}` has no debug information and no symbols: its functions have no names, and sites no lines. The audit asks \
             cargo for both: something takes them out again, as a linker's option or `strip` in a build script does"
        )));
    }
    // A PE file asks for its address in its head, others by what they have loaded of their first byte.
    let first = || object.segments().find(|segment| segment.file_range().0 == 0);
    let base = match object.relative_address_base() {
        0 => first().map_or(0, |segment| segment.address()),
        base => base,
    };
    let part = |segment: object::Segment<'_, '_>| {
        let (start, size) = segment.file_range();
        (start..start.saturating_add(size), segment.address())
    };
    let segments = object.segments().map(part).collect();
    let (bundle, remapped) = (Bundle::beside(here), Remapped::of(&object, root));
    // The loader's error may belong to one thread, so that its words are kept alone.
    let loader = Loader::new(here)
        .map_err(|e| Error::failed(format!("`{path}` has no usable debug information"))(e.to_string()))?;
    Ok(Loaded { loader, base, segments, bundle, remapped })
}

/// Where a loaded file lies on this system: Wine shows programs its root as drive Z, and a folder of its prefix as drive C.
/// Whether it is that very file is for its id or its size to tell.
fn here(path: &Path) -> Cow<'_, Path> {
    if !cfg!(unix) {
        return Cow::Borrowed(path);
    }
    of_wine(path, std::env::var_os("WINEPREFIX").map(PathBuf::from)).map_or(Cow::Borrowed(path), Cow::Owned)
}

/// The place of a file that a program under Wine has loaded, if it is one.
fn of_wine(path: &Path, prefix: Option<PathBuf>) -> Option<PathBuf> {
    let (drive, below) = path.to_str()?.split_once(r":\")?;
    let root = match drive {
        "Z" => PathBuf::from("/"),
        "C" => prefix?.join("drive_c"),
        _ => return None,
    };
    Some(root.join(&*with_slashes(below)))
}

/// A name as the source has it, without the hash at its end.
fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use super::*;

    #[test]
    fn what_wine_loaded_is_found() {
        for (path, prefix, expected) in [
            (r"Z:\work\app\radio.exe", None, Some("/work/app/radio.exe")),
            (r"C:\windows\radio.dll", Some("/home/.wine"), Some("/home/.wine/drive_c/windows/radio.dll")),
            (r"C:\windows\radio.dll", None, None),
            (r"D:\radio.dll", Some("/home/.wine"), None),
            ("/work/radio", Some("/home/.wine"), None),
        ] {
            let found = of_wine(Path::new(path), prefix.map(PathBuf::from));
            assert_eq!(found, expected.map(PathBuf::from), "{path}");
        }
    }

    #[test]
    fn why_a_file_has_no_names_is_kept() {
        let load = |path: &str| {
            let identity = Identity { path: path.into(), build_id: Vec::new(), size: 0 };
            load(&identity, Path::new(path), Path::new("/")).err().expect("it has no names")
        };
        let missing = load("/nowhere/radio");
        let source: Option<&io::Error> = missing.source().and_then(|source| source.downcast_ref());
        assert_eq!(source.map(io::Error::kind), Some(io::ErrorKind::NotFound));
        let text = load(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        let source: Option<&object::Error> = text.source().and_then(|source| source.downcast_ref());
        assert!(source.is_some(), "{text:?}");
    }

    #[test]
    fn names_are_demangled() {
        assert_eq!(demangled("_ZN5radio4tune17h0123456789abcdefE"), "radio::tune");
        assert_eq!(demangled("push<u64>"), "push<u64>");
    }

    #[test]
    fn an_address_in_no_file_has_its_number() {
        let files = Files::default();
        let code = Code::below(Path::new("/"));
        let mut resolver = Resolver::new(&files, &code);
        assert_eq!(resolver.stack(&[Address { file: Address::NOWHERE, offset: 0x12 }]), [0]);
        let Named { frames, problems, .. } = resolver.finish();
        assert_eq!(frames[0].function, "?+0x12");
        assert!(problems.is_empty());
    }
}
