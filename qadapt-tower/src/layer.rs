//! The layer.

use qadapt::Policy;
use tower_layer::Layer;

use crate::sampling::Sampling;
use crate::service::GuardService;

/// Puts a [`GuardService`] round a service: each response future runs under a policy.
///
/// See the crate's documentation for an example.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{Mode, Policy};
/// use qadapt_tower::GuardLayer;
/// # use std::{convert::Infallible, hint::black_box, pin::pin, task::{Context, Poll, Waker}};
/// # use tower_layer::Layer as _;
/// # use tower_service::Service;
/// # struct Allocates;
/// # impl Service<()> for Allocates {
/// #     type Response = ();
/// #     type Error = Infallible;
/// #     type Future = std::pin::Pin<Box<dyn Future<Output = Result<(), Infallible>>>>;
/// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> { Poll::Ready(Ok(())) }
/// #     fn call(&mut self, (): ()) -> Self::Future { Box::pin(async { Ok(drop(black_box(Box::new(1)))) }) }
/// # }
/// let layer = GuardLayer::new(Policy::new().mode(Mode::Count), |_request: &()| "index");
/// let mut service = layer.layer(Allocates); // whose response future makes a box and drops it
/// let response = service.call(());
/// # let polled = pin!(response).poll(&mut Context::from_waker(Waker::noop()));
/// # assert!(polled.is_ready());
/// // Once `response` has been awaited:
/// assert_eq!(qadapt::violations(), if qadapt::is_active() { 2 } else { 0 });
/// ```
#[derive(Clone, Debug)]
pub struct GuardLayer<N> {
    policy: Policy,
    name: N,
    sampling: Sampling,
}

impl<N> GuardLayer<N> {
    /// Watches every request under this policy, under the name that `name` gives it. Where requests have names that
    /// are made while the server runs, let `name` look them up in a table that was made before.
    ///
    /// # Examples
    /// ```
    /// use qadapt::Policy;
    /// use qadapt_tower::GuardLayer;
    ///
    /// let layer = GuardLayer::new(Policy::new(), |path: &&str| if *path == "/" { "index" } else { "other" });
    /// # fn is_layer<L: tower_layer::Layer<()>>(_: &L) {}
    /// # is_layer(&layer);
    /// ```
    #[must_use]
    pub fn new(policy: Policy, name: N) -> Self {
        Self { policy, name, sampling: Sampling::every(1) }
    }

    /// Watches one in `n` requests, the first included; all services of this layer count together. With 0 or 1 every
    /// request is watched.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use qadapt::{Mode, Policy};
    /// use qadapt_tower::GuardLayer;
    /// # use std::{convert::Infallible, hint::black_box, pin::pin, task::{Context, Poll, Waker}};
    /// # use tower_layer::Layer as _;
    /// # use tower_service::Service;
    /// # struct Allocates;
    /// # impl Service<()> for Allocates {
    /// #     type Response = ();
    /// #     type Error = Infallible;
    /// #     type Future = std::pin::Pin<Box<dyn Future<Output = Result<(), Infallible>>>>;
    /// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> { Poll::Ready(Ok(())) }
    /// #     fn call(&mut self, (): ()) -> Self::Future { Box::pin(async { Ok(drop(black_box(Box::new(1)))) }) }
    /// # }
    /// let layer = GuardLayer::new(Policy::new().mode(Mode::Count), |_request: &()| "index").sample(100);
    /// let mut service = layer.layer(Allocates); // whose response futures make a box and drop it
    /// for _ in 0..200 {
    ///     let response = service.call(());
    ///     # assert!(pin!(response).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    ///     // response.await
    /// }
    /// // Two of the 200 requests were watched.
    /// assert_eq!(qadapt::violations(), if qadapt::is_active() { 4 } else { 0 });
    /// ```
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
