//! The attributes, and the road from their tokens to what replaces the item.

use crate::block;
use crate::expansion;
use crate::form::Form;
use crate::options::Options;
use crate::refusal::Refusal;
use crate::target;
use crate::test;
use proc_macro2::TokenStream;

/// An attribute by the name under which the user wrote it: messages repeat that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    AllocatePanic,
    NoAlloc,
    PermitAlloc,
    CountAlloc,
    Test,
}

/// What an attribute does with the body of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Opens a region that disallows.
    Protect,
    /// Sets the open regions aside.
    Permit,
    /// Counts, and disallows nothing.
    Count,
    /// Protects the body of a test, which fails where nothing is watched.
    Test,
}

impl Attribute {
    /// How the user wrote it, for messages.
    pub(crate) fn written(self) -> &'static str {
        match self {
            Self::AllocatePanic => "#[allocate_panic]",
            Self::NoAlloc => "#[no_alloc]",
            Self::PermitAlloc => "#[permit_alloc]",
            Self::CountAlloc => "#[count_alloc]",
            Self::Test => "#[qadapt::test]",
        }
    }

    /// The names of all attributes, as their paths end.
    pub(crate) const NAMES: [&'static str; 4] = ["allocate_panic", "no_alloc", "permit_alloc", "count_alloc"];

    /// The name under which the guard exports it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AllocatePanic => "allocate_panic",
            Self::NoAlloc => "no_alloc",
            Self::PermitAlloc => "permit_alloc",
            Self::CountAlloc => "count_alloc",
            Self::Test => "test",
        }
    }

    pub(crate) fn effect(self) -> Effect {
        match self {
            Self::AllocatePanic | Self::NoAlloc => Effect::Protect,
            Self::PermitAlloc => Effect::Permit,
            Self::CountAlloc => Effect::Count,
            Self::Test => Effect::Test,
        }
    }

    /// Whether it makes a region or a count, which can have a name.
    pub(crate) fn is_region(self) -> bool {
        self.effect() != Effect::Permit
    }

    /// Whether its region can have a policy.
    pub(crate) fn has_policy(self) -> bool {
        matches!(self.effect(), Effect::Protect | Effect::Test)
    }

    /// The function that runs a closure as this attribute runs a body.
    pub(crate) fn closure_form(self) -> &'static str {
        match self.effect() {
            Effect::Protect | Effect::Test => "qadapt::assert_no_alloc(|| ..)",
            Effect::Count => "qadapt::count_alloc(|| ..)",
            Effect::Permit => "qadapt::permit_alloc(|| ..)",
        }
    }

    /// Replaces `item`, or sets one error beside it and leaves it as it is.
    pub(crate) fn expand(self, options: TokenStream, item: TokenStream) -> TokenStream {
        self.try_expand(options, item.clone()).unwrap_or_else(|refusal| refusal.beside(item))
    }

    fn try_expand(self, options: TokenStream, item: TokenStream) -> Result<TokenStream, Refusal> {
        if let Some(block) = block::read(&item, self) {
            let parsed = Options::read(options.clone(), self)?;
            return block?.expand(self, &parsed, &options);
        }
        let mut function = target::read(item, self)?;
        let options = Options::read(options, self)?;
        if self == Self::Test {
            test::prepare(&mut function)?;
        }
        let form = Form::of(&function, self.effect(), &options)?;
        Ok(expansion::expand(function, &form, self.effect(), &options))
    }
}

#[cfg(test)]
mod tests {
    use super::Attribute;
    use quote::quote;

    #[test]
    fn a_refused_item_stays_as_it_was() {
        let item = quote! { #[doc = "kept"] pub struct Kept<T>(T); };
        let out = Attribute::NoAlloc.expand(quote!(), item.clone()).to_string();
        assert!(out.ends_with(&item.to_string()), "{out}");
        assert_eq!(out.matches("compile_error").count(), 1, "{out}");
    }

    #[test]
    fn bad_options_leave_the_function_bare() {
        let item = quote! { fn f(x: u8) -> u8 { x } };
        let out = Attribute::AllocatePanic.expand(quote!(nam = "x"), item.clone()).to_string();
        assert!(out.ends_with(&item.to_string()), "{out}");
        assert_eq!(out.matches("compile_error").count(), 1, "{out}");
    }
}
