//! The functions of a file, as its symbols name them.

use object::{ObjectSymbol, SymbolKind};

use super::symbol;

/// One named function of the image.
#[derive(Clone, Debug)]
pub(crate) struct Function<'a> {
    /// First address.
    pub(crate) addr: u64,
    /// Length in bytes; 0 when the file does not say.
    pub(crate) size: u64,
    /// All mangled names that stand for this address (identical functions are folded into one).
    pub(crate) names: Vec<&'a str>,
    is_fragment: bool,
}

/// What the names of parts end in: compilers move away what is cold, LLVM's BOLT what is warm too, and clang any blocks that it is told
/// to (`-fbasic-block-sections`), those of exceptions among them.
const PARTS: [&str; 4] = [".cold", ".warm", ".__part", ".eh"];

impl<'a> Function<'a> {
    fn new(addr: u64, size: u64, name: &'a str) -> Self {
        Self { addr, size, names: vec![name], is_fragment: is_of_fragment(name) }
    }

    fn add_name(&mut self, name: &'a str) {
        self.names.push(name);
        self.is_fragment |= is_of_fragment(name);
    }

    /// Whether this is no function but a part of one that the compiler has moved away: control comes by a jump, on the
    /// stack of the function that it is a part of. Asked at each call and jump, so known from the start.
    pub(crate) fn is_fragment(&self) -> bool {
        self.is_fragment
    }

    /// Whether a compiler has made this of parts of other functions. A call of it is in no source: it has the place of what is near it.
    pub(crate) fn is_extracted(&self) -> bool {
        self.is_fragment()
            || self.names.iter().any(|name| name.contains("outlined_ir_func_") || has_suffix(name))
    }

    /// Whether this is what compilers call where a panic must not go on: out of an `extern "C"` function, or of a drop in another panic.
    pub(crate) fn is_end_of_panics(&self) -> bool {
        const OF_CORE: [&str; 2] =
            ["core::panicking::panic_cannot_unwind", "core::panicking::panic_in_cleanup"];
        let is_of_core =
            |name: &str| name.contains("9panicking") && OF_CORE.contains(&symbol::demangle(name).as_str());
        self.names.iter().any(|name| *name == "__clang_call_terminate" || is_of_core(name))
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

/// Whether a function has this name that is no whole one.
fn is_of_fragment(name: &str) -> bool {
    // `f.cold`, `f.cold.0`: looked for from the end.
    let whole = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let whole = whole.strip_suffix('.').unwrap_or(name);
    // A linker's thunk on the way to an outlined one has its name in its own.
    PARTS.iter().any(|part| whole.ends_with(part)) || name.contains("OUTLINED_FUNCTION_")
}

/// Whether more stands behind the name that a function has in a source (`f.cold.1`, `f.part.0`, `f.2.if.then`). What link-time
/// optimisation adds to the names of private functions does not count (`f.llvm.7`, and `f.13` for the second of a name): those are whole.
fn has_suffix(symbol: &str) -> bool {
    let name = symbol.split('@').next().unwrap_or(symbol);
    // Only in what is mangled as older compilers do are there dots before the end, which is a hash of 16 digits and an `E`.
    let end = name.rfind("17h").filter(|_| name.starts_with("_ZN")).map_or(0, |hash| hash + 20);
    let Some((_, suffix)) = name.get(end..).unwrap_or("").split_once('.') else { return false };
    let mut parts = suffix.split('.');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.any(|part| part != "llvm" && !is_number(part))
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
                    last.add_name(name);
                }
            }
            _ => functions.push(Function::new(addr, size, name)),
        }
    }
    functions
}

/// Whether all who say in a comment that they have had to do with a file leave functions their names which they find to be equal. GNU ld says
/// nothing, and folds nothing; gold has a note of its own. Others, such as mold, leave a name to the first alone.
pub(super) fn is_by_tools_that_name(comment: &[u8]) -> bool {
    const THESE: [&[u8]; 4] = [b"rustc version", b"clang version", b"GCC: ", b"Linker: LLD"];
    let mut all = comment.split(|&byte| byte == 0).filter(|text| !text.is_empty()).peekable();
    let is_one = |text: &[u8]| THESE.iter().any(|name| text.windows(name.len()).any(|part| part == *name));
    all.peek().is_some() && all.all(is_one)
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
        let function = |name: &'static str| Function::new(0x1000, 16, name);
        for name in ["f.cold", "f.cold.0", "f.warm", "f.warm.1", "OUTLINED_FUNCTION_3"] {
            assert!(function(name).is_fragment(), "{name}");
        }
        for name in ["f", "cold", "f.warmth", "f.cold.x", "f.cold0", "f.part.0"] {
            assert!(!function(name).is_fragment(), "{name}");
        }
        assert!(function("f.warm.1").is_fragment_of(&function("f")));
        assert!(!function("f.warm.1").is_fragment_of(&function("g")));
    }

    #[test]
    fn who_may_drop_names_is_known_by_what_signs_a_file() {
        for (comment, names) in [
            (&b"rustc version 1.95.0\0Linker: LLD 22.1.2\0GCC: (Debian 12.2.0) 12.2.0\0"[..], true),
            (b"GCC: (GNU) 9.5.0\0Debian clang version 14.0.6\0", true),
            (b"rustc version 1.95.0\0mold 1.10.1 (compatible with GNU ld)\0", false),
            (b"\0GCC: (GNU) 9.5.0\0Linker: Wild version 0.5\0", false),
            (b"\0", false),
            (b"", false),
        ] {
            assert_eq!(is_by_tools_that_name(comment), names, "{}", String::from_utf8_lossy(comment));
        }
    }

    #[test]
    fn code_that_a_compiler_took_out_of_functions_is_known_by_its_name() {
        let is_extracted = |name: &'static str| Function::new(0x1000, 16, name).is_extracted();
        for name in [
            "OUTLINED_FUNCTION_3",
            "__AArch64ADRPThunk_OUTLINED_FUNCTION_3",
            "outlined_ir_func_0",
            "f.part.0",
            "_RNvCs1_1a1f.cold.1",
            "_RNvCs1_1a1f.llvm.77.cold",
            "_ZN1a1f17h0123456789abcdefE.2.if.then",
        ] {
            assert!(is_extracted(name), "{name}");
        }
        for name in [
            "f",
            "f@@LIB_1.2",
            "_RNvCs1_1a1f",
            "_RNvCs1_1a1f.llvm.1234567890",
            "_RNvCs1_1a1f.4.llvm.77",
            "_ZN1a1f17h0123456789abcdefE.13",
            "_ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h0123456789abcdefE",
            "_ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h0123456789abcdefE.llvm.9",
        ] {
            assert!(!is_extracted(name), "{name}");
        }
    }
}
