//! Which files are loaded where, and what else is mapped, without allocating and without the loader's lock.
//!
//! `dladdr` and `dl_iterate_phdr` take a lock that another thread may hold for ever; the kernel's own list of
//! mappings (`/proc/self/maps`, proc(5)) is read with plain system calls instead. Where it cannot be read nothing is
//! found.

use core::ffi::c_int;
use core::ops::Range;

use super::Module;

/// Calls `found` with the file that holds `address` and the address within it, counted from where the file's first
/// part was loaded: for a position-independent file that is the address that its debug information speaks of.
pub(crate) fn locate(address: usize, mut found: impl FnMut(&[u8], usize)) {
    let mut buffer = [0; LONGEST];
    let Some(mut lines) = Lines::open(&mut buffer) else { return };
    let mut base = 0;
    while let Some(line) = lines.next() {
        let Some(mapping) = Mapping::parse(line) else { continue };
        if mapping.file_offset == 0 {
            base = mapping.start;
        }
        if (mapping.start..mapping.end).contains(&address) {
            found(mapping.path, address - base);
            return;
        }
    }
}

/// Calls `found` with each part of a file that is loaded for execution: its addresses, where it begins in the file, and the
/// file.
pub(crate) fn for_each_code(mut found: impl FnMut(Range<usize>, usize, &[u8])) {
    let mut buffer = [0; LONGEST];
    let Some(mut lines) = Lines::open(&mut buffer) else { return };
    while let Some(line) = lines.next() {
        if let Some(mapping) = Mapping::parse(line).filter(|mapping| mapping.is_executable) {
            found(mapping.start..mapping.end, mapping.file_offset, mapping.path);
        }
    }
}

/// The bounds of the mapping that holds `address`, if it can be written: a stack lies in one.
///
/// This is asked on the threads of regions, whose stacks may be small.
pub(crate) fn stack_around(address: usize) -> Option<(usize, usize)> {
    let mut buffer = [0; BEGINNING];
    let mut lines = Lines::open(&mut buffer)?;
    while let Some(mut line) = lines.next() {
        let Some(start) = number(until(&mut line, b'-')) else { continue };
        let Some(end) = number(until(&mut line, b' ')) else { continue };
        if (start..end).contains(&address) {
            return line.starts_with(b"rw").then_some((start, end));
        }
    }
    None
}

/// A file that was loaded, with code in it, as the list has it.
struct Part<'a> {
    start: usize,
    end: usize,
    path: &'a [u8],
    /// Where the part ends that holds the file's head; `start` where that is not loaded.
    head_end: usize,
}

