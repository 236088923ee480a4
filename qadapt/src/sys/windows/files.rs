//! Files: those that keep a trace, and what is asked of others.

use core::ffi::{CStr, c_void};
use core::mem::MaybeUninit;
use core::ptr;

use windows_sys::Win32::Foundation::{
    CloseHandle, ERROR_ACCESS_DENIED, ERROR_DISK_FULL, ERROR_PATH_NOT_FOUND, ERROR_WRITE_PROTECT,
    GENERIC_READ, GENERIC_WRITE, GetLastError, HANDLE, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    GetFileAttributesExW, GetFileExInfoStandard, OPEN_EXISTING, WIN32_FILE_ATTRIBUTE_DATA,
};
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, FILE_MAP_READ, FILE_MAP_WRITE, MapViewOfFile, PAGE_READWRITE,
};

use super::text::{PATH, wide};

/// Files can be mapped and keep a trace.
pub(crate) const HAS_TRACES: bool = true;

/// An open file.
pub(crate) struct File(HANDLE);

#[expect(unsafe_code, reason = "std's files allocate")]
impl File {
    /// Creates a file that is not there yet; or says in words why that cannot be.
    pub(crate) fn create(path: &CStr) -> Result<Self, &'static [u8]> {
        if let Some(file) = Self::with(path, CREATE_NEW) {
            return Ok(file);
        }
        // SAFETY: it only reads a number.
        Err(match unsafe { GetLastError() } {
            ERROR_PATH_NOT_FOUND => {
                b"the directory is not there, and nor is the one that it would be made in"
            }
            ERROR_ACCESS_DENIED => b"this user may not write there",
            ERROR_WRITE_PROTECT => b"nothing can be written there",
            ERROR_DISK_FULL => b"there is no room on its disk",
            _ => b"it cannot be made",
        })
    }

    /// Opens a file for reading and writing.
    pub(crate) fn open(path: &CStr) -> Option<Self> {
        Self::with(path, OPEN_EXISTING)
    }

    fn with(path: &CStr, how: u32) -> Option<Self> {
        let mut wide_path = [0; PATH];
        let path = wide(path.to_bytes(), &mut wide_path)?;
        let (access, share) =
            (GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
        // SAFETY: the path ends in 0; there are no attributes and no template.
        let file = unsafe { CreateFileW(path, access, share, ptr::null(), how, 0, ptr::null_mut()) };
        (file != INVALID_HANDLE_VALUE).then(|| Self(file))
    }

    /// True: mapping the file gives it its size, and room on the disk for all of that.
    #[expect(clippy::unused_self, reason = "as on other platforms")]
    pub(crate) fn grow(&self, _: usize) -> bool {
        true
    }

    /// True, as above.
    #[expect(clippy::unused_self, reason = "as on other platforms")]
    pub(crate) fn reserve(&self, _: u64, _: u64) -> bool {
        true
    }

    /// Maps the file with `memory` bytes for the life of the process. `None` where its disk has no room for them.
    pub(crate) fn map(&self, _: usize, memory: usize) -> Option<*mut c_void> {
        let halves = [memory as u64 >> 32, memory as u64 & u64::from(u32::MAX)];
        let [high, low] = halves.map(|half| u32::try_from(half).unwrap_or(u32::MAX));
        // SAFETY: the file is open; there are no attributes and no name.
        let mapping =
            unsafe { CreateFileMappingW(self.0, ptr::null(), PAGE_READWRITE, high, low, ptr::null()) };
        if mapping.is_null() {
            return None;
        }
        // SAFETY: the mapping is as large, and the system chooses the place.
        let view = unsafe { MapViewOfFile(mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, memory) };
        // SAFETY: it was made above, and the view does not need it.
        unsafe { CloseHandle(mapping) };
        (!view.Value.is_null()).then_some(view.Value)
    }
}

#[expect(unsafe_code, reason = "the file was opened by hand")]
impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: it was opened above and is closed here only.
        unsafe { CloseHandle(self.0) };
    }
}

/// Files have no limit but their disk.
pub(crate) fn may_have_size(_: usize) -> bool {
    true
}

/// True if there is a file of this name.
pub(crate) fn exists(path: &CStr) -> bool {
    attributes(path).is_some()
}

/// The bytes of a file; 0 where it cannot be asked.
pub(crate) fn size_of_file(path: &CStr) -> u64 {
    attributes(path).map_or(0, |file| u64::from(file.nFileSizeHigh) << 32 | u64::from(file.nFileSizeLow))
}

#[expect(unsafe_code, reason = "std's metadata copies the path")]
fn attributes(path: &CStr) -> Option<WIN32_FILE_ATTRIBUTE_DATA> {
    let mut wide_path = [0; PATH];
    let path = wide(path.to_bytes(), &mut wide_path)?;
    let mut found = MaybeUninit::<WIN32_FILE_ATTRIBUTE_DATA>::zeroed();
    // SAFETY: the path ends in 0, and there is room for the answer.
    let known = unsafe { GetFileAttributesExW(path, GetFileExInfoStandard, found.as_mut_ptr().cast()) };
    // SAFETY: zeroed at first, which is a valid value.
    (known != 0).then(|| unsafe { found.assume_init() })
}

/// Makes a directory, unless there is one, with the rights of the one that it is in.
#[expect(unsafe_code, reason = "std's copies the path")]
pub(crate) fn make_directory(path: &CStr) {
    let mut wide_path = [0; PATH];
    if let Some(path) = wide(path.to_bytes(), &mut wide_path) {
        // SAFETY: the path ends in 0; there are no attributes.
        unsafe { CreateDirectoryW(path, ptr::null()) };
    }
}
