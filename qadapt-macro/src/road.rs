//! The road from an attribute's tokens to what replaces its item.

use crate::model::{Attribute, Refusal};
use crate::{expand, parse};
use proc_macro2::TokenStream;

/// Replaces `item`, or sets one error beside it and leaves it as it is.
pub(crate) fn take(attribute: Attribute, options: TokenStream, item: TokenStream) -> TokenStream {
    match parse::item(attribute, options, item.clone()) {
        Ok(read) => expand::item(read),
        Err(refusal) => Refusal::beside(refusal, item),
    }
}

#[cfg(test)]
mod tests {
    use super::take;
    use crate::model::Attribute::{self, NoAlloc, PermitAlloc};
    use proc_macro2::TokenStream;
    use quote::quote;

    #[test]
    fn a_refused_item_stays_as_it_was() {
        let item = quote! { #[doc = "kept"] pub struct Kept<T>(T); };
        let out = take(Attribute::NoAlloc, quote!(), item.clone()).to_string();
        assert!(out.ends_with(&item.to_string()), "{out}");
        assert_eq!(out.matches("compile_error").count(), 1, "{out}");
    }

    #[test]
    fn bad_options_leave_the_function_bare() {
        let item = quote! { fn f(x: u8) -> u8 { x } };
        let out = take(Attribute::AllocatePanic, quote!(nam = "x"), item.clone()).to_string();
        assert!(out.ends_with(&item.to_string()), "{out}");
        assert_eq!(out.matches("compile_error").count(), 1, "{out}");
    }

    /// Compares token by token; nothing else may be added to the function.
    fn check(attribute: Attribute, options: &str, function: &str, expected: &str) {
        let tokens = |text: &str| text.parse::<TokenStream>().expect("the test's text lexes");
        let made = take(attribute, tokens(options), tokens(function));
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
            "fn f() -> u8 {
                (::qadapt::__private::no_alloc)(
                    const {
                        ::qadapt::__private::note!(0, ::core::concat!(::core::module_path!(), \"::\", \"f\"));
                        struct QadaptFunction;
                        impl ::qadapt::__private::Function for QadaptFunction {
                            const MODULE: &'static ::core::primitive::str = ::core::module_path!();
                        }
                        <::qadapt::__private::Place>::of(&QadaptFunction)
                    },
                    move || -> u8 { 5 }
                )
            }",
        );
        check(
            NoAlloc,
            "crate = a::b, name = \"n\"",
            "#[x] pub(super) unsafe extern \"C\" fn r#fn<T>(_: T, mut x: u8) where T: Copy { #![y] z; }",
            r#"#[x] pub(super) unsafe extern "C" fn r#fn<T>(arg_1: T, x: u8) where T: Copy {
                #![y]
                (a::b::__private::no_alloc)(
                    const { a::b::__private::note!(0, "n"); <a::b::__private::Place>::named("n") },
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
                    const { ::qadapt::__private::note!(0, "n"); <::qadapt::__private::Place>::named("n") },
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
                    const { ::qadapt::__private::note!(0, "n"); <::qadapt::__private::Place>::named("n") },
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
                    const { ::qadapt::__private::note!(0, "n"); <::qadapt::__private::Place>::named("n") },
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
                        const { ::qadapt::__private::note!(0, "n"); <::qadapt::__private::Place>::named("n") },
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
