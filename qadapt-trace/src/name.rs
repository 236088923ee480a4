//! What a region is called that has no name of its author's: the function that it is, by way of its type.

use core::fmt;

/// A function's name, from the module in which it is written and the path by which the compiler calls it.
///
/// A method is named by its type wherever its impl block stands: `radio::Echo::process`. A type of another crate, and
/// one that is no path, stands behind the module: `radio::Vec<f32>::process`, `radio::<&mut [Echo]>::process`. A method
/// of every type, and one that a trait brings along, is named by the trait: `radio::Stage::process`. Arguments are left
/// out where all of them are parameters, so that `Meter<N>` is `radio::Meter` and `Filter<f32>` is `radio::Filter<f32>`.
/// Closures, `async` bodies and constants leave nothing in the name.
///
/// It is made without memory, so that it can be written inside an allocator call.
///
/// # Examples
/// ```
/// use qadapt_trace::FunctionName;
///
/// let name = FunctionName::new("radio::stages", "<radio::Echo as radio::Stage>::process");
/// assert_eq!(name.to_string(), "radio::Echo::process");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FunctionName<'a> {
    module: &'a str,
    path: &'a str,
}

/// Takes the name piece by piece.
type Each<'e, 'a> = &'e mut dyn FnMut(&'a str);

impl<'a> FunctionName<'a> {
    /// The function with this path, as `core::any::type_name` prints it and as symbols are demangled, in this module.
    #[must_use]
    pub const fn new(module: &'a str, path: &'a str) -> Self {
        Self { module, path }
    }

    /// Hands out the name piece by piece.
    pub fn for_each_piece(self, mut each: impl FnMut(&'a str)) {
        let each: Each<'_, 'a> = &mut each;
        match Owner::of(self.path) {
            Some(Owner { name, rest }) => {
                let krate = self.module.split("::").next().unwrap_or_default();
                let is_local = name.strip_prefix(krate).is_some_and(|rest| rest.starts_with("::"));
                if is_local {
                    path(name, "", each);
                } else {
                    each(self.module);
                    if is_path(name) {
                        each("::");
                        short(name, each);
                    } else {
                        each("::<");
                        short(name, each);
                        each(">");
                    }
                }
                path(rest, "::", each);
            }
            None => path(self.path, "", each),
        }
    }
}

impl fmt::Display for FunctionName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = Ok(());
        self.for_each_piece(|piece| {
            if result.is_ok() {
                result = f.write_str(piece);
            }
        });
        result
    }
}

/// What a method is named by.
struct Owner<'a> {
    /// The type; the trait where the type is any.
    name: &'a str,
    /// What follows in the path.
    rest: &'a str,
}

impl<'a> Owner<'a> {
    /// The innermost impl block on a path: `<Type as Trait>`, `<Type>`, or `<impl Type>` and `<impl Trait for Type>` behind
    /// a module.
    fn of(whole: &'a str) -> Option<Self> {
        let mut found = None;
        let mut rest = whole;
        let mut is_first = true;
        while !rest.is_empty() {
            let (segment, after) = split(rest, "::").unwrap_or((rest, ""));
            let inner = segment.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
            let owner = inner.and_then(|inner| match inner.strip_prefix("impl ") {
                Some(inner) => Some(split(inner, " for ").map_or((inner, inner), |(of, ty)| (ty, of))),
                None => is_first.then(|| split(inner, " as ").unwrap_or((inner, inner))),
            });
            if let Some((ty, of)) = owner {
                found = Some(Self { name: if ty == "_" { of } else { ty }, rest: after });
            }
            is_first = false;
            rest = after;
        }
        found
    }
}

/// The segments of a path, each but the first behind `::`, and the first behind `before`.
fn path<'a>(mut rest: &'a str, mut before: &'static str, each: Each<'_, 'a>) {
    while !rest.is_empty() {
        let (segment, after) = split(rest, "::").unwrap_or((rest, ""));
        rest = after;
        // A closure, a constant, the body of an `async fn`.
        if segment.starts_with('{') {
            continue;
        }
        let (name, arguments) = segment.split_at(segment.find('<').unwrap_or(segment.len()));
        if !name.is_empty() {
            each(before);
            each(name);
        }
        before = "::";
        let inner = arguments.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        if inner.is_none_or(|inner| !are_parameters(inner)) {
            short(arguments, each);
        }
    }
}

/// A type, each path in it by its last name alone.
fn short<'a>(text: &'a str, each: Each<'_, 'a>) {
    let mut rest = text;
    // What of the beginning is still to be handed out.
    let mut kept = 0;
    while let Some(tail) = rest.get(kept..).filter(|tail| !tail.is_empty()) {
        let token = Token::of(tail);
        let after = tail.get(token.length()..).unwrap_or_default();
        let skipped = match token {
            Token::Word(_) => match after.strip_prefix("::") {
                Some(next) if !next.starts_with('<') => Some(next),
                _ => arguments(after).filter(|(inner, _)| are_parameters(inner)).map(|(_, next)| {
                    kept += token.length();
                    next
                }),
            },
            // Not every compiler writes the lifetime.
            Token::Lifetime(_) => Some(after.strip_prefix(' ').unwrap_or(after)),
            Token::Other('{', _) => split(tail, "::").map(|(_, next)| next),
            Token::Literal(_) | Token::Other(..) => None,
        };
        match skipped {
            Some(next) => {
                each(rest.get(..kept).unwrap_or_default());
                rest = next;
                kept = 0;
            }
            None => kept += token.length(),
        }
    }
    each(rest);
}

