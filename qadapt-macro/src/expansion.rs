//! The function that replaces the user's: the same signature, its body in a region.
//!
//! The body is handed over as a closure, never run under a guard whose drop acts: a panic from a drop leaks the
//! value that the function returns. Tokens of this crate's own are resolved in its own context, so that no lint
//! takes them for the user's, and located at the user's body, where a message about them points best.

use crate::attribute::Effect;
use crate::form::Form;
use crate::function::Function;
use crate::options::Options;
use crate::output::Output;
use crate::parameters;
use crate::tail::Tail;
use crate::test;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::LitInt;
use syn::ext::IdentExt as _;

/// Writes `function` anew with its body under `effect`.
pub(crate) fn expand(mut function: Function, form: &Form, effect: Effect, options: &Options) -> TokenStream {
    let Some(user) = function.body.take() else {
        return TokenStream::new();
    };
    let at = Span::mixed_site().located_at(user.span());
    let signature = &mut function.signature;
    let name = signature.ident.clone();
    let region = Region { effect, options, function: &name, at };
    let mut body = |user: &Group| Body {
        bindings: parameters::rebind(signature, at),
        output: Output::of(&signature.output),
        user: user.clone(),
        at,
    };
    let call = match form {
        Form::Call => region.run(&body(&user).as_closure()),
        Form::Async => region.poll(&body(&user).as_future()),
        Form::Returned => region.guard(&region.make(&body(&user).as_closure())),
        Form::Boxed(tail) => region.pin(tail, &tail.guarded(&user, |future| region.guard(future)), body),
    };

    let call = if effect == Effect::Test {
        let first = region.test(test::should_panic(&function.attributes));
        quote!(#first #call)
    } else {
        call
    };
    if effect == Effect::Count && matches!(form, Form::Call) && callers_are_known(&function) {
        function.attributes.push(syn::parse_quote!(#[track_caller]));
    }

    let Function { attributes, visibility, defaultness, signature, inner, .. } = function;
    // The braces stay the user's: lints skip an item that ends in a macro's tokens.
    let mut braces = Group::new(Delimiter::Brace, quote!(#inner #call));
    braces.set_span(user.span());
    quote!(#(#attributes)* #visibility #defaultness #signature #braces)
}

/// Whether `#[track_caller]` may be added to the function, so that each of its call sites is counted apart.
fn callers_are_known(function: &Function) -> bool {
    let signature = &function.signature;
    let excluded = ["track_caller", "target_feature", "naked"];
    signature.abi.is_none()
        && signature.ident != "main"
        && !function
            .attributes
            .iter()
            .any(|attribute| excluded.iter().any(|name| attribute.path().is_ident(name)))
}

/// What runs in the region.
struct Body {
    /// The statements that bind the arguments.
    bindings: TokenStream,
    output: Output,
    user: Group,
    at: Span,
}

impl Body {
    /// A closure that owns the arguments and returns what the function returns.
    fn as_closure(&self) -> TokenStream {
        let Self { bindings, output, user, at } = self;
        let output = output.tokens();
        let body = if bindings.is_empty() { user.to_token_stream() } else { self.bound() };
        quote_spanned! {*at=> move || -> #output #body }
    }

    /// A future that owns the arguments and resolves to what the function returns.
    ///
    /// An `async` block cannot state its type, but its first `return` settles it. The second keeps the block from
    /// ending in a value: a lint of clippy's takes a future there for a forgotten `.await`. Neither runs, and the
    /// value that neither makes is there so that no code counts as unreachable.
    fn as_future(&self) -> TokenStream {
        let Self { bindings, output, user, at } = self;
        if output.is_never() {
            // `!` cannot be named in an expression, and needs no help.
            let body = self.bound();
            return quote_spanned! {*at=> async move #body };
        }
        let output = output.tokens();
        quote_spanned! {*at=>
            async move {
                if let ::core::option::Option::Some(never) = ::core::option::Option::<#output>::None {
                    return never;
                }
                #bindings
                return match true {
                    true => #user
                    _ => loop {
                        if let ::core::option::Option::Some(never) = ::core::option::Option::None {
                            break never;
                        }
                    },
                };
            }
        }
    }

    /// The user's block after the bindings, as the arm of a match: a lint takes the braces of a block that ends a
    /// block for idle ones. Temporaries of its last expression go before the bindings do, as they go before the
    /// arguments of a function.
    fn bound(&self) -> TokenStream {
        let Self { bindings, user, at, .. } = self;
        quote_spanned! {*at=> { #bindings match () { () => #user } } }
    }
}

/// The call that runs a body.
struct Region<'a> {
    effect: Effect,
    options: &'a Options,
    function: &'a Ident,
    at: Span,
}

impl Region<'_> {
    fn run(&self, closure: &TokenStream) -> TokenStream {
        let place = self.place(self.record().as_ref());
        match self.effect {
            Effect::Protect | Effect::Test => match self.policy() {
                None => self.call("no_alloc", &quote!(#place, #closure)),
                Some(policy) if self.options.policy().must_be_proven() => {
                    self.call("run_required", &quote!(#policy, #place, #closure))
                }
                Some(policy) => self.call("run_policy", &quote!(#policy, #place, #closure)),
            },
            Effect::Permit => self.call("permit_alloc", closure),
            Effect::Count => self.call("count_calls", &quote!(#place, #closure)),
        }
    }

    fn poll(&self, future: &TokenStream) -> TokenStream {
        let guarded = self.guard(future);
        quote_spanned! {self.at=> #guarded.await }
    }

    /// A future that is watched poll by poll.
    fn guard(&self, future: &TokenStream) -> TokenStream {
        let place = self.place(self.record().as_ref());
        match self.effect {
            Effect::Protect | Effect::Test => match self.policy() {
                None => self.call("guard_future", &quote!(#place, #future)),
                Some(policy) => self.call("policy_future", &quote!(#policy, #place, #future)),
            },
            Effect::Permit => self.call("permit_future", future),
            Effect::Count => self.call("count_future", &quote!(#place, #future)),
        }
    }

    /// The future that a function returns. Making it is permitted too, but neither protected nor counted.
    fn make(&self, closure: &TokenStream) -> TokenStream {
        match self.effect {
            Effect::Permit => self.run(closure),
            // Not called here: only by its argument's bound does the compiler know that it is called once.
            _ => self.call("made", closure),
        }
    }

    /// The body of a function that puts its future in a box at its end, `user` being the one with the future guarded.
    ///
    /// Without other statements it stays a body that ends so, for the next attribute.
    fn pin(&self, tail: &Tail, user: &Group, mut body: impl FnMut(&Group) -> Body) -> TokenStream {
        match self.effect {
            Effect::Permit => self.run(&body(user).as_closure()),
            _ if tail.has_statements => {
                let output = Output::inferred();
                self.call("pinned", &Body { output, ..body(user) }.as_closure())
            }
            _ => user.stream(),
        }
    }

    /// A call of one of the guard's functions. A panic of it is located at the attribute: with the span of the function's
    /// name, lints would take the call for the user's own.
    fn call(&self, function: &str, arguments: &TokenStream) -> TokenStream {
        let krate = self.options.krate();
        let function = Ident::new(function, self.at);
        quote_spanned! {self.at=> (#krate::__private::#function)(#arguments) }
    }

    /// The region's policy, as a reference to a constant; none where a plain region does.
    fn policy(&self) -> Option<TokenStream> {
        let policy = self.options.policy().tokens(&self.options.krate(), self.at)?;
        Some(quote_spanned! {self.at=> const { &#policy } })
    }

    /// What a test does first: where nothing is watched it fails.
    fn test(&self, should_panic: bool) -> TokenStream {
        let krate = self.options.krate();
        let place = self.place(None);
        let leave = if should_panic { quote_spanned!(self.at=> return;) } else { TokenStream::new() };
        quote_spanned! {self.at=> if !(#krate::__private::test)(#place, #should_panic) { #leave } }
    }

    /// The region's name and place, known at compile time. The place is where the call is written, so the call
    /// carries the span of the function's name.
    fn place(&self, record: Option<&TokenStream>) -> TokenStream {
        let krate = self.options.krate();
        let name = self.options.name().map_or_else(|| self.path(), ToTokens::to_token_stream);
        let here = self.function.span();
        let mut arguments = Group::new(Delimiter::Parenthesis, name);
        arguments.set_span(here);
        let (open, close) = (quote_spanned!(here=> <), quote_spanned!(here=> >::named));
        quote_spanned! {self.at=> const { #record #open #krate::__private::Place #close #arguments } }
    }

    /// What leaves a record of a protected region for the prover, in a build that wants one.
    fn record(&self) -> Option<TokenStream> {
        if !matches!(self.effect, Effect::Protect | Effect::Test) {
            return None;
        }
        let krate = self.options.krate();
        let name = self.options.name().map_or_else(|| self.path(), ToTokens::to_token_stream);
        let required = LitInt::new(if self.options.policy().must_be_proven() { "1" } else { "0" }, self.at);
        Some(quote_spanned! {self.at=> #krate::__private::record!(#required, #name); })
    }

    /// The name of a region that the user gave none.
    fn path(&self) -> TokenStream {
        let function = self.function.unraw().to_string();
        if let Some(owner) = self.options.owner() {
            return quote_spanned! {self.at=> ::core::concat!(::core::module_path!(), "::", #owner, "::", #function) };
        }
        quote_spanned! {self.at=> ::core::concat!(::core::module_path!(), "::", #function) }
    }
}

#[cfg(test)]
mod tests {
    use crate::attribute::Attribute::{self, NoAlloc, PermitAlloc};
    use proc_macro2::TokenStream;

    /// Compares token by token; nothing else may be added to the function.
    fn check(attribute: Attribute, options: &str, function: &str, expected: &str) {
        let tokens = |text: &str| text.parse::<TokenStream>().expect("the test's text lexes");
        let made = attribute.expand(tokens(options), tokens(function));
        // Where spaces stand depends on whether the tokens were read or made.
        let plain = |tokens: TokenStream| tokens.to_string().replace(' ', "");
        assert_eq!(plain(made), plain(tokens(expected)));
    }

    #[test]
    fn a_function_becomes_one_call() {
        check(
            NoAlloc,
            "",
            "fn f() -> u8 { 5 }",
            r#"fn f() -> u8 {
                (::qadapt::__private::no_alloc)(
                    const {
                        ::qadapt::__private::record!(0, ::core::concat!(::core::module_path!(), "::", "f"));
                        <::qadapt::__private::Place>::named(::core::concat!(::core::module_path!(), "::", "f"))
                    },
                    move || -> u8 { 5 }
                )
            }"#,
        );
        check(
            NoAlloc,
            "crate = a::b, name = \"n\"",
            "#[x] pub(super) unsafe extern \"C\" fn r#fn<T>(_: T, mut x: u8) where T: Copy { #![y] z; }",
            r#"#[x] pub(super) unsafe extern "C" fn r#fn<T>(arg_1: T, x: u8) where T: Copy {
                #![y]
                (a::b::__private::no_alloc)(
                    const { a::b::__private::record!(0, "n"); <a::b::__private::Place>::named("n") },
                    move || -> () { let _arg_1 = arg_1; let mut x = x; match () { () => { z; } } }
                )
            }"#,
        );
        check(
            PermitAlloc,
            "",
            "default fn f(&mut self) -> impl Copy {}",
            "default fn f(&mut self) -> impl Copy {
                (::qadapt::__private::permit_alloc)(
                    move || -> _ { let _ = &self; match () { () => {} } }
                )
            }",
        );
    }

    #[test]
    fn an_async_function_awaits_one_future() {
        check(
            NoAlloc,
            "name = \"n\"",
            "async fn f(x: u8) -> R<impl T> { x.await? }",
            r#"async fn f(x: u8) -> R<impl T> {
                (::qadapt::__private::guard_future)(
                    const { ::qadapt::__private::record!(0, "n"); <::qadapt::__private::Place>::named("n") },
                    async move {
                        if let ::core::option::Option::Some(never) = ::core::option::Option::<R<_> >::None {
                            return never;
                        }
                        let x = x;
                        return match true {
                            true => { x.await? }
                            _ => loop {
                                if let ::core::option::Option::Some(never) = ::core::option::Option::None {
                                    break never;
                                }
                            },
                        };
                    }
                ).await
            }"#,
        );
        check(
            PermitAlloc,
            "",
            "async fn f() -> ! { loop {} }",
            "async fn f() -> ! {
                (::qadapt::__private::permit_future)(
                    async move { match () { () => { loop {} } } }
                ).await
            }",
        );
    }

    #[test]
    fn a_returned_future_is_wrapped() {
        check(
            NoAlloc,
            "future, name = \"n\"",
            "fn f(x: u8) -> impl Future<Output = u8> { ready(x) }",
            r#"fn f(x: u8) -> impl Future<Output = u8> {
                (::qadapt::__private::guard_future)(
                    const { ::qadapt::__private::record!(0, "n"); <::qadapt::__private::Place>::named("n") },
                    (::qadapt::__private::made)(move || -> _ { let x = x; match () { () => { ready(x) } } })
                )
            }"#,
        );
        check(
            PermitAlloc,
            "future",
            "fn f() -> impl Future<Output = u8> { ready(5) }",
            "fn f() -> impl Future<Output = u8> {
                (::qadapt::__private::permit_future)(
                    (::qadapt::__private::permit_alloc)(move || -> _ { ready(5) })
                )
            }",
        );
    }

    #[test]
    fn a_future_is_wrapped_inside_its_box() {
        check(
            NoAlloc,
            "name = \"n\"",
            "fn f(mut x: u8) -> P { Box::pin(async move { x }) }",
            r#"fn f(mut x: u8) -> P {
                Box::pin((::qadapt::__private::guard_future)(
                    const { ::qadapt::__private::record!(0, "n"); <::qadapt::__private::Place>::named("n") },
                    async move { x }
                ))
            }"#,
        );
        check(
            NoAlloc,
            "name = \"n\", future",
            "fn f() -> P { let x = 5; Box::pin(ready(x)) }",
            r#"fn f() -> P {
                (::qadapt::__private::pinned)(move || -> _ {
                    let x = 5;
                    Box::pin((::qadapt::__private::guard_future)(
                        const { ::qadapt::__private::record!(0, "n"); <::qadapt::__private::Place>::named("n") },
                        ready(x)
                    ))
                })
            }"#,
        );
        check(
            PermitAlloc,
            "",
            "fn f() -> P { Box::pin(async {}) }",
            "fn f() -> P {
                (::qadapt::__private::permit_alloc)(
                    move || -> P { Box::pin((::qadapt::__private::permit_future)(async {})) }
                )
            }",
        );
    }
}
