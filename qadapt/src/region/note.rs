//! Notes: which regions the source has, for `cargo qadapt prove`.
//!
//! A region of which no code is left has no label (`mark`). So that it is not forgotten, each protecting attribute also
//! leaves a note in a build with labels: one of the executable's, with the region's name, the attribute's file, line and
//! column, and `1` if a proof is required or `2` if the region may allocate but must not wait, each closed by a zero byte. Notes are kept whether or not code refers to them.
//! In every other build there are none.

/// The owner's name in the notes, with its zero and one byte of filling.
const OWNER: [u8; 8] = *b"qadapt\0\0";

/// One note of an executable: `Elf64_Nhdr` in the System V ABI, then the owner's name and the text.
#[derive(Debug)]
#[repr(C, align(4))]
pub struct Note<const N: usize> {
    owner_length: u32,
    text_length: u32,
    kind: u32,
    owner: [u8; 8],
    text: [u8; N],
}

impl<const N: usize> Note<N> {
    /// A note of this text; `N` is its length, rounded up to a multiple of four.
    #[must_use]
    pub const fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut filled = [0; N];
        let mut i = 0;
        while i < bytes.len() {
            filled[i] = bytes[i];
            i += 1;
        }
        // A text of 4 GiB does not compile.
        #[expect(clippy::cast_possible_truncation, reason = "a path, a name and two numbers")]
        let text_length = bytes.len() as u32;
        Self { owner_length: 7, text_length, kind: 1, owner: OWNER, text: filled }
    }
}

/// Leaves the note of a region at the place of the attribute that expands to this, where regions have labels: in a build
/// with marks and without checks (`checks`).
#[doc(hidden)]
#[macro_export]
#[cfg(all(
    qadapt_marks,
    any(qadapt_unchecked, not(any(debug_assertions, feature = "enforce", qadapt_enforce)))
))]
macro_rules! __note {
    ($kind:literal, $name:expr) => {
        const _: () = {
            const TEXT: &str = ::core::concat!(
                $name,
                "\0",
                ::core::file!(),
                "\0",
                ::core::line!(),
                "\0",
                ::core::column!(),
                "\0",
                $kind,
                "\0"
            );
            #[used]
            #[unsafe(link_section = ".note.qadapt.regions")]
            static QADAPT_NOTE: $crate::__private::Note<{ TEXT.len().next_multiple_of(4) }> =
                $crate::__private::Note::new(TEXT);
        };
    };
}

/// Leaves nothing: this build has no labels.
#[doc(hidden)]
#[macro_export]
#[cfg(not(all(
    qadapt_marks,
    any(qadapt_unchecked, not(any(debug_assertions, feature = "enforce", qadapt_enforce)))
)))]
macro_rules! __note {
    ($kind:literal, $name:expr) => {};
}
