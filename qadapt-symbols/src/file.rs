//! ELF files in memory.

use std::fs::{File, read_link};
use std::path::Path;

use memmap2::Mmap;
use object::read::elf::ElfFile;

#[cfg(target_pointer_width = "64")]
type Header = object::elf::FileHeader64<object::NativeEndian>;
#[cfg(target_pointer_width = "32")]
type Header = object::elf::FileHeader32<object::NativeEndian>;

pub(crate) type Elf = ElfFile<'static, Header>;

/// A file, if it is one: the program may name a pipe, at which this would wait.
pub(crate) fn open(path: &Path) -> Option<Elf> {
    if path.metadata().ok()?.is_file() { map(&File::open(path).ok()?) } else { None }
}

/// A program that was replaced or removed while it runs: the kernel still has it.
pub(crate) fn open_deleted(path: &Path) -> Option<Elf> {
    let own = Path::new("/proc/self/exe");
    if read_link(own).ok()? == path { open(own) } else { None }
}

/// The file in memory, for good.
#[expect(unsafe_code, reason = "files of tens of megabytes are not for the heap")]
fn map(file: &File) -> Option<Elf> {
    // SAFETY: whoever truncates the file of a running program ends the program itself, too; whoever writes into it gets
    // wrong lines. A debug file that is truncated in this moment can end the program, as it can with every debugger.
    let mapped = unsafe { Mmap::map(file) }.ok()?;
    let mapped: &'static Mmap = Box::leak(Box::new(mapped));
    Elf::parse(mapped).ok()
}
