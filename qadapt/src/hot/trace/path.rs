//! Paths that are put together without allocating.

use core::ffi::CStr;

/// A path in a fixed buffer, with a nul at its end.
pub(super) struct Path {
    bytes: [u8; 4096],
    length: usize,
    overflowed: bool,
}

impl Path {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; 4096], length: 0, overflowed: false }
    }

    pub(super) fn push(&mut self, text: &[u8]) -> &mut Self {
        // One more is kept for the nul.
        match self.bytes.get_mut(self.length..).filter(|room| room.len() > text.len()) {
            Some(room) => {
                for (place, &byte) in room.iter_mut().zip(text.iter().chain(&[0])) {
                    *place = byte;
                }
                self.length += text.len();
            }
            None => self.overflowed = true,
        }
        self
    }

    pub(super) fn number(&mut self, number: u32) -> &mut Self {
        let mut divisor = 1_000_000_000;
        while divisor > 1 && number / divisor == 0 {
            divisor /= 10;
        }
        while divisor > 0 {
            self.push(b"0123456789".get((number / divisor % 10) as usize).map_or(b"", core::slice::from_ref));
            divisor /= 10;
        }
        self
    }

    pub(super) fn as_c_str(&self) -> Option<&CStr> {
        let text = self.bytes.get(..=self.length).filter(|_| !self.overflowed)?;
        CStr::from_bytes_with_nul(text).ok()
    }

    /// How much of it there is, for [`cut`](Self::cut).
    pub(super) const fn length(&self) -> usize {
        self.length
    }

    /// Takes it back to what it was when it was so long.
    pub(super) fn cut(&mut self, length: usize) {
        self.length = length.min(self.length);
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn a_path_is_put_together() {
        let mut path = Path::new();
        path.push(b"/tmp/x-").number(0).push(b"-").number(40_507);
        assert_eq!(path.as_c_str(), Some(c"/tmp/x-0-40507"));
        path.cut(5);
        path.push(b"y");
        assert_eq!(path.as_c_str(), Some(c"/tmp/y"));
    }

    #[test]
    fn a_path_that_does_not_fit_is_none() {
        let mut path = Path::new();
        path.push(&[b'x'; 4095]);
        assert_eq!(path.as_c_str().map(|text| text.to_bytes().len()), Some(4095));
        path.push(b"y");
        assert_eq!(path.as_c_str(), None);
    }
}
