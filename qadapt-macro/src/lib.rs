//! x

mod attribute;
mod conditional;
mod expansion;
mod function;
mod options;
mod output;
mod parameters;
mod refusal;
mod target;

use attribute::Attribute;
use proc_macro::TokenStream;

/// x
#[proc_macro_attribute]
pub fn allocate_panic(options: TokenStream, item: TokenStream) -> TokenStream {
    Attribute::AllocatePanic.expand(options.into(), item.into()).into()
}

/// x
#[proc_macro_attribute]
pub fn no_alloc(options: TokenStream, item: TokenStream) -> TokenStream {
    Attribute::NoAlloc.expand(options.into(), item.into()).into()
}

/// x
#[proc_macro_attribute]
pub fn permit_alloc(options: TokenStream, item: TokenStream) -> TokenStream {
    Attribute::PermitAlloc.expand(options.into(), item.into()).into()
}
