//! The functions of a file, as its symbols name them.

use object::{ObjectSymbol, SymbolKind};

/// One named function of the image.
#[derive(Clone, Debug)]
pub(crate) struct Function<'a> {
    /// First address.
    pub(crate) addr: u64,
    /// Length in bytes; 0 when the file does not say.
    pub(crate) size: u64,
    /// All mangled names that stand for this address (identical functions are folded into one).
    pub(crate) names: Vec<&'a str>,
}

/// What the names of parts end in: compilers move away what is cold, LLVM's BOLT what is warm too, and clang any blocks that it is told
/// to (`-fbasic-block-sections`), those of exceptions among them.
const PARTS: [&str; 4] = [".cold", ".warm", ".__part", ".eh"];

impl Function<'_> {
    /// Whether this is no function but a part of one that the compiler has moved away: control comes by a jump, on the
    /// stack of the function that it is a part of.
    pub(crate) fn is_fragment(&self) -> bool {
        // `f.cold`, `f.cold.0`: looked for from the end, since this is asked of every function.
        let is_part = |name: &str| {
            let whole = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let whole = whole.strip_suffix('.').unwrap_or(name);
            PARTS.iter().any(|part| whole.ends_with(part))
        };
        self.names.iter().any(|name| name.starts_with("OUTLINED_FUNCTION_") || is_part(name))
    }

    /// Whether this has the name of `whole` and more, as what a compiler has made of a function.
    pub(crate) fn is_made_of(&self, whole: &Function<'_>) -> bool {
        let is_of =
            |name: &str, whole: &str| name.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'));
        whole.names.iter().any(|whole| self.names.iter().any(|name| is_of(name, whole)))
    }

    /// Whether this is a part of `whole`, by its name: `f.cold`, `f.cold.0`.
    pub(crate) fn is_fragment_of(&self, whole: &Function<'_>) -> bool {
        let is_of = |name: &str, whole: &str| {
            let rest = name.strip_prefix(whole);
            rest.is_some_and(|rest| PARTS.iter().any(|part| rest.starts_with(part)))
        };
        whole.names.iter().any(|whole| self.names.iter().any(|part| is_of(part, whole)))
    }
}

/// How much of Rust a file has, by its symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rust {
    /// Nothing.
    None,
    /// No function of a crate that allocates. Optimisation at link time may have inlined them all.
    NoAlloc,
    /// Functions that allocate, or it is not known what.
    Any,
}

/// The functions that these symbols name, by address; of an address that is no code none.
pub(super) fn read_functions<'a>(
    symbols: impl Iterator<Item = impl ObjectSymbol<'a>>,
    is_code: impl Fn(u64) -> bool,
) -> Vec<Function<'a>> {
    let mut all: Vec<(u64, u64, &'a str)> = Vec::new();
    for symbol in symbols {
        let may_be_code = matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Label | SymbolKind::Unknown);
        if !may_be_code || !symbol.is_definition() {
            continue;
        }
        let Ok(name) = symbol.name() else { continue };
        let addr = symbol.address();
        if !name.is_empty() && is_code(addr) {
            let typed = symbol.kind() == SymbolKind::Text;
            // Untyped labels inside a function (of assembly) must not cut it in two.
            if typed || symbol.size() > 0 || symbol.is_global() {
                all.push((addr, symbol.size(), name));
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    let mut functions: Vec<Function<'a>> = Vec::new();
    for (addr, size, name) in all {
        match functions.last_mut() {
            Some(last) if last.addr == addr => {
                last.size = last.size.max(size);
                if !last.names.contains(&name) {
                    last.names.push(name);
                }
            }
            _ => functions.push(Function { addr, size, names: vec![name] }),
        }
    }
    functions
}

/// Whether a symbol is mangled as only Rust does.
pub(super) fn is_of_rust(symbol: &str) -> bool {
    symbol.starts_with("_R")
        || (symbol.starts_with("_ZN") && symbol.contains("17h"))
        || symbol == "rust_begin_unwind"
}

/// Whether a symbol is of the crates that allocate, has to do with one of their types, or is one that an allocator comes with.
pub(super) fn is_of_std_or_alloc(symbol: &str) -> bool {
    // `core::alloc` is what an allocator is given and has, no request.
    let symbol = symbol.replace("4core5alloc", "");
    let shows = |parts: &[&str]| parts.iter().any(|part| symbol.contains(part));
    (is_of_rust(&symbol) && shows(&["3std", "5alloc", "std..", "alloc.."])) || shows(&SHIMS)
}

/// Parts of the names of what stands between `alloc` and the program's allocator. Where this is not optimised at link time, each
/// request calls `__rust_no_alloc_shim_is_unstable_v2`, even if the entry itself was inlined.
const SHIMS: [&str; 5] =
    ["__rust_alloc", "__rust_dealloc", "__rust_realloc", "__rust_no_alloc_shim", "__rdl_"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_names() {
        let function = |name: &'static str| Function { addr: 0x1000, size: 16, names: vec![name] };
        for name in ["f.cold", "f.cold.0", "f.warm", "f.warm.1", "OUTLINED_FUNCTION_3"] {
            assert!(function(name).is_fragment(), "{name}");
        }
        for name in ["f", "cold", "f.warmth", "f.cold.x", "f.cold0", "f.part.0"] {
            assert!(!function(name).is_fragment(), "{name}");
        }
        assert!(function("f.warm.1").is_fragment_of(&function("f")));
        assert!(!function("f.warm.1").is_fragment_of(&function("g")));
    }
}
