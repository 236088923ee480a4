//! A function's return type as its body needs it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::visit_mut::{VisitMut, visit_type_mut};
use syn::{ReturnType, Type, TypeInfer};

/// The type that the body must have.
pub(super) struct Output(Type);

impl Output {
    pub(super) fn of(output: &ReturnType) -> Self {
        let mut ty = match output {
            ReturnType::Default => Type::Verbatim(quote_spanned!(Span::mixed_site()=> ())),
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        InferOpaque.visit_type_mut(&mut ty);
        Self(ty)
    }

    /// A type that the body itself decides.
    pub(super) fn inferred() -> Self {
        Self(Type::Infer(TypeInfer { underscore_token: syn::Token![_](Span::mixed_site()) }))
    }

    /// The type in tokens; `_` stands where a body cannot write the type, for each `impl Trait`.
    pub(super) fn tokens(&self) -> TokenStream {
        self.0.to_token_stream()
    }

    /// Whether the function never returns.
    pub(super) fn is_never(&self) -> bool {
        fn never(ty: &Type) -> bool {
            match ty {
                Type::Never(_) => true,
                Type::Paren(inner) => never(&inner.elem),
                Type::Group(inner) => never(&inner.elem),
                _ => false,
            }
        }
        never(&self.0)
    }
}

/// Replaces each `impl Trait` by `_`.
struct InferOpaque;

impl VisitMut for InferOpaque {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::ImplTrait(opaque) = ty {
            *ty = Type::Infer(TypeInfer { underscore_token: syn::Token![_](opaque.impl_token.span) });
        } else {
            visit_type_mut(self, ty);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Output;

    #[test]
    fn opaque_types_are_left_to_inference() {
        for (written, needed, never) in [
            ("", "()", false),
            ("-> u8", "u8", false),
            ("-> !", "!", true),
            ("-> (!)", "(!)", true),
            ("-> Option<!>", "Option < ! >", false),
            ("-> impl Fn() -> u8 + use<'a>", "_", false),
            ("-> Result<impl Iterator<Item = impl Copy>, E>", "Result < _ , E >", false),
            ("-> Box<dyn Iterator<Item = impl Copy>>", "Box < dyn Iterator < Item = _ > >", false),
            ("-> &'a mut (impl Copy, u8)", "& 'a mut (_ , u8)", false),
        ] {
            let output = Output::of(&syn::parse_str(written).expect("the test's text is a return type"));
            assert_eq!(output.tokens().to_string(), needed, "{written}");
            assert_eq!(output.is_never(), never, "{written}");
        }
    }
}
