//! The options in an attribute's parentheses.

use super::policy;
use crate::model::{Attribute, Effect, Options, Refusal, Subject};
use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{LitStr, Path, Token};

/// Reads the tokens between the attribute's parentheses.
pub(crate) fn read(tokens: TokenStream, attribute: Attribute) -> Result<Options, Refusal> {
    let read = |input: ParseStream<'_>| {
        let mut options = Options::default();
        if attribute == Attribute::Nonblocking {
            options.policy.subject = Subject::Calls;
        }
        while !input.is_empty() {
            let alone = input.fork();
            let option = alone.call(Ident::parse_any);
            read_one(&mut options, input, attribute)?;
            if !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
                return Err(match option {
                    // What follows is no second option.
                    Ok(option) if alone.cursor() == input.cursor() && !input.peek(Ident::peek_any) => {
                        input.error(format_args!("the option `{option}` takes no value: remove it"))
                    }
                    _ => input.error("write a comma between two options"),
                });
            }
        }
        policy::check(&options.policy)?;
        if attribute.effect() == Effect::Test {
            policy::fail_on_violations(&mut options.policy);
        }
        Ok(options)
    };
    Ok(read.parse2(tokens)?)
}

fn read_one(options: &mut Options, input: ParseStream<'_>, attribute: Attribute) -> syn::Result<()> {
    if !input.peek(Ident::peek_any) {
        let accepted = accepted(attribute);
        return Err(
            input.error(format_args!("an option of `{}` is expected: {accepted}", attribute.written()))
        );
    }
    let option = input.call(Ident::parse_any)?;
    match option.to_string().as_str() {
        "name" if !attribute.is_region() => Err(syn::Error::new(
            option.span(),
            format_args!(
                "`{}` takes no name, since it opens no region of its own: remove `name`",
                attribute.written()
            ),
        )),
        "name" => once(&mut options.name, &option, || read_name(&option, input)),
        "crate" => once(&mut options.krate, &option, || read_crate(&option, input)),
        "future" if attribute.effect() != Effect::Test => {
            once(&mut options.future, &option, || Ok(option.clone()))
        }
        "prove" if attribute == Attribute::Nonblocking => Err(syn::Error::new(
            option.span(),
            "`prove` is about allocation: write `#[allocate_panic(nonblocking, prove ..)]`",
        )),
        "c" if attribute.effect() == Effect::Test => once(&mut options.c, &option, || Ok(option.clone())),
        "sample" if attribute.effect() == Effect::Test => Err(syn::Error::new(
            option.span(),
            "a test that is not watched each time proves nothing: remove `sample`",
        )),
        _ if attribute.has_policy() && policy::read_one(&mut options.policy, &option, input)? => Ok(()),
        unknown => Err(syn::Error::new(
            option.span(),
            format_args!("`{}` has no option `{unknown}`: {}", attribute.written(), accepted(attribute)),
        )),
    }
}

/// What to write, for the messages.
fn accepted(attribute: Attribute) -> &'static str {
    match attribute.effect() {
        _ if attribute == Attribute::Nonblocking => {
            "write `name = \"..\"`, `crate = path::to::qadapt`, `future`, `forbid`, `defer`, `mode = \"log\"`, \
             `allow(clock)`, `budget(calls = 2)` or `sample = 100`"
        }
        Effect::Protect => {
            "write `name = \"..\"`, `crate = path::to::qadapt`, `future`, `forbid`, `defer`, `prove`, `nonblocking`, \
             `mode = \"log\"`, `allow(dealloc)`, `budget(requests = 2, bytes = 4096)` or `sample = 100`"
        }
        Effect::Test => {
            "write `name = \"..\"`, `crate = path::to::qadapt`, `c`, `forbid`, `defer`, `nonblocking`, `mode = \"log\"`, \
             `allow(dealloc)` or `budget(requests = 2, bytes = 4096)`"
        }
        Effect::Count => "write `name = \"..\"`, `crate = path::to::qadapt` or `future`",
        Effect::Permit => "write `crate = path::to::qadapt` or `future`",
    }
}

