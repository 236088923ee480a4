//! What the hot path must not use.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Macros that allocate, format or panic. What only a debug build checks is a panic too.
const FORBIDDEN_MACROS: [&str; 20] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Methods that panic, allocate or block.
const FORBIDDEN_METHODS: [&str; 11] = [
    "unwrap",
    "expect",
    "unwrap_err",
    "expect_err",
    "to_owned",
    "to_string",
    "to_vec",
    "collect",
    "lock",
    "borrow",
    "borrow_mut",
];

/// Types and modules that allocate, block, format or panic.
const FORBIDDEN_NAMES: [&str; 24] = [
    "Arc",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "Box",
    "Condvar",
    "HashMap",
    "HashSet",
    "Lazy",
    "LazyLock",
    "LinkedList",
    "Lock",
    "Mutex",
    "OnceLock",
    "Rc",
    "RefCell",
    "RwLock",
    "String",
    "Vec",
    "VecDeque",
    "fmt",
    "fs",
    "io",
    "panic_any",
];

/// What the hot path must not use and these tokens do; tests may.
pub(crate) fn forbidden(tokens: &TokenStream) -> Vec<String> {
    let trees: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        if is_test_attribute(&trees[at..]) {
            at += length_of_item(&trees[at..]);
            continue;
        }
        let is = |at: Option<usize>, wanted| {
            let tree = at.and_then(|at| trees.get(at));
            matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
        };
        let before = |wanted| is(at.checked_sub(1), wanted);
        match tree {
            TokenTree::Ident(word) => {
                let word = word.to_string();
                if is(Some(at + 1), '!') && FORBIDDEN_MACROS.contains(&word.as_str()) {
                    found.push(format!("{word}!"));
                } else if before('.') && FORBIDDEN_METHODS.contains(&word.as_str()) {
                    found.push(format!(".{word}()"));
                } else if !before('.') && FORBIDDEN_NAMES.contains(&word.as_str()) {
                    found.push(word);
                }
            }
            TokenTree::Group(group) => {
                if group.delimiter() == Delimiter::Bracket && is_value(&trees[..at]) {
                    found.push(format!("an index, [{}]", group.stream()));
                }
                // An attribute's reason is no code.
                if !before('#') {
                    found.extend(forbidden(&group.stream()));
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// True if the tokens end in what can be indexed: a name, or something in brackets.
fn is_value(before: &[TokenTree]) -> bool {
    const KEYWORDS: [&str; 12] =
        ["as", "break", "const", "dyn", "else", "for", "in", "let", "match", "mut", "return", "static"];
    match before {
        [.., TokenTree::Punct(quote), TokenTree::Ident(_)] if quote.as_char() == '\'' => false,
        [.., TokenTree::Ident(word)] => !KEYWORDS.iter().any(|keyword| word == keyword),
        [.., TokenTree::Punct(hash), TokenTree::Group(_)] if hash.as_char() == '#' => false,
        [.., TokenTree::Group(group)] => group.delimiter() != Delimiter::Brace,
        _ => false,
    }
}

/// True before `#[cfg(test)]`.
fn is_test_attribute(trees: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(group), ..] = trees else { return false };
    hash.as_char() == '#' && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// How many tokens an item has, to its body's or its own end.
fn length_of_item(trees: &[TokenTree]) -> usize {
    let is_end = |tree: &TokenTree| match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    };
    trees.iter().position(is_end).map_or(trees.len(), |last| last + 1)
}
