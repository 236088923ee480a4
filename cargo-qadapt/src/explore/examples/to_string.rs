// Text from text. `to_string`, `to_owned` and `clone` each make a block; `&str` and `Cow` borrow.
use std::borrow::Cow;

fn shout(word: &str) -> Cow<'_, str> {
    if word.ends_with('!') { Cow::Borrowed(word) } else { Cow::Owned(format!("{word}!")) }
}

let word = std::hint::black_box("hey!");
let copy = word.to_string();
std::hint::black_box(&copy);
std::hint::black_box(shout(word));
std::hint::black_box(shout("hey"));
