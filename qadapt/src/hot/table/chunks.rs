//! Records beyond those in the thread's own memory: pieces of pages, each with as much room as all before it.

use core::mem::size_of;
use core::ptr;

use super::{CHUNKS, INLINE, Record, Table};
use crate::sys;

/// With fewer records than this the pieces are given back.
const FEW: usize = INLINE / 2;

impl Table {
    #[cold]
    #[inline(never)]
    #[expect(unsafe_code, reason = "records beyond the first lie in pages")]
    pub(super) fn outside(&self, index: usize) -> Option<&Record> {
        let (chunk, within) = chunk_of(index)?;
        let start = self.chunks.get(chunk)?.get();
        if start.is_null() {
            return None;
        }
        // SAFETY: `within` is less than the number of records in the chunk, for which its pages are large enough.
        let record = unsafe { start.add(within) };
        // SAFETY: the pages were zeroed, and all-zero bytes are a free record, as `Record::FREE` is; they are unmapped only by
        // `shrink`, with fewer than `FEW` records open, which nobody does while a reference into them is held: records in
        // pages have a larger index. Only this thread reaches them, and each field is a `Cell`.
        Some(unsafe { &*record })
    }

    #[cold]
    #[inline(never)]
    #[expect(unsafe_code, reason = "gives pages back that a signal handler mapped too")]
    pub(super) fn mapped(&self, index: usize) -> Option<&Record> {
        let (chunk, _) = chunk_of(index)?;
        let cell = self.chunks.get(chunk)?;
        if cell.get().is_null() {
            let pages = sys::map_pages(bytes_of(chunk));
            if cell.get().is_null() {
                cell.set(pages.cast());
            } else if !pages.is_null() {
                // SAFETY: they were mapped here with this size, and nobody knows them.
                unsafe { sys::unmap_pages(pages, bytes_of(chunk)) };
            }
        }
        self.outside(index)
    }

    /// Gives memory back that few records do not need.
    #[expect(unsafe_code, reason = "gives pages back")]
    pub(in crate::hot) fn shrink(&self) {
        if self.length.get() >= FEW {
            return;
        }
        for (chunk, cell) in self.chunks.iter().enumerate() {
            let pages = cell.replace(ptr::null_mut());
            if pages.is_null() {
                break;
            }
            // SAFETY: `mapped` mapped them with this size. The open records all lie inline, and no reference to a record in
            // these pages is held: whoever holds one works on an open record.
            unsafe { sys::unmap_pages(pages.cast(), bytes_of(chunk)) };
        }
    }
}

/// The chunk that a record beyond the first ones lies in, and its place there.
fn chunk_of(index: usize) -> Option<(usize, usize)> {
    let chunk = (index / INLINE).checked_ilog2()? as usize;
    let start = INLINE << chunk;
    (chunk < CHUNKS).then(|| (chunk, index - start))
}

/// The size of a chunk's pages. A chunk has as many records as there are before it.
fn bytes_of(chunk: usize) -> usize {
    (INLINE << chunk) * size_of::<Record>()
}

#[cfg(test)]
mod tests {
    use super::super::ROOM;
    use super::*;

    #[test]
    fn every_record_has_a_place_of_its_own() {
        let mut expected = (0, 0);
        for index in INLINE..ROOM {
            assert_eq!(chunk_of(index), Some(expected), "{index}");
            expected.1 += 1;
            if expected.1 * size_of::<Record>() == bytes_of(expected.0) {
                expected = (expected.0 + 1, 0);
            }
        }
        assert_eq!(expected, (CHUNKS, 0));
        assert_eq!(chunk_of(ROOM), None);
        assert_eq!(chunk_of(INLINE - 1), None);
    }
}
