//! Names of methods by their types, where all that is known is the module, or the number of an impl block in it.

use qadapt_trace::FunctionName;

/// Puts the type into the name of a region in a method, `app::{impl#0}::process`, if the symbol of the method says it.
///
/// What stands in the name of instances is kept: type arguments, and the number of a closure.
pub(crate) fn by_symbol(name: &str, symbol: Option<&str>) -> String {
    let parts =
        name.split_once("::{impl#").and_then(|(module, rest)| Some((module, rest.split_once("}::")?.1)));
    let (Some((module, rest)), Some(symbol)) = (parts, symbol) else { return name.to_owned() };
    let method = rest.split(['<', ':']).next().unwrap_or_default();
    let Some(owner) = owner(module, symbol, method) else { return name.to_owned() };
    // Arguments stand in one place.
    let bare = owner.split('<').next().filter(|bare| rest.contains('<') && !bare.ends_with("::"));
    format!("{}::{rest}", bare.unwrap_or(&owner))
}

/// Puts the type into the name of a method's note, `app::process`, if the symbol of the note says it.
pub(crate) fn of_note(name: &str, symbol: &str) -> String {
    let Some((module, method)) = name.rsplit_once("::") else { return name.to_owned() };
    // `<app::Filter>::process::{constant#0}::_::QADAPT_NOTE`.
    let path = symbol.trim_end_matches("::QADAPT_NOTE").trim_end_matches("::_");
    match owner(module, path, method) {
        Some(owner) => format!("{owner}::{method}"),
        None => name.to_owned(),
    }
}

/// What stands before the method in its name by the symbol.
fn owner(module: &str, symbol: &str, method: &str) -> Option<String> {
    let name = FunctionName::new(module, symbol).to_string();
    let (owner, _) = name.rsplit_once(&format!("::{method}"))?;
    Some(owner.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_named_by_its_type() {
        for (name, symbol, expected) in [
            ("app::{impl#0}::process", "<app::Filter>::process", "app::Filter::process"),
            ("app::{impl#0}::process", "app::Filter::process", "app::Filter::process"),
            ("app::gate::{impl#3}::process", "<app::Echo as app::Stage>::process", "app::Echo::process"),
            ("app::{impl#1}::process<u32>", "<app::Of<u32>>::process", "app::Of::process<u32>"),
            ("app::{impl#1}::of<u8>", "<app::Echo>::of::<u8>", "app::Echo::of<u8>"),
            ("app::{impl#1}::of", "<app::Filter<f32> as app::Stage>::of", "app::Filter<f32>::of"),
            ("app::{impl#1}::run::{closure#2}", "<app::Echo>::run", "app::Echo::run::{closure#2}"),
            ("app::{impl#1}::f", "<[app::Echo] as app::Stage>::f", "app::<[Echo]>::f"),
            ("app::{impl#1}::f<u8>", "<[app::Echo] as app::Stage>::f::<u8>", "app::<[Echo]>::f<u8>"),
            // Another function's symbol says nothing.
            ("app::{impl#0}::process", "app::main", "app::{impl#0}::process"),
            ("app::step", "app::step", "app::step"),
        ] {
            assert_eq!(by_symbol(name, Some(symbol)), expected, "{name} {symbol}");
        }
        assert_eq!(by_symbol("app::{impl#0}::process", None), "app::{impl#0}::process");
        assert_eq!(by_symbol("app::{impl#", Some("app::main")), "app::{impl#");
    }

    #[test]
    fn a_record_is_named_by_its_symbol() {
        for (name, symbol, expected) in [
            ("app::process", "<app::Filter>::process::{constant#0}::_::QADAPT_NOTE", "app::Filter::process"),
            ("app::process", "app::Filter::process::_::QADAPT_NOTE", "app::Filter::process"),
            ("app::process", "app::process::{constant#0}::_::QADAPT_NOTE", "app::process"),
            ("app::f", "<app::Echo as app::Stage>::f::{constant#0}::_::QADAPT_NOTE", "app::Echo::f"),
            // A name that its author gave.
            ("mix", "app::process::{constant#0}::_::QADAPT_NOTE", "mix"),
            ("a::mix", "app::process::{constant#0}::_::QADAPT_NOTE", "a::mix"),
        ] {
            assert_eq!(of_note(name, symbol), expected, "{name} {symbol}");
        }
    }
}