/// Fills `slot` with what `read` reads, or refuses the option's second appearance.
fn once<T>(slot: &mut Option<T>, option: &Ident, read: impl FnOnce() -> syn::Result<T>) -> syn::Result<()> {
    if slot.is_some() {
        return Err(syn::Error::new(
            option.span(),
            format_args!("the option `{option}` is given twice: remove one"),
        ));
    }
    *slot = Some(read()?);
    Ok(())
}

fn read_name(option: &Ident, input: ParseStream<'_>) -> syn::Result<LitStr> {
    const WRITE: &str = "write `name = \"the region's name\"`";
    expect_value(option, input, WRITE)?;
    if !input.peek(LitStr) {
        return Err(input.error(format_args!("a region's name is a string literal: {WRITE}")));
    }
    let name: LitStr = input.parse()?;
    if name.value().is_empty() {
        return Err(syn::Error::new(
            name.span(),
            format_args!("an empty name tells nobody which region it is: {WRITE}, or remove the option"),
        ));
    }
    Ok(name)
}

fn read_crate(option: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    const WRITE: &str = "write `crate = path::to::qadapt`";
    expect_value(option, input, WRITE)?;
    if input.peek(LitStr) {
        return Err(input.error(format_args!("the path stands without quotes: {WRITE}")));
    }
    let wrong = input.error(format_args!("a path is expected: {WRITE}"));
    input.call(Path::parse_mod_style).map_err(|_| wrong)
}

/// Reads the `=` between an option and its value.
fn expect_value(option: &Ident, input: ParseStream<'_>, write: &str) -> syn::Result<()> {
    if input.parse::<Option<Token![=]>>()?.is_some() && !input.is_empty() {
        return Ok(());
    }
    Err(syn::Error::new(option.span(), format_args!("the option `{option}` has no value: {write}")))
}

#[cfg(test)]
mod tests {
    use crate::model::{Attribute, Options};
    use proc_macro2::TokenStream;

