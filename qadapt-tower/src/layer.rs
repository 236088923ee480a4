//! The layer.

use qadapt::Policy;
use tower_layer::Layer;

use crate::sampling::Sampling;
use crate::service::GuardService;

/// Puts a [`GuardService`] round a service: each response future runs under a policy.
///
/// See the crate's documentation for an example.
#[derive(Clone, Debug)]
pub struct GuardLayer<N> {
    policy: Policy,
    name: N,
    sampling: Sampling,
}

impl<N> GuardLayer<N> {
    /// Watches every request under this policy, under the name that `name` gives it. Where requests have names that
    /// are made while the server runs, let `name` look them up in a table that was made before.
    #[must_use]
    pub fn new(policy: Policy, name: N) -> Self {
        Self { policy, name, sampling: Sampling::every(1) }
    }

    /// Watches one in `n` requests, the first included; all services of this layer count together. With 0 or 1 every
    /// request is watched.
    #[must_use]
    pub fn sample(self, n: u64) -> Self {
        Self { sampling: Sampling::every(n), ..self }
    }
}

impl<S, N: Clone> Layer<S> for GuardLayer<N> {
    type Service = GuardService<S, N>;

    fn layer(&self, inner: S) -> Self::Service {
        GuardService::new(inner, self.policy, self.name.clone(), self.sampling.clone())
    }
}
