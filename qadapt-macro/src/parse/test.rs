//! `#[qadapt::test]`: which other test attribute stands with it, and in which order.

use crate::model::{Function, Refusal, Test};
use syn::Attribute;
use syn::spanned::Spanned as _;

/// Finds out what makes the function a test, and refuses the orders that do not work.
pub(super) fn read(function: &Function) -> Result<Test, Refusal> {
    let other = function.attributes.iter().find(|attribute| is_test(attribute));
    match other {
        Some(other) if is_built_in(other) && function.signature.asyncness.is_none() && is_absolute(other) => {
            let message = "another test attribute came first and has made its runtime part of the body: write \
                           `#[qadapt::test]` above it";
            return Err(Refusal::at(other.span(), message));
        }
        None if function.signature.asyncness.is_some() => {
            let message = "an `async` test needs a runtime: write its test attribute below this one, for example \
                           `#[tokio::test]`";
            return Err(Refusal::at(function.signature.asyncness.span(), message));
        }
        _ => {}
    }
    let should_panic = function.attributes.iter().any(|attribute| attribute.path().is_ident("should_panic"));
    Ok(Test { is_plain: other.is_none(), should_panic })
}

/// Whether the attribute is some library's for tests, or the compiler's: by custom its name ends in `test`.
fn is_test(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "test" || last.ident == "rstest")
}

/// Whether it is the compiler's own.
fn is_built_in(attribute: &Attribute) -> bool {
    let segments = &attribute.path().segments;
    segments.len() == 1 || segments.first().is_some_and(|first| first.ident == "core" || first.ident == "std")
}

/// Whether it is written as macros write it, so that nothing of the user's can hide it.
fn is_absolute(attribute: &Attribute) -> bool {
    attribute.path().segments.len() > 1
}
