//! Names of functions that the linker or the optimiser has folded into one, beside the names of their regions.

use super::spelled::{arguments_at, is_of_std};

/// How many functions with a region's code are listed for nothing.
pub(crate) fn unlisted(functions: &[String], region: &str) -> usize {
    let one = within(functions, region).map(|(function, _)| function).or(functions.first());
    functions.iter().filter(|other| Some(*other) != one && is_of_std(other)).count()
}

/// The function that a region is named after, and what its name says besides.
pub(crate) fn within<'a>(functions: &'a [String], region: &'a str) -> Option<(&'a String, &'a str)> {
    let named = functions.iter().filter_map(|function| Some((function, in_function(region, function)?)));
    named.max_by_key(|(function, _)| function.len())
}

/// A function's path without the arguments of its generics (`::<..>`); those of a trait tell implementations apart, and stay.
pub(crate) fn without_arguments(path: &str) -> String {
    let mut found = String::new();
    let mut rest = path;
    while let Some((before, _)) = rest.split_once("::<") {
        found.push_str(before);
        rest = arguments_at(&rest[before.len() + "::".len()..]).map_or("", |(_, after)| after);
    }
    found + rest
}

/// What a region's name says besides the function that it stands in: nothing for the first closure in it.
pub(crate) fn in_function<'a>(region: &'a str, function: &str) -> Option<&'a str> {
    let rest = region.strip_prefix(function)?;
    match rest {
        "" | "::{closure}" => Some(""),
        _ => (rest.starts_with("::{") || rest.starts_with(" (")).then_some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_of_one_function_are_known() {
        for (path, plain) in [
            ("app::push", "app::push"),
            ("app::push::<u8>", "app::push"),
            ("app::push::<alloc::vec::Vec<u8>>::{closure#0}", "app::push::{closure#0}"),
            ("app::call::<fn(u8) -> u8>::inner::<u8>", "app::call::inner"),
            ("<app::A as app::Push<u8>>::push", "<app::A as app::Push<u8>>::push"),
            ("app::push::<u8", "app::push"),
        ] {
            assert_eq!(without_arguments(path), plain);
        }
    }

    #[test]
    fn a_region_is_of_its_function() {
        for (region, rest) in [
            ("app::step", Some("")),
            ("app::step::{closure}", Some("")),
            ("app::step::{closure#1}", Some("::{closure#1}")),
            ("app::step (until it is closed)", Some(" (until it is closed)")),
            ("app::steps", None),
            ("app::step::inner", None),
        ] {
            assert_eq!(in_function(region, "app::step"), rest, "{region}");
        }
    }
}
