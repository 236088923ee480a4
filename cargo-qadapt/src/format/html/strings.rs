//! The texts of a page, each once.

use std::collections::HashMap;

use super::super::source::cut;

/// Characters of a name that are shown.
const WIDTH: usize = 2_000;

/// Texts, made printable, by number.
#[derive(Debug, Default)]
pub(super) struct Strings {
    texts: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Strings {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &str) -> usize {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.texts.len();
        self.texts.push(cut(text, WIDTH, " "));
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// All of them, by number.
    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }
}
