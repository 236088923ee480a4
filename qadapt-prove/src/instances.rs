//! Verdicts of one region of the source together: a generic region has one for each instance.

use super::place::Place;
use super::spelled::arguments_at;
use super::verdict::{Answer, Verdict};

/// The verdicts of one region. [`groups`] has an example.
#[derive(Debug)]
pub struct Group<'v> {
    /// The region's name; what differs between its instances is `_`.
    pub name: String,
    /// Each instance with what tells it from the others; nothing where there is but one.
    pub instances: Vec<(String, &'v Verdict)>,
}

impl<'v> Group<'v> {
    /// The worst answer.
    #[must_use]
    pub fn answer(&self) -> Option<Answer> {
        self.instances.iter().map(|(_, verdict)| verdict.answer).max()
    }

    fn of(verdicts: Vec<&'v Verdict>) -> Self {
        let names: Vec<&str> = verdicts.iter().map(|verdict| verdict.region.as_str()).collect();
        let (name, differing) = differing(&names);
        Self { name, instances: differing.into_iter().zip(verdicts).collect() }
    }
}

/// The verdicts by region, in their order. Instances are of one name but for type arguments and what tells equal names
/// apart, and are opened at one place.
///
/// # Examples
/// ```
/// use qadapt_prove::{Answer, Verdict, groups};
/// # fn verdict(region: &str, answer: Answer) -> Verdict {
/// #     Verdict {
/// #         region: region.to_owned(), answer, address: 0, at: None, function: None, required: false, copies: 1, shared_by: 0,
/// #         paths: Vec::new(), gaps: Vec::new(), more_gaps: false, assumes: Vec::new(),
/// #     }
/// # }
/// let verdicts = [verdict("app::mix<f32>", Answer::Proven), verdict("app::mix<f64>", Answer::Unknown)];
/// let groups = groups(&verdicts);
/// assert_eq!((groups.len(), groups[0].name.as_str()), (1, "app::mix<_>"));
/// assert_eq!(groups[0].answer(), Some(Answer::Unknown));
/// assert_eq!(groups[0].instances[1].0, "f64");
/// ```
#[must_use]
pub fn groups(verdicts: &[Verdict]) -> Vec<Group<'_>> {
    let mut found: Vec<(String, Option<&Place>, Vec<&Verdict>)> = Vec::new();
    for verdict in verdicts {
        let (name, at) = (bare(&verdict.region), verdict.at.as_ref());
        match found.iter_mut().rev().find(|(known, place, _)| *known == name && *place == at) {
            Some((_, _, same)) => same.push(verdict),
            None => found.push((name, at, vec![verdict])),
        }
    }
    found.into_iter().map(|(_, _, same)| Group::of(same)).collect()
}

/// A name without type arguments, and without the number or place that tells it from others of its name.
fn bare(name: &str) -> String {
    let (name, _) = split_mark(name);
    let mut out = String::new();
    let mut rest = name;
    while let Some(open) = rest.find('<') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        // `<T as Trait>::f` begins with a type, which is no argument.
        let is_list = before.ends_with(|c: char| c.is_alphanumeric() || "_:}".contains(c));
        match arguments_at(from) {
            Some((_, after)) if is_list => {
                out.truncate(out.trim_end_matches("::").len());
                rest = after;
            }
            _ => {
                out.push('<');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// `name #2` and `name [main.rs:3:4]` in two.
fn split_mark(name: &str) -> (&str, &str) {
    let is_number = |rest: &str| rest.starts_with('#') && rest[1..].bytes().all(|b| b.is_ascii_digit());
    match name.rsplit_once(' ') {
        Some((before, mark)) if is_number(mark) => (before, mark),
        _ if name.ends_with(']') => match name.rfind(" [") {
            Some(at) => (&name[..at], &name[at + 1..]),
            None => (name, ""),
        },
        _ => (name, ""),
    }
}

/// What the names have in common, with `_` for arguments in which they differ, and those arguments of each.
fn differing(names: &[&str]) -> (String, Vec<String>) {
    if let [one] = names {
        return ((*one).to_owned(), vec![String::new()]);
    }
    let parts: Vec<(&str, &str)> = names.iter().map(|name| split_mark(name)).collect();
    let mark = |own: String, mark: &str| match (own.is_empty(), mark.is_empty()) {
        (_, true) => own,
        (true, false) => mark.to_owned(),
        (false, false) => format!("{own} {mark}"),
    };
    let lists: Option<Vec<_>> = parts
        .iter()
        .map(|(name, _)| {
            let (before, from) = name.split_at(name.find('<')?);
            let (list, after) = arguments_at(from)?;
            Some((before, list, after))
        })
        .collect();
    if let Some(lists) = lists
        && let Some((before, first, after)) = lists.first()
        && lists.iter().all(|(b, list, a)| b == before && a == after && list.len() == first.len())
    {
        let differs = |i: usize| lists.iter().any(|(_, list, _)| list[i] != first[i]);
        let shown: Vec<&str> =
            (0..first.len()).map(|i| if differs(i) { "_" } else { first[i].as_str() }).collect();
        let own = lists.iter().zip(&parts).map(|((_, list, _), (_, rest))| {
            let own: Vec<&str> = (0..list.len()).filter(|&i| differs(i)).map(|i| list[i].as_str()).collect();
            mark(own.join(", "), rest)
        });
        return (format!("{before}<{}>{after}", shown.join(", ")), own.collect());
    }
    if parts.iter().all(|(name, _)| *name == parts[0].0) {
        return (parts[0].0.to_owned(), parts.iter().map(|(_, rest)| (*rest).to_owned()).collect());
    }
    (bare(names[0]), names.iter().map(|name| (*name).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bare_without_arguments() {
        for (name, expected) in [
            ("app::mix<f32>", "app::mix"),
            ("app::mix::<f32>", "app::mix"),
            ("app::Filter<f32, [u8; 3]>::of", "app::Filter::of"),
            ("<app::Filter<f32> as app::Stage>::of", "<app::Filter as app::Stage>::of"),
            ("app::f<fn(u8) -> u8>::{closure#1}", "app::f::{closure#1}"),
            ("app::f<fn(u8) -> u8> #12", "app::f"),
            ("app::f<u8> [main.rs:3:4]", "app::f"),
            ("app::f (until it is closed)", "app::f (until it is closed)"),
            ("app::f<", "app::f<"),
        ] {
            assert_eq!(bare(name), expected, "{name}");
        }
    }

    #[test]
    fn instances_show_what_differs() {
        for (names, shown, own) in [
            (&["f<u8, A>", "f<u16, A>"][..], "f<_, A>", &["u8", "u16"][..]),
            (&["f<Vec<u8>, A>", "f<char, B>"], "f<_, _>", &["Vec<u8>, A", "char, B"]),
            (&["f<fn(u8) -> u8> #1", "f<fn(u8) -> u8> #2"], "f<fn(u8) -> u8>", &["#1", "#2"]),
            (&["f<u8> [a.rs:3:4]", "f<u16> #2"], "f<_>", &["u8 [a.rs:3:4]", "u16 #2"]),
            (&["f #1", "f #2"], "f", &["#1", "#2"]),
            (&["f<u8>", "f<u8, u8>"], "f", &["f<u8>", "f<u8, u8>"]),
            (&["f<u8>"], "f<u8>", &[""]),
        ] {
            assert_eq!(differing(names), (shown.to_owned(), own.iter().map(|s| (*s).to_owned()).collect()));
        }
    }
}
