//! Which file an address was loaded from, without allocating and without the loader's lock.
//!
//! `dladdr` and `dl_iterate_phdr` take a lock that another thread may hold for ever; the kernel's own list of
//! mappings (`/proc/self/maps`, proc(5)) is read with plain system calls instead. Where it cannot be read nothing is
//! found.

use core::ffi::c_int;

/// Calls `found` with the file that holds `address` and the address within it, counted from where the file's first
/// part was loaded: for a position-independent file that is the address that its debug information speaks of.
pub(crate) fn locate(address: usize, mut found: impl FnMut(&[u8], usize)) {
    let Some(mut lines) = Lines::open() else { return };
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

/// One line of the list: `start-end perms offset dev inode path`.
struct Mapping<'a> {
    start: usize,
    end: usize,
    file_offset: usize,
    path: &'a [u8],
}

impl<'a> Mapping<'a> {
    /// None for a mapping of no file.
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut rest = line;
        let start = number(until(&mut rest, b'-'))?;
        let end = number(until(&mut rest, b' '))?;
        until(&mut rest, b' ');
        let file_offset = number(until(&mut rest, b' '))?;
        until(&mut rest, b' ');
        until(&mut rest, b' ');
        let path = rest.trim_ascii();
        path.starts_with(b"/").then_some(Self { start, end, file_offset, path })
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

/// The lines of the list, read through a buffer on the stack. A line longer than the buffer is cut in two.
struct Lines {
    file: c_int,
    buffer: [u8; 4096],
    filled: usize,
    taken: usize,
}

#[expect(unsafe_code, reason = "std's files would do, but for the path's copy that may allocate")]
impl Lines {
    fn open() -> Option<Self> {
        let path = c"/proc/self/maps".as_ptr();
        // SAFETY: the path is nul-terminated.
        let file = unsafe { libc::open(path, libc::O_RDONLY | libc::O_CLOEXEC) };
        (file >= 0).then_some(Self { file, buffer: [0; 4096], filled: 0, taken: 0 })
    }

    fn next(&mut self) -> Option<&[u8]> {
        loop {
            let unread = self.buffer.get(self.taken..self.filled)?;
            if let Some(length) = unread.iter().position(|&byte| byte == b'\n') {
                let start = self.taken;
                self.taken += length + 1;
                return self.buffer.get(start..start + length);
            }
            if self.taken == 0 && self.filled == self.buffer.len() {
                self.taken = self.filled;
                return self.buffer.get(..);
            }
            if !self.fill() {
                return None;
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
impl Drop for Lines {
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
    fn address_zero_is_nowhere() {
        locate(0, |path, _| panic!("found in {path:?}"));
    }
}
