//! `#[qadapt::test]`: what makes the function a test.

use super::order;
use crate::model::{Function, Refusal, Test};
use syn::spanned::Spanned as _;

/// Finds out what makes the function a test, and refuses what cannot be one.
pub(super) fn read(function: &Function) -> Result<Test, Refusal> {
    let signature = &function.signature;
    let is_plain = !function.attributes.iter().any(order::is_test);
    if is_plain {
        if signature.asyncness.is_some() {
            let message = "an `async` test needs a runtime: write its test attribute below this one, for example \
                           `#[tokio::test]`";
            return Err(Refusal::at(signature.asyncness.span(), message));
        }
        if !signature.inputs.is_empty() {
            let message = "a test takes no arguments: write the attribute that supplies them below this one, for \
                           example `#[test_case(..)]`";
            return Err(Refusal::at(signature.inputs.span(), message));
        }
        order::check_no_test_above()?;
    }
    let should_panic = function.attributes.iter().any(|attribute| attribute.path().is_ident("should_panic"));
    Ok(Test { is_plain, should_panic })
}
