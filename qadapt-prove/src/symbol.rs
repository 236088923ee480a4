//! Symbols as people write them, for display and for patterns. What a symbol means is told from Rust's names alone
//! (`known`): a name in C++ may say anything.

use std::fmt;

use cpp_demangle::{DemangleNodeType, DemangleOptions, DemangleWrite, ParseOptions, Symbol};

/// Bytes of a C++ name that are shown: a short symbol can stand for gigabytes.
const LONGEST: usize = 1 << 12;
/// How deep a C++ name may nest.
const DEEPEST: u32 = 96;

/// The demangled name of a symbol of Rust or C++; the symbol itself where it is of neither.
pub(crate) fn name(symbol: &str) -> String {
    match rustc_demangle::try_demangle(symbol) {
        Ok(name) => format!("{name:#}"),
        Err(_) => of_cpp(symbol).unwrap_or_else(|| symbol.to_owned()),
    }
}

fn of_cpp(symbol: &str) -> Option<String> {
    if !symbol.starts_with("_Z") {
        return None;
    }
    // `_ZN3app4stepEv.cold`: what follows the dot is the compiler's.
    let (mangled, part) = symbol.split_at(symbol.find('.').unwrap_or(symbol.len()));
    let limits = ParseOptions::default().recursion_limit(DEEPEST);
    let parsed = Symbol::new_with_options(mangled.as_bytes(), &limits).ok()?;
    let mut shown = Bounded(String::new());
    parsed.structured_demangle(&mut shown, &DemangleOptions::new().recursion_limit(DEEPEST)).ok()?;
    Some(shown.0 + part)
}

/// A text that does not grow without end.
struct Bounded(String);

impl DemangleWrite for Bounded {
    fn push_demangle_node(&mut self, _: DemangleNodeType) {}

    fn write_string(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }

    fn pop_demangle_node(&mut self) {}
}

/// A symbol of Rust as people write it, without hashes; any other as it is.
pub(crate) fn demangle(symbol: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_rust_of_cpp_or_plain() {
        for (symbol, shown) in [
            ("_ZN3app4step17h0123456789abcdefE", "app::step"),
            ("_RNvC3app4step", "app::step"),
            (
                "_ZN5audio5Mixer3mixERKSt6vectorIfSaIfEE",
                "audio::Mixer::mix(std::vector<float, std::allocator<float> > const&)",
            ),
            ("_ZN5audio4stepEi.cold", "audio::step(int).cold"),
            ("_ZN5audio", "_ZN5audio"),
            ("memcpy", "memcpy"),
        ] {
            assert_eq!(name(symbol), shown, "{symbol}");
        }
    }

    #[test]
    fn a_symbol_that_stands_for_a_long_name_is_shown_as_it_is() {
        // Each pair is of the one before it, which doubles what it stands for. Each takes two numbers, in base 36.
        let mut symbol = String::from("_Z1fSt4pairIiiE");
        for last in "02468ACEGIKMOQSUWY".split("").filter(|digit| !digit.is_empty()) {
            symbol.extend(["St4pairIS", last, "_S", last, "_E"]);
        }
        assert_eq!(name(&symbol), symbol);
    }
}