/// Calls `found` with each file that is loaded for execution.
pub(crate) fn for_each_module(mut found: impl FnMut(&Module<'_>)) {
    let memory = Memory::open();
    for_each(|part| {
        let Part { start, end, path, .. } = *part;
        found(&Module { start, end, path, id: part.build_id(&memory).bytes() });
    });
}

fn for_each(mut found: impl FnMut(&Part<'_>)) {
    let mut buffer = [0; LONGEST];
    let Some(mut lines) = Lines::open(&mut buffer) else { return };
    let mut path = [0; 1024];
    let mut length = 0;
    let (mut start, mut end, mut head_end, mut has_code) = (0, 0, 0, false);
    loop {
        let mapping = match lines.next() {
            Some(line) => match Mapping::parse(line) {
                Some(mapping) => Some(mapping),
                None => continue,
            },
            None => None,
        };
        let known = path.get(..length).unwrap_or_default();
        if let Some(next) = &mapping {
            if next.file_offset != 0 && next.path == known {
                end = next.end;
                has_code |= next.is_executable;
                continue;
            }
        }
        if has_code && !known.is_empty() {
            found(&Part { start, end, path: known, head_end });
        }
        let Some(next) = mapping else { return };
        (start, end, has_code) = (next.start, next.end, next.is_executable);
        head_end = if next.is_readable && next.file_offset == 0 { next.end } else { start };
        length = next.path.len().min(path.len());
        for (place, &byte) in path.iter_mut().zip(next.path) {
            *place = byte;
        }
    }
}

/// The linker's mark of a file.
struct BuildId {
    bytes: [u8; BUILD_ID],
    length: usize,
}

/// Bytes that are kept of a build id; linkers write 16, 20 or 32.
const BUILD_ID: usize = 64;
/// Notes are looked through so far.
const NOTES: usize = 512;

impl BuildId {
    /// Empty where there is none.
    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl Part<'_> {
    /// The linker's build id: the `GNU` note of type 3 (elf(5)); empty where there is none.
    ///
    /// The file's head is read as the process's memory through the kernel, never through a pointer: another thread may
    /// unload the file in this moment, and the kernel only says so.
    fn build_id(&self, memory: &Memory) -> BuildId {
        let mut id = BuildId { bytes: [0; BUILD_ID], length: 0 };
        let mut notes = [0; NOTES];
        if let Some(found) = self.notes(memory, &mut notes).and_then(build_id_in) {
            id.length = found.len().min(BUILD_ID);
            for (place, &byte) in id.bytes.iter_mut().zip(found) {
                *place = byte;
            }
        }
        id
    }

    /// The beginning of the first notes that have a build id.
    fn notes<'a>(&self, memory: &Memory, notes: &'a mut [u8; NOTES]) -> Option<&'a [u8]> {
        /// A program header that describes notes.
        const PT_NOTE: u64 = 4;
        let head = self.read::<64>(memory, 0)?;
        if !head.starts_with(b"\x7fELF\x02\x01") {
            return None;
        }
        let table = little(&head, 32, 8)?;
        let (size, count) = (little(&head, 54, 2)?, little(&head, 56, 2)?);
        for index in 0..count {
            let entry = self.read::<56>(memory, table.checked_add(index * size)?)?;
            if little(&entry, 0, 4)? != PT_NOTE {
                continue;
            }
            let length = usize::try_from(little(&entry, 32, 8)?).ok()?.min(NOTES);
            let read = notes.get_mut(..length)?;
            if self.fill(memory, little(&entry, 8, 8)?, read).is_some() && build_id_in(read).is_some() {
                return notes.get(..length);
            }
        }
        None
    }

    fn read<const SIZE: usize>(&self, memory: &Memory, offset: u64) -> Option<[u8; SIZE]> {
        let mut bytes = [0; SIZE];
        self.fill(memory, offset, &mut bytes)?;
        Some(bytes)
    }

    /// Reads from the loaded part that holds the file's head.
    fn fill(&self, memory: &Memory, offset: u64, bytes: &mut [u8]) -> Option<()> {
        let start = self.start.checked_add(usize::try_from(offset).ok()?)?;
        (start.checked_add(bytes.len())? <= self.head_end).then_some(())?;
        memory.fill(start, bytes)
    }
}

/// The process's own memory, as the kernel gives it out (proc(5)): what is not mapped is an error, not a fault.
struct Memory(c_int);

#[expect(unsafe_code, reason = "std's files would do, but for the path's copy that may allocate")]
impl Memory {
    /// Where it cannot be had, nothing can be read.
    fn open() -> Self {
        let path = c"/proc/self/mem".as_ptr();
        // SAFETY: the path is nul-terminated.
        Self(unsafe { libc::open(path, libc::O_RDONLY | libc::O_CLOEXEC) })
    }

    fn fill(&self, start: usize, bytes: &mut [u8]) -> Option<()> {
        let start = libc::off_t::try_from(start).ok()?;
        // SAFETY: `bytes` is writable for its length; a file that could not be opened gives an error.
        let read = unsafe { libc::pread(self.0, bytes.as_mut_ptr().cast(), bytes.len(), start) };
        usize::try_from(read).is_ok_and(|read| read == bytes.len()).then_some(())
    }
}

#[expect(unsafe_code, reason = "the file was opened by hand")]
impl Drop for Memory {
    fn drop(&mut self) {
        if self.0 >= 0 {
            // SAFETY: the file was opened by `open` and is closed here only.
            unsafe { libc::close(self.0) };
        }
    }
}

/// The build id among these notes.
fn build_id_in(mut notes: &[u8]) -> Option<&[u8]> {
    loop {
        let name_length = usize::try_from(little(notes, 0, 4)?).ok()?;
        let length = usize::try_from(little(notes, 4, 4)?).ok()?;
        let name = notes.get(12..)?;
        let value = name.get(name_length.checked_next_multiple_of(4)?..)?;
        if little(notes, 8, 4)? == 3 && name.starts_with(b"GNU\0") {
            return value.get(..length);
        }
        notes = value.get(length.checked_next_multiple_of(4)?..)?;
    }
}

