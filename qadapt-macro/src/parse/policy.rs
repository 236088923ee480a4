//! Reads the options that make a policy of a region.

use crate::model::{Allowed, PolicyOptions, Subject};
use proc_macro2::{Ident, Span, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{LitInt, LitStr, Token, parenthesized};

/// The words for the modes, and the variants that they stand for.
const MODES: [(&str, &str); 6] = [
    ("panic", "Panic"),
    ("abort", "Abort"),
    ("log", "Log"),
    ("count", "Count"),
    ("fail", "Fail"),
    ("trap", "Trap"),
];

/// The words for the operations, and the constants that they stand for.
const OPS: [(&str, &str); 5] = [
    ("alloc", "ALLOC"),
    ("zeroed", "ZEROED"),
    ("grow", "GROW"),
    ("shrink", "SHRINK"),
    ("dealloc", "DEALLOC"),
];

/// The words for classes of system calls, and the constants that they stand for.
const CALLS: [(&str, &str); 10] = [
    ("sleep", "SLEEP"),
    ("lock", "LOCK"),
    ("file", "FILE"),
    ("socket", "SOCKET"),
    ("memory", "MEMORY"),
    ("process", "PROCESS"),
    ("clock", "CLOCK"),
    ("random", "RANDOM"),
    ("yield", "YIELD"),
    ("other", "OTHER"),
];

/// The limits of a budget, by the names of their builder methods.
const LIMITS: [&str; 6] = ["allocs", "requests", "bytes", "peak_bytes", "calls", "warm_up"];
/// Those that say nothing of allocation.
const LIMITS_OF_CALLS: [&str; 2] = ["calls", "warm_up"];

/// Reads the value of `option` if it is one of these; false if it is not.
pub(crate) fn read_one(
    policy: &mut PolicyOptions,
    option: &Ident,
    input: ParseStream<'_>,
) -> syn::Result<bool> {
    match option.to_string().as_str() {
        "forbid" => flag(&mut policy.forbid, option)?,
        "defer" => flag(&mut policy.defer, option)?,
        "prove" => flag(&mut policy.prove, option)?,
        "nonblocking" => {
            first(policy.subject == Subject::Both, option)?;
            if policy.subject == Subject::Calls {
                return Err(syn::Error::new(
                    option.span(),
                    "`#[nonblocking]` is that already: remove `nonblocking`",
                ));
            }
            policy.subject = Subject::Both;
        }
        "mode" => {
            first(policy.mode.is_some(), option)?;
            policy.mode = Some(read_mode(option, input)?);
        }
        "allow" => {
            first(policy.allow.is_some(), option)?;
            policy.allow = Some(read_allowed(option, input)?);
        }
        "budget" => {
            first(policy.budget.is_some(), option)?;
            policy.budget = Some(read_budget(option, input)?);
        }
        "sample" => {
            first(policy.sample.is_some(), option)?;
            let write = "write `sample = 100` to watch one entry in 100";
            policy.sample = Some(read_number(option, input, write)?);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn flag(flag: &mut bool, option: &Ident) -> syn::Result<()> {
    first(*flag, option)?;
    *flag = true;
    Ok(())
}

/// Refuses an option's second appearance.
fn first(given: bool, option: &Ident) -> syn::Result<()> {
    if given {
        return Err(syn::Error::new(
            option.span(),
            format_args!("the option `{option}` is given twice: remove one"),
        ));
    }
    Ok(())
}

fn read_mode(option: &Ident, input: ParseStream<'_>) -> syn::Result<Ident> {
    const WRITE: &str = "write one of \"panic\", \"abort\", \"log\", \"count\", \"fail\", \"trap\"";
    if input.parse::<Option<Token![=]>>()?.is_none() || !input.peek(LitStr) {
        return Err(syn::Error::new(
            option.span(),
            format_args!("the option `mode` takes a word: `mode = \"log\"`; {WRITE}"),
        ));
    }
    let word: LitStr = input.parse()?;
    let known = MODES.iter().find(|(known, _)| *known == word.value());
    known.map(|(_, variant)| Ident::new(variant, Span::mixed_site())).ok_or_else(|| {
        syn::Error::new(word.span(), format_args!("there is no mode `{}`: {WRITE}", word.value()))
    })
}

/// Has violations panic, unless another mode is given: a test that only counts them would pass, whatever the process's mode.
pub(crate) fn fail_on_violations(policy: &mut PolicyOptions) {
    policy.mode.get_or_insert_with(|| Ident::new("Panic", Span::mixed_site()));
}

/// Refuses what is allowed in a region that is not about it.
pub(crate) fn check(policy: &PolicyOptions) -> syn::Result<()> {
    for allowed in policy.allow.iter().flatten() {
        match (allowed, policy.subject) {
            (Allowed::Calls(class), Subject::Memory) if !policy.limits_calls() => {
                return Err(syn::Error::new(
                    class.span(),
                    "the region allows every system call: remove this, or add `nonblocking`",
                ));
            }
            (Allowed::Op(op), Subject::Calls) => {
                return Err(syn::Error::new(
                    op.span(),
                    "the region allows allocation: remove this, or write `#[allocate_panic(nonblocking)]`",
                ));
            }
            _ => {}
        }
    }
    let is_of_memory = |name: &Ident| !LIMITS_OF_CALLS.iter().any(|limit| name == limit);
    let mut limits = policy.budget.iter().flatten().map(|(name, _)| name);
    match limits.find(|name| is_of_memory(name)).filter(|_| policy.subject == Subject::Calls) {
        Some(limit) => Err(syn::Error::new(
            limit.span(),
            format_args!(
                "the region allows allocation: remove `{limit}`, or write `#[allocate_panic(nonblocking, budget(..))]`"
            ),
        )),
        None => Ok(()),
    }
}

fn read_allowed(option: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Allowed>> {
    const WRITE: &str = "write some of `alloc`, `zeroed`, `grow`, `shrink`, `dealloc`; of system calls `sleep`, `lock`, `file`, \
                         `socket`, `memory`, `process`, `clock`, `random`, `yield`, `other`";
    let words = list::<Word>(option, input, "write `allow(dealloc)`")?;
    if words.is_empty() {
        return Err(syn::Error::new(option.span(), format_args!("`allow()` allows nothing: {WRITE}")));
    }
    let constant = |table: &[(&str, &'static str)], word: &Ident| {
        let known = table.iter().find(|(known, _)| word.unraw() == *known)?;
        Some(Ident::new(known.1, word.span().resolved_at(Span::mixed_site())))
    };
    words
        .into_iter()
        .map(|Word(word)| {
            let op = constant(&OPS, &word).map(Allowed::Op);
            op.or_else(|| constant(&CALLS, &word).map(Allowed::Calls)).ok_or_else(|| {
                syn::Error::new(word.span(), format_args!("there is no operation `{word}`: {WRITE}"))
            })
        })
        .collect()
}

/// A word, which may be one of the language's: `yield`.
struct Word(Ident);

impl syn::parse::Parse for Word {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.call(Ident::parse_any).map(Word)
    }
}

fn read_budget(option: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<(Ident, LitInt)>> {
    const WRITE: &str = "write some of `allocs = 2`, `requests = 2`, `bytes = 4096`, `peak_bytes = 4096`, `calls = 2`, `warm_up = 1`";
    let limits = list::<Limit>(option, input, "write `budget(requests = 2, bytes = 4096)`")?;
    if limits.is_empty() {
        return Err(syn::Error::new(option.span(), format_args!("`budget()` sets no limit: {WRITE}")));
    }
    let mut known: Vec<(Ident, LitInt)> = Vec::new();
    for Limit { name, number } in limits {
        if !LIMITS.iter().any(|limit| name == limit) {
            return Err(syn::Error::new(
                name.span(),
                format_args!("a budget has no limit `{name}`: {WRITE}"),
            ));
        }
        if known.iter().any(|(other, _)| *other == name) {
            return Err(syn::Error::new(
                name.span(),
                format_args!("the limit `{name}` is given twice: remove one"),
            ));
        }
        known.push((name, number));
    }
    match &known[..] {
        [(only, _)] if only == "warm_up" => Err(syn::Error::new(
            only.span(),
            "`warm_up` is no limit: write one beside it, such as `requests = 0`",
        )),
        _ => Ok(known),
    }
}

/// `requests = 2`.
struct Limit {
    name: Ident,
    number: LitInt,
}

impl syn::parse::Parse for Limit {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = input.parse()?;
        let number = read_number(&name, input, &format!("write `{name} = 2`"))?;
        Ok(Self { name, number })
    }
}

fn read_number(option: &Ident, input: ParseStream<'_>, write: &str) -> syn::Result<LitInt> {
    let message = format!("`{option}` takes a whole number: {write}");
    let wrong = || syn::Error::new(option.span(), &message);
    if input.parse::<Option<Token![=]>>()?.is_none() || !input.peek(LitInt) {
        return Err(wrong());
    }
    let number: LitInt = input.parse()?;
    if input.peek(Token![as]) || !(input.is_empty() || input.peek(Token![,]) || input.peek(Ident::peek_any)) {
        // `4 * 1024`: the number is the first part of an expression.
        let mut expression = number.to_token_stream();
        while !(input.is_empty() || input.peek(Token![,])) {
            expression.append(input.parse::<TokenTree>()?);
        }
        return Err(syn::Error::new_spanned(expression, &message));
    }
    let value = number.base10_parse::<u64>().map_err(|_| wrong())?;
    // The user's own suffix could be another type's.
    Ok(LitInt::new(&value.to_string(), number.span()))
}

/// What stands in the parentheses behind an option.
fn list<T: syn::parse::Parse>(option: &Ident, input: ParseStream<'_>, write: &str) -> syn::Result<Vec<T>> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(
            option.span(),
            format_args!("the option `{option}` takes a list in parentheses: {write}"),
        ));
    }
    let content;
    parenthesized!(content in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}
