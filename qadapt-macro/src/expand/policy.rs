//! A region's policy as tokens.

use crate::model::{Allowed, PolicyOptions, Subject};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

/// The policy, as an expression for a constant; none where a plain region does.
pub(super) fn tokens(options: &PolicyOptions, krate: &TokenStream, at: Span) -> Option<TokenStream> {
    let PolicyOptions { forbid, defer, prove, subject, mode, allow, budget, sample } = options;
    let is_plain = mode.is_none() && allow.is_none() && budget.is_none() && sample.is_none();
    if is_plain && !forbid && !defer && !prove && *subject != Subject::Both {
        return None;
    }
    let mut policy = match subject {
        Subject::Memory => quote_spanned! {at=> #krate::Policy::new() },
        Subject::Calls => quote_spanned! {at=> #krate::Policy::no_blocking() },
        Subject::Both => quote_spanned! {at=> #krate::Policy::no_blocking().disallow(#krate::Ops::ALL) },
    };
    if *forbid {
        policy.extend(quote_spanned!(at=> .forbid()));
    }
    if *defer {
        policy.extend(quote_spanned!(at=> .defer()));
    }
    if let Some(mode) = mode {
        policy.extend(quote_spanned!(at=> .mode(#krate::Mode::#mode)));
    }
    for allowed in allow.iter().flatten() {
        policy.extend(match allowed {
            Allowed::Op(op) => quote_spanned!(at=> .allow(#krate::Ops::#op)),
            Allowed::Calls(class) => quote_spanned!(at=> .allow_calls(#krate::Calls::#class)),
        });
    }
    if let Some(budget) = budget {
        let limits: TokenStream = budget.iter().map(|(limit, number)| quote!(.#limit(#number))).collect();
        policy.extend(quote_spanned!(at=> .budget(#krate::Budget::new() #limits)));
    }
    if let Some(n) = sample {
        policy.extend(quote_spanned!(at=> .sample(#n)));
    }
    Some(policy)
}