/// A number of `size` bytes, the lowest first.
fn little(bytes: &[u8], offset: u64, size: usize) -> Option<u64> {
    let field = bytes.get(usize::try_from(offset).ok()?..)?.get(..size)?;
    Some(field.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

/// One line of the list: `start-end perms offset dev inode path`.
struct Mapping<'a> {
    start: usize,
    end: usize,
    file_offset: usize,
    is_readable: bool,
    is_executable: bool,
    path: &'a [u8],
}

impl<'a> Mapping<'a> {
    /// None for a mapping of no file.
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut rest = line;
        let start = number(until(&mut rest, b'-'))?;
        let end = number(until(&mut rest, b' '))?;
        let permissions = until(&mut rest, b' ');
        let file_offset = number(until(&mut rest, b' '))?;
        until(&mut rest, b' ');
        until(&mut rest, b' ');
        let path = rest.trim_ascii();
        path.starts_with(b"/").then_some(Self {
            start,
            end,
            file_offset,
            is_readable: permissions.contains(&b'r'),
            is_executable: permissions.contains(&b'x'),
            path,
        })
    }
}

/// Cuts off what stands before the separator and returns it; all of the rest where there is none.
fn until<'a>(rest: &mut &'a [u8], separator: u8) -> &'a [u8] {
    let text = *rest;
    let mut parts = text.splitn(2, |&byte| byte == separator);
    let head = parts.next().unwrap_or_default();
    *rest = parts.next().unwrap_or_default();
    head
}

/// A hexadecimal number.
fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_usize, |number, &digit| {
        let value = char::from(digit).to_digit(16)?;
        number.checked_mul(16)?.checked_add(value as usize)
    })
}

/// What holds a line with the longest path.
const LONGEST: usize = 4096;

/// What holds a line's addresses and permissions, and most lines.
const BEGINNING: usize = 256;

/// The lines of the list, read through a buffer. Of a line that is longer than that there is only the beginning.
struct Lines<'a> {
    file: c_int,
    buffer: &'a mut [u8],
    filled: usize,
    taken: usize,
    /// What comes next is the rest of a line of which the beginning was taken.
    is_cut: bool,
}

#[expect(unsafe_code, reason = "std's files would do, but for the path's copy that may allocate")]
impl<'a> Lines<'a> {
    fn open(buffer: &'a mut [u8]) -> Option<Self> {
        let path = c"/proc/self/maps".as_ptr();
        // SAFETY: the path is nul-terminated.
        let file = unsafe { libc::open(path, libc::O_RDONLY | libc::O_CLOEXEC) };
        (file >= 0).then_some(Self { file, buffer, filled: 0, taken: 0, is_cut: false })
    }

    fn next(&mut self) -> Option<&[u8]> {
        loop {
            let unread = self.buffer.get(self.taken..self.filled)?;
            let end = unread.iter().position(|&byte| byte == b'\n');
            let is_full = self.taken == 0 && self.filled == self.buffer.len();
            if end.is_none() && !is_full {
                if !self.fill() {
                    return None;
                }
                continue;
            }
            let is_rest = self.is_cut;
            let start = self.taken;
            let length = end.unwrap_or(unread.len());
            self.taken = self.filled.min(start + length + 1);
            self.is_cut = end.is_none();
            if !is_rest {
                return self.buffer.get(start..start + length);
            }
        }
    }

    /// Moves what is unread to the front and reads more behind it. False at the end of the file.
    fn fill(&mut self) -> bool {
        self.buffer.copy_within(self.taken..self.filled, 0);
        self.filled -= self.taken;
        self.taken = 0;
        let Some(space) = self.buffer.get_mut(self.filled..) else { return false };
        // SAFETY: `space` is writable for its length, and the file is open until `self` is dropped.
        let read = unsafe { libc::read(self.file, space.as_mut_ptr().cast(), space.len()) };
        match usize::try_from(read) {
            Ok(read) if read > 0 => {
                self.filled += read;
                true
            }
            _ => false,
        }
    }
}

