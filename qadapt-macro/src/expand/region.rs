//! The call that runs a body in a region.

use super::body::Body;
use super::output::Output;
use super::{note, place, policy};
use crate::model::{Effect, Options, Subject, Tail};
use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// The call that runs a body.
pub(super) struct Region<'a> {
    pub(super) effect: Effect,
    pub(super) options: &'a Options,
    pub(super) function: &'a Ident,
    pub(super) at: Span,
}

impl Region<'_> {
    pub(super) fn run(&self, closure: &TokenStream) -> TokenStream {
        let place = self.noted_place(true);
        match self.effect {
            Effect::Protect | Effect::Test => match self.policy() {
                None => self.call(self.plain("no_alloc", "no_blocking"), &quote!(#place, #closure)),
                Some(policy) if self.options.policy.prove => {
                    self.call("run_required", &quote!(#policy, #place, #closure))
                }
                Some(policy) => self.call("run_policy", &quote!(#policy, #place, #closure)),
            },
            Effect::Permit => self.call("permit_alloc", closure),
            Effect::Count => self.call("count_calls", &quote!(#place, #closure)),
        }
    }

    pub(super) fn poll(&self, future: &TokenStream) -> TokenStream {
        let guarded = self.guard(future);
        quote_spanned! {self.at=> #guarded.await }
    }

    /// A future that is watched poll by poll.
    pub(super) fn guard(&self, future: &TokenStream) -> TokenStream {
        // Polls that may allocate have no label.
        let place = self.noted_place(self.options.policy.subject != Subject::Calls);
        match self.effect {
            Effect::Protect | Effect::Test => match self.policy() {
                None => self.call(self.plain("guard_future", "no_blocking_future"), &quote!(#place, #future)),
                Some(policy) => self.call("policy_future", &quote!(#policy, #place, #future)),
            },
            Effect::Permit => self.call("permit_future", future),
            Effect::Count => self.call("count_future", &quote!(#place, #future)),
        }
    }

    /// The future that a function returns. Making it is permitted too, but neither protected nor counted.
    pub(super) fn make(&self, closure: &TokenStream) -> TokenStream {
        match self.effect {
            Effect::Permit => self.run(closure),
            // Not called here: only by its argument's bound does the compiler know that it is called once.
            _ => self.call("made", closure),
        }
    }

    /// The body of a function that puts its future in a box at its end, `user` being the one with the future guarded.
    ///
    /// Without other statements it stays a body that ends so, for the next attribute.
    pub(super) fn pin(&self, tail: &Tail, user: &Group, mut body: impl FnMut(&Group) -> Body) -> TokenStream {
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

    /// One of two functions, for a region without a policy: that for memory, or that for system calls.
    fn plain<'a>(&self, memory: &'a str, calls: &'a str) -> &'a str {
        if self.options.policy.subject == Subject::Calls { calls } else { memory }
    }

    /// The region's policy, as a reference to a constant; none where a plain region does.
    fn policy(&self) -> Option<TokenStream> {
        let policy = policy::tokens(&self.options.policy, &self.options.krate(), self.at)?;
        Some(quote_spanned! {self.at=> const { &#policy } })
    }

    /// What a test does first: where nothing is watched it fails.
    pub(super) fn test(&self, should_panic: bool) -> TokenStream {
        let krate = self.options.krate();
        let place = place::tokens(self.options, self.function, self.at, None);
        let leave = if should_panic { quote_spanned!(self.at=> return;) } else { TokenStream::new() };
        let waits = self.options.policy.subject != Subject::Memory || self.options.policy.limits_calls();
        let with_c = self.options.c.is_some();
        quote_spanned! {self.at=> if !(#krate::__private::test)(#place, #waits, #with_c, #should_panic) { #leave } }
    }

    /// The place of the region, with a note of it for the prover if it is protected and has a label.
    fn noted_place(&self, has_label: bool) -> TokenStream {
        let is_protected = matches!(self.effect, Effect::Protect | Effect::Test);
        let note = (is_protected && has_label).then(|| note::tokens(self.options, self.function, self.at));
        place::tokens(self.options, self.function, self.at, note.as_ref())
    }
}
