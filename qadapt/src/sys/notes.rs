//! Notes in the files that are loaded: how the copies of the guard in one process find each other.
//!
//! A note is a record in a segment that the loader maps, with a name, a number and some bytes (System V ABI, "Note Section"). It needs
//! no linker flag, no exported symbol and no section header, so that it is there in executables and in stripped files.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::hint::black_box;
use core::{mem, ptr, slice};

/// `PF_R` (elf(5)), which not every platform's `libc` has.
const READABLE: u32 = 4;

/// The name in each note, padded so that what follows is aligned to eight bytes, whatever the segment's alignment is.
pub(crate) const NAME: [u8; 12] = *b"QADAPT\0\0\0\0\0\0";

/// A note whose bytes are one address, which the loader relocates.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Note<T: 'static> {
    name_size: u32,
    size: u32,
    kind: u32,
    name: [u8; 12],
    value: &'static T,
}

impl<T: 'static> Note<T> {
    #[expect(clippy::cast_possible_truncation, reason = "both are small")]
    pub(crate) const fn new(kind: u32, value: &'static T) -> Self {
        Self { name_size: NAME.len() as u32, size: size_of::<&T>() as u32, kind, name: NAME, value }
    }
}

/// A note of a loaded file.
pub(crate) struct Found<'a> {
    /// Where it lies.
    pub(crate) address: usize,
    pub(crate) kind: u32,
    /// The address in it.
    pub(crate) value: usize,
    /// The file, as the loader knows it; empty for the program.
    pub(crate) file: &'a CStr,
}

/// Visits the notes with [`NAME`] in the order in which their files were loaded, the program's first, until `visit` returns false.
/// A signal handler must not call it.
#[expect(unsafe_code, reason = "std does not know what is loaded")]
pub(crate) fn for_each_note<F: FnMut(&Found<'_>) -> bool>(mut visit: F) {
    // SAFETY: the function has the type that the C library asks for, and gets the pointer that is passed with it, to a closure of
    // the type that it takes it for, which lives until the call returns.
    unsafe { libc::dl_iterate_phdr(Some(look_into::<F>), ptr::from_mut(&mut visit).cast()) };
}

/// Keeps a loaded file for the life of the process.
#[expect(unsafe_code, reason = "std does not know the loader")]
pub(crate) fn keep_loaded(file: &CStr) {
    type Open = unsafe extern "C" fn(*const c_char, c_int) -> *mut c_void;
    if file.is_empty() {
        return;
    }
    // To import it would cost each program some thousand instructions at its start.
    // SAFETY: the name is nul-terminated.
    let open = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"dlopen".as_ptr()) };
    if open.is_null() {
        return;
    }
    // SAFETY: not null, it is the C library's function of this name, which has this type.
    let open = unsafe { mem::transmute::<*mut c_void, Open>(open) };
    let how = libc::RTLD_NOLOAD | libc::RTLD_NODELETE | libc::RTLD_NOW;
    // SAFETY: the name is nul-terminated. Nothing is loaded, so that no code of the file's runs.
    unsafe { open(file.as_ptr(), how) };
}

/// Asks C for a byte, so that a library which has found the guard by its note, and defines `malloc`, can answer.
#[expect(unsafe_code, reason = "calls C")]
pub(crate) fn ask_c() {
    // SAFETY: any size may be asked for.
    let block = black_box(unsafe { libc::malloc(1) });
    // SAFETY: it is a block, or null.
    unsafe { libc::free(block) };
}