/// What stands between the angle brackets that a text begins with, and what follows them.
fn arguments(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let mut depth = 1;
    let end = find(inner, &mut depth, |_, depth| depth == 0)?;
    Some((inner.get(..end)?, inner.get(end + 1..)?))
}

/// Whether a list of generic arguments holds nothing but parameters: `_`, or the bare name of a constant one.
fn are_parameters(mut list: &str) -> bool {
    const PRIMITIVES: [&str; 21] = [
        "bool", "char", "f16", "f32", "f64", "f128", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8",
        "u16", "u32", "u64", "u128", "usize", "true", "false",
    ];
    loop {
        let (first, rest) = split(list, ", ").unwrap_or((list, ""));
        let is_name = !first.is_empty()
            && first.chars().all(is_word)
            && !first.starts_with(|c: char| c.is_ascii_digit());
        if !is_name || PRIMITIVES.contains(&first) {
            return false;
        }
        if rest.is_empty() {
            return true;
        }
        list = rest;
    }
}

/// Whether a type is written as a path.
fn is_path(text: &str) -> bool {
    let end = text.find('<').unwrap_or(text.len());
    let (name, arguments) = text.split_at(end);
    !name.is_empty()
        && name.chars().all(|c| is_word(c) || c == ':')
        && (arguments.is_empty() || arguments.ends_with('>'))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The text before and after the first `separator` that stands in no brackets.
fn split<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text, &mut 0, |rest, depth| depth == 0 && rest.starts_with(separator))?;
    Some((text.get(..at)?, text.get(at + separator.len()..)?))
}

/// The first place at which `is_wanted` says so; it is shown the text from there on, and how many brackets are open
/// behind its first character if that closes one, and before it otherwise.
fn find(text: &str, depth: &mut u32, is_wanted: impl Fn(&str, u32) -> bool) -> Option<usize> {
    let mut at = 0;
    let mut previous = ' ';
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let token = Token::of(rest);
        let closes = match token {
            // Not the arrow of a function's type.
            Token::Other('>', _) => previous != '-',
            Token::Other(c, _) => matches!(c, ')' | ']' | '}'),
            _ => false,
        };
        if closes {
            *depth = depth.saturating_sub(1);
        }
        if is_wanted(rest, *depth) {
            return Some(at);
        }
        if matches!(token, Token::Other('<' | '(' | '[' | '{', _)) {
            *depth += 1;
        }
        previous = if let Token::Other(c, _) = token { c } else { ' ' };
        at += token.length();
    }
    None
}

/// A piece of a type as it is printed, with its length in bytes.
#[derive(Clone, Copy)]
enum Token {
    Word(usize),
    Lifetime(usize),
    /// A character, which may be a bracket.
    Literal(usize),
    Other(char, usize),
}

impl Token {
    /// The first of a text.
    fn of(text: &str) -> Self {
        let word = |text: &str| text.find(|c| !is_word(c)).unwrap_or(text.len());
        let mut chars = text.chars();
        match (chars.next(), chars.next(), chars.next()) {
            (Some('\''), Some('\\'), Some(escaped)) => {
                let start = 2 + escaped.len_utf8();
                let rest = text.get(start..).unwrap_or_default();
                Self::Literal(rest.find('\'').map_or(text.len(), |end| start + end + 1))
            }
            (Some('\''), Some(c), Some('\'')) => Self::Literal(2 + c.len_utf8()),
            (Some('\''), _, _) => Self::Lifetime(1 + word(text.get(1..).unwrap_or_default())),
            (Some(c), _, _) if is_word(c) => Self::Word(word(text)),
            (c, _, _) => Self::Other(c.unwrap_or_default(), c.map_or(0, char::len_utf8)),
        }
    }

