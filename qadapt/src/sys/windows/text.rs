//! Texts, which are UTF-8 here and UTF-16 there.

/// Characters of a path, of which a longer one is not asked for.
pub(super) const PATH: usize = 1024;

/// UTF-8 as UTF-16 that ends in 0; `None` where it does not fit or is not UTF-8.
pub(super) fn wide(text: &[u8], buffer: &mut [u16]) -> Option<*const u16> {
    let characters = core::str::from_utf8(text).ok()?.encode_utf16().chain([0]);
    let mut places = buffer.iter_mut();
    for character in characters {
        *places.next()? = character;
    }
    Some(buffer.as_ptr())
}

/// UTF-16 as UTF-8, as much as fits.
pub(super) fn narrow<'a>(text: &[u16], buffer: &'a mut [u8]) -> &'a [u8] {
    let mut used = 0;
    for character in char::decode_utf16(text.iter().copied()) {
        let mut bytes = [0; 4];
        let bytes = character.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut bytes).as_bytes();
        let Some(room) = buffer.get_mut(used..used + bytes.len()) else { break };
        for (place, &byte) in room.iter_mut().zip(bytes) {
            *place = byte;
        }
        used += bytes.len();
    }
    buffer.get(..used).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_change_their_form_and_back() {
        for text in ["", "C:\\a b\\\u{e9}\u{1f980}.exe"] {
            let (mut characters, mut bytes) = ([1; 64], [1; 64]);
            wide(text.as_bytes(), &mut characters).expect("it fits");
            let length = characters.iter().position(|&character| character == 0).expect("it ends in 0");
            assert_eq!(narrow(&characters[..length], &mut bytes), text.as_bytes());
        }
        assert!(wide(b"abc", &mut [0; 3]).is_none());
        assert!(wide(b"\xff", &mut [0; 3]).is_none());
        assert_eq!(narrow(&[0xD800], &mut [0; 4]), "\u{FFFD}".as_bytes());
        assert_eq!(narrow(&[0x61, 0x62], &mut [0; 1]), b"a");
    }
}