    fn read(attribute: Attribute, text: &str) -> Result<Options, String> {
        let tokens: TokenStream = text.parse().expect("the test's text lexes");
        super::read(tokens, attribute).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn good_options_are_kept() {
        for (text, name, krate) in [
            ("", None, ":: qadapt"),
            ("name = \"a b\"", Some("a b"), ":: qadapt"),
            ("crate = my_guard", None, "my_guard"),
            ("crate = ::a::b", None, ":: a :: b"),
            ("crate = crate::q,", None, "crate :: q"),
            ("name = r\"x\", crate = self::q", Some("x"), "self :: q"),
            ("crate = super::q, name = \"x\",", Some("x"), "super :: q"),
        ] {
            let options = read(Attribute::NoAlloc, text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(options.name.as_ref().map(syn::LitStr::value).as_deref(), name, "{text}");
            assert_eq!(options.krate().to_string(), krate, "{text}");
        }
        assert!(read(Attribute::Test, "c, forbid").unwrap().c.is_some());
        assert_eq!(read(Attribute::PermitAlloc, "crate = q").unwrap().krate().to_string(), "q");
    }

    #[test]
    fn bad_options_say_what_to_write() {
        use Attribute::{CountAlloc, NoAlloc, Nonblocking, PermitAlloc, Test};
        for (attribute, text, message) in [
            (NoAlloc, "\"x\"", "an option of `#[no_alloc]` is expected: write `name = \"..\"`, "),
            (NoAlloc, ",", "an option of `#[no_alloc]` is expected"),
            (NoAlloc, "nam = \"x\"", "`#[no_alloc]` has no option `nam`: write `name = \"..\"`, `crate ="),
            (NoAlloc, "name", "the option `name` has no value: write `name ="),
            (NoAlloc, "name =", "the option `name` has no value"),
            (NoAlloc, "name(\"x\")", "the option `name` has no value"),
            (NoAlloc, "name = 5", "a region's name is a string literal"),
            (NoAlloc, "name = b\"x\"", "a region's name is a string literal"),
            (NoAlloc, "name = \"\"", "an empty name"),
            (NoAlloc, "name = \"x\" \"y\"", "write a comma between two options"),
            (NoAlloc, "name = \"x\", name = \"y\"", "the option `name` is given twice"),
            (NoAlloc, "crate = q, crate = q", "the option `crate` is given twice"),
            (NoAlloc, "crate", "the option `crate` has no value: write `crate ="),
            (NoAlloc, "crate = \"q\"", "the path stands without quotes"),
            (NoAlloc, "crate = 5", "a path is expected"),
            (NoAlloc, "crate = q::<u8>", "a path is expected"),
            (PermitAlloc, "name = \"x\"", "`#[permit_alloc]` takes no name"),
            (PermitAlloc, "x", "`#[permit_alloc]` has no option `x`: write `crate ="),
            (PermitAlloc, "forbid", "`#[permit_alloc]` has no option `forbid`"),
            (CountAlloc, "allow(dealloc)", "`#[count_alloc]` has no option `allow`"),
            (Test, "sample = 2", "a test that is not watched each time proves nothing"),
            (Test, "x", "`#[qadapt::test]` has no option `x`"),
            (NoAlloc, "forbid = 1", "the option `forbid` takes no value: remove it"),
            (NoAlloc, "defer(true)", "the option `defer` takes no value: remove it"),
            (NoAlloc, "future defer", "write a comma between two options"),
            (NoAlloc, "future, future", "the option `future` is given twice"),
            (NoAlloc, "c", "`#[no_alloc]` has no option `c`"),
            (Test, "c, c", "the option `c` is given twice"),
            (Test, "c = 1", "the option `c` takes no value: remove it"),
            (Test, "future", "`#[qadapt::test]` has no option `future`"),
            (NoAlloc, "defer, defer", "the option `defer` is given twice"),
            (PermitAlloc, "defer", "`#[permit_alloc]` has no option `defer`"),
            (NoAlloc, "prove, prove", "the option `prove` is given twice"),
            (NoAlloc, "mode", "the option `mode` takes a word"),
            (NoAlloc, "mode = \"x\"", "there is no mode `x`: write one of"),
            (NoAlloc, "allow", "the option `allow` takes a list in parentheses"),
            (NoAlloc, "allow(x)", "there is no operation `x`: write some of"),
            (NoAlloc, "budget()", "`budget()` sets no limit"),
            (NoAlloc, "budget(requests = 1, requests = 2)", "the limit `requests` is given twice"),
            (NoAlloc, "budget(warm_up = 3)", "`warm_up` is no limit: write one beside it"),
            (NoAlloc, "budget(bytes)", "`bytes` takes a whole number"),
            (NoAlloc, "allow(sleep)", "the region allows every system call"),
            (NoAlloc, "nonblocking, nonblocking", "the option `nonblocking` is given twice"),
            (Nonblocking, "nonblocking", "`#[nonblocking]` is that already"),
            (Nonblocking, "allow(alloc)", "the region allows allocation"),
            (Nonblocking, "prove", "`prove` is about allocation"),
            (Nonblocking, "budget(calls = 1, bytes = 2)", "the region allows allocation: remove `bytes`"),
            (Nonblocking, "budget(calls)", "`calls` takes a whole number"),
            (NoAlloc, "allow(sleep), budget(bytes = 2)", "the region allows every system call"),
            (Nonblocking, "x", "`#[nonblocking]` has no option `x`: write `name = \"..\"`"),
            (PermitAlloc, "nonblocking", "`#[permit_alloc]` has no option `nonblocking`"),
            (NoAlloc, "sample = -1", "`sample` takes a whole number"),
        ] {
            let error = read(attribute, text).err().unwrap_or_else(|| panic!("{text} was accepted"));
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
