//! Messages in the encoding of protocol buffers, <https://protobuf.dev/programming-guides/encoding>: as much of it as a profile needs.

use std::collections::BTreeMap;

/// A message that is being written.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

/// What a field's key says of its value: a number, or bytes after their length.
const NUMBER: u64 = 0;
const BYTES: u64 = 2;

impl Message {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A field that is a number; 0 is what a reader takes for one that is not there.
    pub(super) fn number(&mut self, field: u64, value: u64) {
        if value != 0 {
            self.varint(field << 3 | NUMBER);
            self.varint(value);
        }
    }

    pub(super) fn bytes(&mut self, field: u64, value: &[u8]) {
        self.varint(field << 3 | BYTES);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    pub(super) fn message(&mut self, field: u64, fill: impl FnOnce(&mut Self)) {
        let mut message = Self::default();
        fill(&mut message);
        self.bytes(field, &message.0);
    }

    /// A repeated field of numbers, packed.
    pub(super) fn numbers(&mut self, field: u64, values: impl IntoIterator<Item = u64>) {
        self.message(field, |packed| values.into_iter().for_each(|value| packed.varint(value)));
    }

    /// Seven bits a byte, the lowest first; the highest bit of a byte says that more follow.
    fn varint(&mut self, mut value: u64) {
        loop {
            let [low, ..] = value.to_le_bytes();
            value >>= 7;
            if value == 0 {
                return self.0.push(low & 0x7F);
            }
            self.0.push(low | 0x80);
        }
    }
}

/// A table of strings, by their numbers; the first one is empty.
#[derive(Debug)]
pub(super) struct Strings {
    numbers: BTreeMap<Vec<u8>, u64>,
    list: Vec<Vec<u8>>,
}

impl Strings {
    pub(super) fn new() -> Self {
        Self { numbers: BTreeMap::from([(Vec::new(), 0)]), list: vec![Vec::new()] }
    }

    pub(super) fn number(&mut self, text: &[u8]) -> u64 {
        // Readers want UTF-8.
        let text = String::from_utf8_lossy(text).into_owned().into_bytes();
        if let Some(&number) = self.numbers.get(&text) {
            return number;
        }
        let number = self.list.len() as u64;
        self.list.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    pub(super) fn list(&self) -> &[Vec<u8>] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_encoded_as_the_guide_has_it() {
        // The guide's own: field 1 is 150, field 2 the text "testing", field 6 the numbers 3, 270, 86942.
        let mut message = Message::default();
        message.number(1, 150);
        message.bytes(2, b"testing");
        message.numbers(6, [3, 270, 86_942]);
        message.number(7, 0);
        let expected: [u8; 20] = *b"\x08\x96\x01\x12\x07testing\x32\x06\x03\x8e\x02\x9e\xa7\x05";
        assert_eq!(message.into_bytes(), expected);
        let mut message = Message::default();
        message.message(3, |inner| inner.number(1, 150));
        assert_eq!(message.into_bytes(), *b"\x1a\x03\x08\x96\x01");
    }

    #[test]
    fn a_number_may_have_all_bits() {
        let mut message = Message::default();
        message.number(1, u64::MAX);
        assert_eq!(message.into_bytes(), *b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    }

    #[test]
    fn a_text_has_one_number() {
        let mut strings = Strings::new();
        assert_eq!([&b"a"[..], b"", b"b", b"a"].map(|text| strings.number(text)), [1, 0, 2, 1]);
        assert_eq!(strings.number(b"\xff"), 3);
        assert_eq!(strings.list().last(), Some(&"\u{fffd}".as_bytes().to_vec()));
    }
}