/// What the loader calls for each file; anything but 0 ends that.
#[expect(unsafe_code, reason = "reads what the loader tells")]
unsafe extern "C" fn look_into<F: FnMut(&Found<'_>) -> bool>(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    visit: *mut c_void,
) -> c_int {
    // SAFETY: the loader passes a valid description.
    let info = unsafe { &*info };
    // SAFETY: it is the closure that `for_each_note` passes, and nobody else uses it meanwhile.
    let visit = unsafe { &mut *visit.cast::<F>() };
    if info.dlpi_phdr.is_null() || info.dlpi_name.is_null() {
        return 0;
    }
    // SAFETY: the loader says that there are so many headers, and keeps them as long as the file is loaded.
    let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    // SAFETY: not null, and a string for as long as the file is loaded.
    let file = unsafe { CStr::from_ptr(info.dlpi_name) };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::useless_conversion,
        reason = "addresses, of this platform's size"
    )]
    for header in headers.iter().filter(|header| header.p_type == libc::PT_NOTE) {
        let base = info.dlpi_addr as usize;
        let start = base.wrapping_add(header.p_vaddr as usize);
        if header.p_flags & READABLE == 0 {
            continue;
        }
        let length = header.p_memsz as usize;
        // SAFETY: the loader has mapped the segment, readable, before it tells of the file, and nobody writes to it any more.
        let bytes = unsafe { slice::from_raw_parts(ptr::with_exposed_provenance::<u8>(start), length) };
        let align = if header.p_align == 8 { 8 } else { 4 };
        let goes_on = for_each_in(bytes, align, |offset, kind, value| {
            visit(&Found { address: start.wrapping_add(offset), kind, value, file })
        });
        if !goes_on {
            return 1;
        }
    }
    0
}

/// The notes in a segment that have the name and an address: where they begin, their numbers and the addresses. False if `visit`
/// has ended it.
fn for_each_in(bytes: &[u8], align: usize, mut visit: impl FnMut(usize, u32, usize) -> bool) -> bool {
    let word = |at: usize| {
        let bytes = bytes.get(at..at.checked_add(4)?)?;
        bytes.try_into().ok().map(u32::from_ne_bytes)
    };
    let padded = |offset: usize| offset.checked_next_multiple_of(align);
    let mut at = 0;
    while let (Some(name_size), Some(size), Some(kind)) = (word(at), word(at + 4), word(at + 8)) {
        let name = at + 12;
        let parts = name.checked_add(name_size as usize).and_then(padded).and_then(|value| {
            let end = value.checked_add(size as usize)?;
            Some((value, end, padded(end)?))
        });
        let Some((value, end, next)) = parts else { return true };
        if bytes.get(name..name + name_size as usize) == Some(&NAME) {
            let value =
                bytes.get(value..end).and_then(|value| value.try_into().ok()).map(usize::from_ne_bytes);
            if value.is_some_and(|value| !visit(at, kind, value)) {
                return false;
            }
        }
        at = next;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A note as linkers leave it.
    fn note(name: &[u8], kind: u32, value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [name.len(), value.len(), kind as usize] {
            bytes.extend(u32::try_from(number).expect("small").to_ne_bytes());
        }
        for part in [name, value] {
            bytes.extend(part);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    fn notes(bytes: &[u8], align: usize) -> Vec<(usize, u32, usize)> {
        let mut found = Vec::new();
        for_each_in(bytes, align, |offset, kind, value| {
            found.push((offset, kind, value));
            true
        });
        found
    }

    #[test]
    fn notes_are_found_among_others() {
        let value = 0x1234_usize.to_ne_bytes();
        let other = note(b"GNU\0", 3, &[7; 20]);
        let bytes = [other.clone(), note(&NAME, 1, &value), other.clone(), note(&NAME, 2, &value)].concat();
        let first = other.len();
        let second = first + 32 + other.len();
        assert_eq!(notes(&bytes, 4), [(first, 1, 0x1234), (second, 2, 0x1234)]);
        // By itself it lies alike in segments of both alignments.
        assert_eq!(notes(&note(&NAME, 9, &value), 8), [(0, 9, 0x1234)]);
    }

    #[test]
    fn what_is_cut_short_or_has_another_size_is_no_note() {
        let value = 1_usize.to_ne_bytes();
        let whole = note(&NAME, 1, &value);
        for length in 0..whole.len() {
            assert_eq!(notes(&whole[..length], 4), [], "{length}");
        }
        assert_eq!(notes(&note(&NAME, 1, &value[..4]), 4), []);
        assert_eq!(notes(&note(b"QADAPT\0", 1, &value), 4), []);
        let mut endless = whole;
        endless[..4].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(notes(&endless, 4), []);
    }

    #[test]
    fn a_note_is_laid_out_as_it_is_read() {
        static VALUE: u8 = 0;
        let note = Note::new(5, &VALUE);
        assert_eq!(size_of_val(&note), 24 + size_of::<usize>());
        assert_eq!(core::mem::offset_of!(Note<u8>, value), 24);
        assert_eq!((note.name_size, note.size as usize), (12, size_of::<usize>()));
    }
}
