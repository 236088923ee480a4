//! The layer round a service that allocates for some of its requests.

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use qadapt::{Mode, Policy, QADAPT, is_active, protection_level, violations};
use qadapt_tower::GuardLayer;
use tower_layer::Layer as _;
use tower_service::Service;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// How often to allocate.
struct Request(usize);

/// Answers with the levels before and after it allocates as often as it is asked to.
#[derive(Clone)]
struct Allocates;

impl Service<Request> for Allocates {
    type Response = [usize; 2];
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<[usize; 2], Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, Request(times): Request) -> Self::Future {
        Box::pin(async move {
            let before = protection_level();
            for _ in 0..times {
                drop(black_box(Box::new(black_box(5_u64))));
            }
            Ok([before, protection_level()])
        })
    }
}

fn route(request: &Request) -> &'static str {
    if request.0 == 0 { "quiet" } else { "loud" }
}

fn answer(
    service: &mut impl Service<Request, Response = [usize; 2], Error = Infallible>,
    times: usize,
) -> [usize; 2] {
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_ready());
    let mut future = std::pin::pin!(service.call(Request(times)));
    match future.as_mut().poll(&mut context) {
        Poll::Ready(Ok(levels)) => levels,
        other => panic!("it answers at once: {}", other.is_pending()),
    }
}

#[test]
fn a_request_that_violates_panics_under_its_route() {
    let mut service = GuardLayer::new(Policy::new().mode(Mode::Panic), route).layer(Allocates);
    let level = usize::from(is_active());
    assert_eq!(answer(&mut service, 0), [level, level]);
    let outcome = catch_unwind(AssertUnwindSafe(|| answer(&mut service, 1)));
    assert_eq!(outcome.is_err(), is_active());
    if let Err(payload) = outcome {
        let report = payload.downcast_ref::<String>().expect("a report is a text");
        assert!(report.contains("allocation of 8 bytes"), "{report}");
        assert!(report.contains("poll 1 of the protected future `loud`"), "{report}");
    }
    assert_eq!(protection_level(), 0);
}

#[test]
fn sampling_counts_all_services_of_a_layer_together() {
    let layer = GuardLayer::new(Policy::new().mode(Mode::Count), route).sample(3);
    let mut services = [layer.layer(Allocates), layer.clone().layer(Allocates)];
    for request in 0..9 {
        let before = violations();
        let levels = answer(&mut services[request % 2], 2);
        let watched = request % 3 == 0 && is_active();
        assert_eq!(levels, [usize::from(watched); 2], "request {request}");
        assert_eq!(violations() - before, if watched { 4 } else { 0 }, "request {request}");
    }
}