#[expect(unsafe_code, reason = "the file was opened by hand")]
impl Drop for Lines<'_> {
    fn drop(&mut self) {
        // SAFETY: the file was opened by `open` and is closed here only.
        unsafe { libc::close(self.file) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_read() {
        let line = b"55d0-55ff r-xp 00001000 fe:00 42                 /opt/a b";
        let mapping = Mapping::parse(line).expect("a mapping of a file");
        assert_eq!((mapping.start, mapping.end, mapping.file_offset), (0x55d0, 0x55ff, 0x1000));
        assert_eq!(mapping.path, b"/opt/a b");
        assert!(mapping.is_readable && mapping.is_executable);
        assert!(Mapping::parse(b"7ffc-7fff rw-p 00000000 00:00 0       [stack]").is_none());
        assert!(Mapping::parse(b"").is_none());
        assert!(Mapping::parse(b"zz-1 r").is_none());
    }

    #[test]
    fn this_function_is_in_this_program() {
        let mut program = Vec::new();
        locate(a_mapping_is_read as fn() as usize, |path, offset| {
            program = path.to_vec();
            assert!(offset > 0);
        });
        let expected = std::env::current_exe().expect("the program's path");
        assert_eq!(program, expected.as_os_str().as_encoded_bytes());
    }

    #[test]
    fn of_long_lines_there_is_the_beginning() {
        let mut buffer = [0; 48];
        let mut lines = Lines::open(&mut buffer).expect("the list");
        let (mut last, mut cut) = (0, 0);
        while let Some(mut line) = lines.next() {
            cut += usize::from(line.len() == 48);
            let start = number(until(&mut line, b'-')).expect("a line begins with an address");
            let end = number(until(&mut line, b' ')).expect("and another one");
            assert!(last <= start && start < end);
            last = end;
        }
        assert!(cut > 0 && last > 0);
    }

    #[test]
    fn this_program_is_loaded_once() {
        let here = this_program_is_loaded_once as fn() as usize;
        let mut seen = 0;
        for_each(|module| {
            assert!(module.start < module.end && module.path.starts_with(b"/"));
            if (module.start..module.end).contains(&here) {
                seen += 1;
                let expected = std::env::current_exe().expect("the program's path");
                assert_eq!(module.path, expected.as_os_str().as_encoded_bytes());
            }
        });
        assert_eq!(seen, 1);
    }

    #[test]
    fn memory_that_is_gone_is_an_error() {
        let memory = Memory::open();
        let text = *b"here";
        let mut read = [0; 4];
        assert_eq!(memory.fill(text.as_ptr().addr(), &mut read), Some(()));
        assert_eq!(read, text);
        assert_eq!(memory.fill(0, &mut read), None);
        // What a thread finds that looks at a file which another one unloads: listed a moment ago, and mapped no more.
        let gone = Part { start: 4096, end: 3 * 4096, path: b"/gone.so", head_end: 2 * 4096 };
        assert!(gone.build_id(&memory).bytes().is_empty());
    }

    #[test]
    fn this_program_s_build_id_is_read_from_memory() {
        let own = std::env::current_exe().expect("the program's path");
        let file = std::fs::read(&own).expect("this program");
        let memory = Memory::open();
        for_each(|module| {
            let id = module.build_id(&memory);
            if module.path == own.as_os_str().as_encoded_bytes() && !id.bytes().is_empty() {
                assert!(file.windows(id.bytes().len()).any(|bytes| bytes == id.bytes()));
            }
        });
    }

    #[test]
    fn a_build_id_is_found_among_notes() {
        let other = [&[4, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0], &b"GNU\0abc\0"[..]].concat();
        let wanted = [&[4, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0], &b"GNU\0\x12\x34\0\0"[..]].concat();
        assert_eq!(build_id_in(&[other.clone(), wanted].concat()), Some(&b"\x12\x34"[..]));
        assert_eq!(build_id_in(&other), None);
        assert_eq!(build_id_in(&[0xFF; 40]), None);
    }

    #[test]
    fn address_zero_is_nowhere() {
        locate(0, |path, _| panic!("found in {path:?}"));
    }
}
