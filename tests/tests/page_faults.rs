//! Page faults of a closure: those that memory serves, and those for which the thread waits for a disk.
//!
//! Alone because other tests' threads may touch the pages of the same file cache.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "std maps no files")]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::ptr;

use qadapt::{QADAPT, count_page_faults};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

const PAGE: usize = 4096;
const PAGES: usize = 64;

/// A file that is mapped, and removed at the end.
struct Mapped {
    file: File,
    at: *mut u8,
}

impl Mapped {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("page-faults-{}", std::process::id()));
        let mut file = File::create_new(&path).expect("a file");
        file.write_all(&vec![7; PAGE * PAGES]).expect("room on the disk");
        file.sync_all().expect("it is written");
        let file = File::open(&path).expect("a file");
        fs::remove_file(&path).expect("it is open");
        let how = (libc::PROT_READ, libc::MAP_SHARED);
        // SAFETY: a new mapping, wherever the system puts it.
        let at = unsafe { libc::mmap(ptr::null_mut(), PAGE * PAGES, how.0, how.1, file.as_raw_fd(), 0) };
        assert_ne!(at, libc::MAP_FAILED);
        // No page is read because of its neighbour.
        // SAFETY: the mapping is there, and this only says how it is used.
        assert_eq!(unsafe { libc::madvise(at, PAGE * PAGES, libc::MADV_RANDOM) }, 0);
        Self { file, at: at.cast() }
    }

    /// Drops what the kernel has of the file in memory; false where it stays.
    fn forget(&self) -> bool {
        self.unmap_pages();
        // SAFETY: the arguments are numbers.
        assert_eq!(unsafe { libc::posix_fadvise(self.file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) }, 0);
        let mut resident = [0_u8; PAGES];
        // SAFETY: there is a byte for each page of the mapping.
        assert_eq!(unsafe { libc::mincore(self.at.cast(), PAGE * PAGES, resident.as_mut_ptr()) }, 0);
        resident.iter().all(|page| page & 1 == 0)
    }

    /// Takes the pages out of this process, where they can be mapped again.
    fn unmap_pages(&self) {
        // SAFETY: the mapping is there; what was read of it can be read again.
        assert_eq!(unsafe { libc::madvise(self.at.cast(), PAGE * PAGES, libc::MADV_DONTNEED) }, 0);
    }

    fn touch(&self, page: usize) {
        // SAFETY: the page is one of the mapping's.
        assert_eq!(black_box(unsafe { self.at.wrapping_add(page * PAGE).read_volatile() }), 7);
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nobody uses it any more.
        unsafe { libc::munmap(self.at.cast(), PAGE * PAGES) };
    }
}

#[test]
fn faults_that_wait_for_a_disk_are_major() {
    let mapped = Mapped::new();
    // The code's own pages are there from here on.
    let _ = count_page_faults(|| mapped.touch(3));
    if !mapped.forget() {
        println!("passed over: the file system of {} keeps its files in memory", env!("CARGO_TARGET_TMPDIR"));
        return;
    }
    let (first, ()) = count_page_faults(|| mapped.touch(3));
    let (again, ()) = count_page_faults(|| mapped.touch(3));
    let Some((first, again)) = first.zip(again) else {
        assert!(!qadapt::is_active(), "they are counted where there are checks");
        return;
    };
    assert_eq!((first.major, again.major), (1, 0));
    // Two at once; and a page that is in memory, of which this process has no entry yet.
    let (two, ()) = count_page_faults(|| [20, 40].into_iter().for_each(|page| mapped.touch(page)));
    assert_eq!(two.map(|two| two.major), Some(2));
    mapped.unmap_pages();
    let (minor, ()) = count_page_faults(|| mapped.touch(3));
    assert!(minor.is_some_and(|faults| faults.major == 0 && faults.minor > 0), "{minor:?}");
}