    const fn length(self) -> usize {
        match self {
            Self::Word(length) | Self::Lifetime(length) | Self::Literal(length) | Self::Other(_, length) => {
                length
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::FunctionName;
    use std::string::{String, ToString as _};

    fn name(path: &str) -> String {
        FunctionName::new("radio::stages", path).to_string()
    }

    #[test]
    fn methods_are_named_by_their_types() {
        for (path, expected) in [
            ("radio::tune", "radio::tune"),
            ("radio::main::{{closure}}::inner::{{constant}}", "radio::main::inner"),
            ("radio::Echo::process", "radio::Echo::process"),
            ("radio::Echo::process::inner", "radio::Echo::process::inner"),
            ("radio::type::fn::struct", "radio::type::fn::struct"),
            ("<radio::Echo as radio::Stage>::process", "radio::Echo::process"),
            ("<radio::Echo>::process", "radio::Echo::process"),
            ("radio::stages::<impl radio::Echo>::process", "radio::Echo::process"),
            ("radio::f::stages::<impl radio::Stage<u8> for radio::Echo>::process", "radio::Echo::process"),
            ("<radio::A as radio::Stage>::f::<impl radio::B>::g", "radio::B::g"),
            ("radio::Stage::process", "radio::Stage::process"),
            ("<_ as radio::Stage>::process", "radio::Stage::process"),
            ("<_ as core::convert::From<radio::Echo>>::from", "radio::stages::From<Echo>::from"),
            ("<radio::f::{{closure}}::Local as radio::Stage>::process", "radio::f::Local::process"),
        ] {
            assert_eq!(name(path), expected, "{path}");
        }
    }

    #[test]
    fn parameters_are_left_out_and_arguments_are_not() {
        for (path, expected) in [
            ("<radio::Meter<N> as radio::Stage>::process", "radio::Meter::process"),
            ("radio::Pair<_, _>::swap", "radio::Pair::swap"),
            ("<radio::Filter<f32> as radio::Stage>::process", "radio::Filter<f32>::process"),
            ("<radio::Filter<radio::Sample> as radio::Stage>::process", "radio::Filter<Sample>::process"),
            ("radio::Filter<_, 3>::process", "radio::Filter<_, 3>::process"),
            ("radio::Filter<radio::Pair<_, _>>::process", "radio::Filter<Pair>::process"),
            ("radio::Flags<true>::get", "radio::Flags<true>::get"),
            ("radio::Ch<'>', '\\'', -3>::f", "radio::Ch<'>', '\\'', -3>::f"),
            ("radio::Ch<'\\u{3e}', '<'>::f", "radio::Ch<'\\u{3e}', '<'>::f"),
            ("radio::tune::<u8>::{closure#0}", "radio::tune<u8>"),
            ("radio::Filter<fn(_) -> radio::Echo>::f", "radio::Filter<fn(_) -> Echo>::f"),
        ] {
            assert_eq!(name(path), expected, "{path}");
        }
    }

    #[test]
    fn types_of_others_stand_behind_the_module() {
        for (path, expected) in [
            ("<f32 as radio::Stage>::process", "radio::stages::f32::process"),
            ("<alloc::vec::Vec<f32> as radio::Stage>::process", "radio::stages::Vec<f32>::process"),
            ("<alloc::vec::Vec<_> as radio::Stage>::process", "radio::stages::Vec::process"),
            ("<radiology::Echo as radio::Stage>::process", "radio::stages::Echo::process"),
            ("<&mut [radio::Echo] as radio::Stage>::process", "radio::stages::<&mut [Echo]>::process"),
            ("<&str as radio::Stage>::process", "radio::stages::<&str>::process"),
            ("<[radio::Echo; N] as radio::Stage>::process", "radio::stages::<[Echo; N]>::process"),
            ("<(_, radio::Echo) as radio::Stage>::process", "radio::stages::<(_, Echo)>::process"),
            ("<dyn radio::Stage as radio::Other>::process", "radio::stages::<dyn Stage>::process"),
            (
                "<dyn core::ops::function::Fn(&'_ radio::Echo) -> u8 + core::marker::Send as radio::Stage<i8>>::f",
                "radio::stages::<dyn Fn(&Echo) -> u8 + Send>::f",
            ),
            (
                "<alloc::boxed::Box<dyn core::iter::Iterator<Item = alloc::vec::Vec<radio::Echo>>> as radio::Stage>::f",
                "radio::stages::Box<dyn Iterator<Item = Vec<Echo>>>::f",
            ),
            ("<fn(u8) -> radio::Echo as radio::Stage>::f", "radio::stages::<fn(u8) -> Echo>::f"),
            (
                "<unsafe extern \"C\" fn(u8) as radio::Stage>::f",
                "radio::stages::<unsafe extern \"C\" fn(u8)>::f",
            ),
            (
                "<<radio::Echo as radio::Kind>::Item as radio::Stage>::f",
                "radio::stages::<<Echo as Kind>::Item>::f",
            ),
            ("<[radio::f::{{closure}}::Local; 1] as radio::Stage>::f", "radio::stages::<[Local; 1]>::f"),
            ("<! as radio::Stage>::f", "radio::stages::<!>::f"),
        ] {
            assert_eq!(name(path), expected, "{path}");
        }
    }

    /// Symbols come from files that anybody may have written.
    #[test]
    fn nothing_in_a_path_is_trusted() {
        const PARTS: [&str; 20] = [
            "<", ">", "::", " as ", "impl ", " for ", "_", "radio", "(", ")", "{{", "}}", "'", "\\", "->",
            ", ", "é", "{", "]", "&",
        ];
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..20_000 {
            let mut path = String::new();
            for _ in 0..12 {
                path.push_str(PARTS[random.usize(..PARTS.len())]);
            }
            assert!(name(&path).len() <= path.len() + "radio::stages::<>".len() + 2 * path.len(), "{path}");
        }
        for path in ["", "<", "<>", "<impl ", "<impl >", "::", "<_ as", "<_ as >::f", "{"] {
            assert!(name(path).len() <= path.len() + 20, "{path}");
        }
    }
}
