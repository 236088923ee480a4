//! The service that the layer makes.

use std::task::{Context, Poll};

use qadapt::{Guarded, Policed, Policy};
use tower_service::Service;

use crate::sampling::Sampling;

/// A service whose response futures are watched: see [`GuardLayer`](crate::GuardLayer).
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::Policy;
/// use qadapt_tower::{GuardLayer, GuardService};
/// # use std::{convert::Infallible, future::{Ready, ready}, pin::pin, task::{Context, Poll, Waker}};
/// # use tower_layer::Layer as _;
/// # use tower_service::Service;
/// # #[derive(Clone, Copy)]
/// # struct Double;
/// # impl Service<u32> for Double {
/// #     type Response = u32;
/// #     type Error = Infallible;
/// #     type Future = Ready<Result<u32, Infallible>>;
/// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> { Poll::Ready(Ok(())) }
/// #     fn call(&mut self, number: u32) -> Self::Future { ready(Ok(2 * number)) }
/// # }
/// let layer = GuardLayer::new(Policy::new(), |_number: &u32| "double");
/// let mut service: GuardService<Double, _> = layer.layer(Double);
/// let response = service.call(21);
/// # let polled = pin!(response).poll(&mut Context::from_waker(Waker::noop()));
/// // response.await
/// # let Poll::Ready(answer) = polled else { unreachable!() };
/// assert_eq!(answer, Ok(42));
/// ```
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
