//! Types as debug information spells them: their arguments, and the region that a closure or a future is named after.

/// The last type argument of `name<A, B>`.
pub(super) fn last_argument(spelled: &str) -> Option<String> {
    arguments(spelled)?.pop()
}

/// The type arguments of a closure, `path::{closure_env#0}<A, B>`.
pub(super) fn arguments_of_closure(closure: &str) -> Vec<String> {
    let own = closure.find("{closure_env#").and_then(|at| arguments(&closure[at..]));
    own.unwrap_or_default()
}

/// The type arguments of `name<A, B>`.
fn arguments(spelled: &str) -> Option<Vec<String>> {
    let (found, rest) = arguments_at(&spelled[spelled.find('<')?..])?;
    rest.is_empty().then_some(found)
}

/// The type arguments of a list that a text begins with, `<A, B>`, and what follows it.
pub(crate) fn arguments_at(spelled: &str) -> Option<(Vec<String>, &str)> {
    let inner = spelled.strip_prefix('<')?;
    let mut found = Vec::new();
    let mut depth = 0i32;
    let mut start = 0;
    let mut previous = ' ';
    for (i, c) in inner.char_indices() {
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            // Not the arrow of a function type.
            '>' if previous == '-' => {}
            '>' if depth == 0 => {
                found.push(inner[start..i].trim().to_owned());
                return Some((found, &inner[i + 1..]));
            }
            '>' | ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(inner[start..i].trim().to_owned());
                start = i + 1;
            }
            _ => {}
        }
        previous = c;
    }
    None
}

/// A region's name from the type of its closure or future: the function it stands in, if it is its first.
pub(super) fn region_name(closure: &str) -> String {
    let name = closure
        .replace("closure_env#", "closure#")
        .replace("async_block_env#", "async_block#")
        .replace("async_fn_env#", "async_fn#");
    for first in ["::{closure#0}", "::{async_fn#0}::{async_block#0}", "::{async_fn#0}"] {
        if let Some((function, arguments)) = name.rsplit_once(first)
            && !arguments.contains("::{")
        {
            return format!("{function}{arguments}");
        }
    }
    name
}

/// Whether a function is defined in Rust's own libraries: it, its type and its trait; whatever the arguments are.
pub(crate) fn is_of_std(name: &str) -> bool {
    let name = name.trim_start_matches(['&', '[', '(', '*']);
    let bare = ["mut ", "const ", "dyn "].iter().find_map(|word| name.strip_prefix(word));
    if let Some(bare) = bare {
        return is_of_std(bare);
    }
    if !name.starts_with('<') {
        let root = name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
        return ["core", "alloc", "std", "__rustc"].contains(&root) && name[root.len()..].starts_with("::");
    }
    // `<type as trait>`, or `<type>`.
    let mut depth = 0_usize;
    let mut of_trait = None;
    for (i, c) in name.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' if name[..i].ends_with('-') => {}
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ' ' if depth == 1 && name[i..].starts_with(" as ") => of_trait = Some(i),
            _ => {}
        }
        if depth == 0 {
            let end = of_trait.unwrap_or(i);
            return is_of_std(&name[1..end])
                && of_trait.is_none_or(|at| is_of_std(&name[at + " as ".len()..i]));
        }
    }
    false
}

/// Whether the guard's closure is the one that drops what is watched.
pub(super) fn is_drop(closure: &str) -> bool {
    closure.split('<').next().is_some_and(|path| path.contains("::drop::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_regions_by_their_closures() {
        for (spelled, name) in [
            ("__qadapt_region<usize, app::step::{closure_env#0}>", "app::step"),
            ("__qadapt_region<usize, app::generic::{closure_env#0}<usize>>", "app::generic<usize>"),
            ("__qadapt_region<fn(u8, u8) -> u8, app::main::{closure_env#2}>", "app::main::{closure#2}"),
            (
                "__qadapt_poll<core::pin::Pin<&mut app::main::{async_block_env#1}>>",
                "core::pin::Pin<&mut app::main::{async_block#1}>",
            ),
        ] {
            assert_eq!(last_argument(spelled).map(|t| region_name(&t)).as_deref(), Some(name), "{spelled}");
        }
        assert_eq!(last_argument("region"), None);
    }

    #[test]
    fn functions_of_std_are_known_by_type_and_trait() {
        for (name, is) in [
            ("core::ops::function::FnOnce::call_once{{vtable.shim}}", true),
            ("core::ops::function::FnOnce::call_once::<app::main::{closure#0}>", true),
            ("__rustc::__rust_no_alloc_shim_is_unstable_v2", true),
            ("<alloc::vec::Vec<app::Sample> as core::ops::drop::Drop>::drop", true),
            (
                "<<alloc::boxed::Box<dyn core::error::Error> as core::convert::From<alloc::string::String>>::from::E as core::error::Error>::provide",
                true,
            ),
            ("<&mut fn(u8) -> u8 as core::fmt::Debug>::fmt", false),
            ("<alloc::vec::Vec<u8> as app::Stage>::process", false),
            ("<app::Filter as core::ops::drop::Drop>::drop", false),
            ("<&app::Filter as core::fmt::Debug>::fmt", false),
            ("<[app::Filter] as core::fmt::Debug>::fmt", false),
            ("<dyn core::any::Any>::is", true),
            ("<alloc::vec::Vec<u8>>::push", true),
            ("corelib::f", false),
            ("core", false),
            ("main", false),
            ("<core::", false),
        ] {
            assert_eq!(is_of_std(name), is, "{name}");
        }
    }

    #[test]
    fn a_poll_is_named_by_what_is_watched() {
        let closure = "qadapt::region::guarded::{impl#0}::poll_inside::{closure_env#0}<app::Ticks, qadapt::NoAlloc, u8>";
        assert_eq!(arguments_of_closure(closure), ["app::Ticks", "qadapt::NoAlloc", "u8"]);
    }
}
