//! A [tower] layer that guards each request: its response future runs under a [`Policy`](qadapt::Policy), poll by poll,
//! under the name of its route.
//!
//! ```
//! use qadapt::{Budget, Policy, QADAPT};
//! use qadapt_tower::GuardLayer;
//! # use std::{convert::Infallible, future::{Ready, ready}, task::{Context, Poll}};
//! # use tower_layer::Layer as _;
//! # use tower_service::Service;
//!
//! #[global_allocator]
//! static ALLOC: QADAPT = QADAPT;
//!
//! struct Request {
//!     path: &'static str,
//! }
//!
//! fn route(request: &Request) -> &'static str {
//!     match request.path {
//!         "/" => "index",
//!         _ => "unknown route",
//!     }
//! }
//!
//! // A request may allocate 20 times; one in a hundred is watched.
//! const HANDLER: Policy = Policy::new().budget(Budget::new().requests(20));
//! let layer = GuardLayer::new(HANDLER, route).sample(100);
//! # struct Hello;
//! # impl Service<Request> for Hello {
//! #     type Response = usize;
//! #     type Error = Infallible;
//! #     type Future = Ready<Result<usize, Infallible>>;
//! #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
//! #         Poll::Ready(Ok(()))
//! #     }
//! #     fn call(&mut self, request: Request) -> Self::Future {
//! #         ready(Ok(request.path.len()))
//! #     }
//! # }
//! let mut service = layer.layer(Hello);
//! let response = service.call(Request { path: "/" });
//! # let mut response = std::pin::pin!(response);
//! # let polled = std::future::Future::poll(response.as_mut(), &mut Context::from_waker(std::task::Waker::noop()));
//! # assert_eq!(polled, Poll::Ready(Ok(1)));
//! ```
//!
//! What counts is what happens inside the polls of the response future: not the inner service's `poll_ready` and
//! `call`, not the response's body, which is polled later. [`Policy::wrap`](qadapt::Policy::wrap) says what a violation
//! does to the poll. In a build without checks the layer changes nothing, but
//! for what a policy [defers](qadapt::Policy::defer).
//!
//! [tower]: https://docs.rs/tower

pub use layer::GuardLayer;
pub use service::GuardService;

mod layer;
mod sampling;
mod service;
