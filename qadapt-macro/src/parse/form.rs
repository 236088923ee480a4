//! Finds out what of a function an attribute watches.

use super::tail;
use crate::model::{Effect, Form, Function, Options, Refusal};
use syn::{ReturnType, Type, TypeParamBound};

/// Looks at the function and at the option `future`.
pub(super) fn of(function: &Function, effect: Effect, options: &Options) -> Result<Form, Refusal> {
    if function.signature.asyncness.is_some() {
        return match &options.future {
            None => Ok(Form::Async),
            Some(option) => Err(Refusal::at(
                option.span(),
                "an `async fn` is watched poll by poll in any case: remove `future`",
            )),
        };
    }
    if effect == Effect::Test {
        return Ok(Form::Call);
    }
    let output = &function.signature.output;
    if options.future.is_some() && is_future(output) {
        return Ok(Form::Returned);
    }
    match function.body.as_ref().and_then(tail::of) {
        Some(tail) if options.future.is_some() || tail.is_async_block => match tail.other_way_out {
            None => Ok(Form::Boxed(tail)),
            Some(leaving) => Err(Refusal::at(
                leaving,
                "only the future in the `Box::pin(..)` at the function's end would be watched, not what is \
                     returned here: leave in one place, or return `impl Future<Output = ..>` with the option `future`",
            )),
        },
        _ if options.future.is_some() => Err(unseen(function)),
        _ => Ok(Form::Call),
    }
}

/// Whether the function says that it returns some future.
fn is_future(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else { return false };
    let mut ty = &**ty;
    while let Type::Paren(syn::TypeParen { elem, .. }) | Type::Group(syn::TypeGroup { elem, .. }) = ty {
        ty = elem;
    }
    let Type::ImplTrait(opaque) = ty else { return false };
    opaque.bounds.iter().any(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return false };
        bound.path.segments.last().is_some_and(|last| last.ident == "Future")
    })
}

/// The error for a function whose future cannot be reached.
fn unseen(function: &Function) -> Refusal {
    const WRITE: &str = "`future` wraps the future that a function returns as `impl Future<Output = ..>`, or that \
                         it ends with in `Box::pin(..)`: write one of these, or guard the future where it is made \
                         with `policy.wrap(..)`";
    match &function.signature.output {
        ReturnType::Type(_, ty) => syn::Error::new_spanned(ty, WRITE).into(),
        ReturnType::Default => Refusal::at(function.signature.ident.span(), WRITE),
    }
}

#[cfg(test)]
mod tests {
    use super::is_future;

    #[test]
    fn a_future_is_known_by_its_bound() {
        for (output, expected) in [
            ("", false),
            ("-> u8", false),
            ("-> impl Future<Output = u8>", true),
            ("-> (impl Future<Output = u8>)", true),
            ("-> impl Send + ::core::future::Future<Output = u8> + 'a + use<'a>", true),
            ("-> impl Iterator<Item = u8>", false),
            ("-> Result<impl Future<Output = u8>, E>", false),
            ("-> Pin<Box<dyn Future<Output = u8>>>", false),
        ] {
            let parsed = syn::parse_str(output).expect("the test's text is a return type");
            assert_eq!(is_future(&parsed), expected, "{output}");
        }
    }
}
