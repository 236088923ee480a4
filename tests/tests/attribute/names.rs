//! What a region is called that has no name of its author's.
#![expect(clippy::unused_self, reason = "only what they are called matters")]

use super::*;

/// Runs a region that allocates and returns what the report calls it, without the path of this module; nothing in a
/// build without checks.
fn name_of(region: impl FnOnce()) -> Option<String> {
    let outcome = catch_unwind(AssertUnwindSafe(region));
    if !is_active() {
        outcome.expect("without checks nothing happens");
        return None;
    }
    let payload = outcome.expect_err("it allocates");
    let report = payload.downcast_ref::<String>().expect("a report");
    let (_, name) = report.split_once('`').expect("a name");
    let (name, _) = name.split_once('`').expect("the name's end");
    let own = concat!(module_path!(), "::");
    Some(name.strip_prefix(own).unwrap_or_else(|| panic!("{name} is not in {own}")).to_owned())
}

#[track_caller]
fn assert_named(region: impl FnOnce(), expected: &str) {
    let name = name_of(region);
    assert_eq!(name.as_deref(), is_active().then_some(expected));
}

fn finish(future: impl Future) {
    let mut future = pin!(future);
    let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_ready(), "it waits for nothing");
}

struct Delay;
struct Reverb;
struct Bank<T, const N: usize>([T; N]);

trait Stage {
    fn run(&self);

    #[no_alloc]
    fn reset(&self) {
        drop(force_alloc(1));
    }
}

impl Delay {
    #[no_alloc]
    fn run_twice(&self) {
        drop(force_alloc(1));
    }

    #[no_alloc]
    fn new() -> Self {
        drop(force_alloc(1));
        Self
    }

    #[no_alloc]
    fn r#loop(&self) {
        drop(force_alloc(1));
    }

    #[no_alloc]
    async fn poll(&self) {
        drop(force_alloc(1));
    }

    #[no_alloc(future)]
    fn later(&self) -> impl Future<Output = ()> + use<> {
        async { drop(force_alloc(1)) }
    }

    #[no_alloc]
    fn boxed<'a>(&'a self) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async move { drop(force_alloc(1)) })
    }

    fn with_inner(&self) {
        #[no_alloc]
        fn inner() {
            drop(force_alloc(1));
        }
        inner();
    }

    fn with_closure(&self) {
        let call = || {
            #[no_alloc]
            fn inside() {
                drop(force_alloc(1));
            }
            inside();
        };
        call();
    }

    #[no_alloc(name = "given")]
    fn named(&self) {
        drop(force_alloc(1));
    }

    #[no_alloc(allow(dealloc))]
    fn with_policy(&self) {
        drop(force_alloc(1));
    }
}

impl Stage for Delay {
    #[no_alloc]
    fn run(&self) {
        drop(force_alloc(1));
    }
}

impl Stage for Reverb {
    #[no_alloc]
    fn run(&self) {
        drop(force_alloc(1));
    }
}

impl<T, const N: usize> Stage for Bank<T, N> {
    #[no_alloc]
    fn run(&self) {
        drop(force_alloc(self.0.len()));
    }
}

impl Stage for &Delay {
    #[no_alloc]
    fn run(&self) {
        drop(force_alloc(1));
    }
}

impl Stage for Vec<f32> {
    #[no_alloc]
    fn run(&self) {
        drop(force_alloc(1));
    }
}

impl Stage for [Reverb] {
    #[no_alloc]
    fn run(&self) {
        drop(force_alloc(1));
    }
}

impl<A> Stage for (A, Reverb) {
    #[no_alloc]
    fn run(&self) {
        drop(force_alloc(1));
    }
}

impl dyn Stage {
    #[no_alloc]
    fn start(&self) {
        drop(force_alloc(1));
    }
}

trait Anything {
    fn anything(&self);
}

impl<T: Stage> Anything for T {
    #[no_alloc]
    fn anything(&self) {
        drop(force_alloc(1));
    }
}

mod elsewhere {
    use super::*;

    impl Reverb {
        #[no_alloc]
        pub(super) fn tail(&self) {
            drop(force_alloc(1));
        }
    }
}

#[no_alloc]
impl Bank<u8, 2> {
    fn pair(&self) {
        drop(force_alloc(1));
    }
}

macro_rules! stage_of {
    ($type:ident, $method:ident) => {
        impl $type {
            #[no_alloc]
            fn $method(&self) {
                drop(force_alloc(1));
            }
        }
    };
}
stage_of!(Reverb, made_by_a_macro);

#[no_alloc]
fn generic<T>(value: T) -> T {
    drop(force_alloc(1));
    value
}

#[test]
fn a_method_is_named_by_its_type() {
    assert_named(|| Delay.run(), "Delay::run");
    assert_named(|| Reverb.run(), "Reverb::run");
    assert_named(|| Delay.run_twice(), "Delay::run_twice");
    assert_named(|| _ = Delay::new(), "Delay::new");
    assert_named(|| Delay.r#loop(), "Delay::loop");
    assert_named(|| Delay.with_policy(), "Delay::with_policy");
    assert_named(|| Reverb.tail(), "Reverb::tail");
    assert_named(|| Reverb.made_by_a_macro(), "Reverb::made_by_a_macro");
}

#[test]
fn parameters_of_the_type_are_left_out_and_arguments_are_not() {
    assert_named(|| Bank([0_u8; 2]).run(), "Bank::run");
    assert_named(|| Bank([0_u16; 5]).run(), "Bank::run");
    assert_named(|| Bank([0_u8; 2]).pair(), "Bank<u8, 2>::pair");
    assert_named(|| _ = generic(7_u8), "generic");
}

#[test]
fn a_type_of_another_crate_stands_behind_the_module() {
    assert_named(|| (&&Delay).run(), "<&Delay>::run");
    assert_named(|| vec![0.5_f32].run(), "Vec<f32>::run");
    assert_named(|| [Reverb].as_slice().run(), "<[Reverb]>::run");
    assert_named(|| (0_u8, Reverb).run(), "<(_, Reverb)>::run");
    assert_named(|| <dyn Stage>::start(&Delay), "<dyn Stage>::start");
}

#[test]
fn a_method_of_every_type_is_named_by_the_trait() {
    assert_named(|| Delay.reset(), "Stage::reset");
    assert_named(|| Reverb.anything(), "Anything::anything");
}

#[test]
fn a_future_is_named_by_its_function() {
    assert_named(|| finish(Delay.poll()), "Delay::poll");
    assert_named(|| finish(Delay.later()), "Delay::later");
    assert_named(|| finish(Delay.boxed()), "Delay::boxed");
}

#[test]
fn a_function_inside_is_named_by_the_one_around_it() {
    assert_named(|| Delay.with_inner(), "Delay::with_inner::inner");
    assert_named(|| Delay.with_closure(), "Delay::with_closure::inside");
}

#[test]
fn a_name_that_is_given_stands_alone() {
    let report = catch_unwind(AssertUnwindSafe(|| Delay.named()));
    assert_eq!(report.is_err(), is_active());
    if let Err(report) = report {
        assert!(report.downcast_ref::<String>().is_some_and(|report| report.contains("region `given`")));
    }
}
