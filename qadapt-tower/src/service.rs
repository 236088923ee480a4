//! The service that the layer makes.

use std::task::{Context, Poll};

use qadapt::{Guarded, Policed, Policy};
use tower_service::Service;

use crate::sampling::Sampling;

/// A service whose response futures are watched: see [`GuardLayer`](crate::GuardLayer).
#[derive(Clone, Debug)]
pub struct GuardService<S, N> {
    inner: S,
    policy: Policy,
    name: N,
    sampling: Sampling,
}

impl<S, N> GuardService<S, N> {
    pub(crate) const fn new(inner: S, policy: Policy, name: N, sampling: Sampling) -> Self {
        Self { inner, policy, name, sampling }
    }
}

impl<S, N, R> Service<R> for GuardService<S, N>
where
    S: Service<R>,
    N: Fn(&R) -> &'static str,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Guarded<S::Future, Policed>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let policy = if self.sampling.picks() {
            self.policy.name((self.name)(&request))
        } else {
            self.policy.left_out()
        };
        policy.wrap(self.inner.call(request))
    }
}
