//! The attributes of `qadapt`, which re-exports them: depend on that crate, not on this one.
//!
//! [`macro@allocate_panic`] and its second name [`macro@no_alloc`] protect a function against heap allocation;
//! [`macro@permit_alloc`] exempts one. What an attribute cannot stand on stays as it is, with one error beside it that
//! says what to write instead.

mod expand;
mod model;
mod parse;
mod road;

use model::Attribute;
use proc_macro::TokenStream;

/// Runs each call of a function as a protected region, in which this thread must not touch the allocator.
///
/// Allocations, reallocations and deallocations all count, those of called functions too; other threads' never do.
/// What an event in the region leads to is the process's `Mode`: by default the call runs to its end, then it panics with a report of what
/// was allocated where, and its result is dropped as that unwinds. In a build without checks an
/// optimised function is the same machine code as without the attribute, but that an argument taken by value and
/// passed in memory, such as a `String`, may be loaded into registers earlier.
///
/// # What runs inside
/// The whole body, on every way out of it: the last expression, `return`, `?`, a break, a panic. The arguments that
/// the function takes by value are dropped inside too, also those bound to `_`, in the usual order: a `Vec` handed
/// over is a deallocation in the region unless it is handed back. The result is dropped by the caller, outside.
///
/// # Where it stands
/// On functions: free, nested, recursive, generic, `unsafe`, `extern "C"`, `async`, returning `impl Trait` or `!`; on
/// methods with any kind of `self`, in impls and as defaults in traits. Twice on one function, the regions nest.
/// Edition 2018 or newer: in that of 2015 a refusal shows as a missing `core`, and what 2018 no longer parses is refused (parameters
/// without a name, functions named `dyn`).
/// Above an attribute that brings a runtime or a test's arguments, such as `#[tokio::main]` or `#[test_case(..)]`, since
/// below it these would be part of the region. Not on a `const fn`, a naked function, a `gen fn`, one with
/// `define_opaque`, one without a body, or anything else. Other attributes, lints, documentation and the
/// compiler's errors stay as they are without it.
///
/// # Futures
/// An `async` function is protected poll by poll: nothing is protected while it waits, wherever it is polled next.
/// Its arguments move into the future, and are dropped inside by the poll that completes it, or outside with a future
/// that is cancelled.
///
/// Of a function that returns a future without being `async`, the call is protected, and no poll. With the option
/// `future` it is the other way round: the polls of the future are protected, and the function's own body, which makes
/// it, is not. For that the function returns `impl Future<Output = ..>`, or ends in `Box::pin(..)`: the future is
/// guarded inside the box, and making and freeing the box are outside.
///
/// A function that ends in `Box::pin(async ..)` is taken so without the option, since the box would violate any region:
/// so it is with the methods below `#[async_trait]`, whichever of the two attributes stands first.
///
/// An `async` closure takes no attribute: guard the block in it with `Policy::wrap`, as shown below.
///
/// # Options
/// - `name = "mixer"`: the region's name in reports. By default the function's path, for a method by way of its type:
///   `radio::Echo::process`, wherever the impl block stands; see below.
/// - `crate = path`: where the expansion finds `qadapt`, if the crate has another name or is re-exported.
/// - `future`: the future that the function returns is watched, and not the call.
/// - `forbid`: permits inside are void.
/// - `defer`: what is freed in the region waits, as in `defer_frees`, and is no violation, as far as there is room, if the global allocator is a
///   `Deferring` one; also in builds without checks.
/// - `nonblocking`: system calls in which the thread may wait are disallowed too, as by [`nonblocking`](macro@nonblocking).
/// - `mode = "log"`: what a violation does: one of `panic`, `abort`, `log`, `count`, `fail`, `trap`.
/// - `allow(dealloc)`: operations that are allowed: some of `alloc`, `zeroed`, `grow`, `shrink`, `dealloc`; with `nonblocking` also
///   classes of system calls: `sleep`, `lock`, `file`, `socket`, `memory`, `process`, `clock`, `random`, `yield`, `other`.
/// - `budget(requests = 2, bytes = 4096)`: requests for memory are allowed until this is used up; also `allocs`, `peak_bytes`,
///   `calls` (system calls in which the thread may wait, which are watched then) and, beside a limit, `warm_up` (entries that are not held
///   to it).
/// - `sample = 100`: one entry in 100 is watched.
/// - `prove`: `cargo qadapt prove` must prove this region.
///
/// On an impl block it stands for the same attribute on each of its functions, but for `const` ones and those that have
/// an attribute of this crate's of their own. A macro call in the block is an error: what it makes would not be watched.
///
/// # Names
/// A method of another crate's type, or of one that is no path, is named by the module: `radio::Vec<f32>::process`,
/// `radio::<&mut [Echo]>::process`. A default method of a trait, and one of an impl for every type, is named by the trait:
/// `radio::Stage::process`. Parameters are left out, and so a method of `impl<const N: usize> Meter<N>` is one region for
/// all `N`, `radio::Meter::process`; one of `impl Filter<f32>` is `radio::Filter<f32>::process`. Two traits' methods of one
/// name on one type have the same name: give them others with `name`. A function inside another one is
/// `radio::tune::inner`.
///
/// # Panics
/// In mode `Panic`, if the call touched the allocator, after its body and the drops of its arguments. A panic of the
/// body's own goes on unchanged, and the report is logged instead. In an `extern "C"` function a panic ends the
/// process, after the report.
///
/// # Limits
/// The body becomes a closure. So in a function marked `#[track_caller]`, `Location::caller()` is a line of the body
/// and not the caller's; calls that the body makes report their own lines there, as they do in any closure. A body
/// that returns `impl Fn(..)` writes the types of its closure's arguments, and of its result, where the compiler needs them:
/// `|x: &[f32]| x.len()`, `|| -> Box<dyn Fn()> { .. }`. A `break` outside a loop is error E0267 instead of E0268. `unconditional_recursion` and
/// clippy's lints on whole bodies, such as `needless_pass_by_value`, see less; what `#[expect(..)]` says of them is not fulfilled then.
///
/// # Examples
/// A callback that must not allocate, and a bug in it:
/// ```
/// use qadapt::{QADAPT, allocate_panic, is_active};
///
/// #[global_allocator]
/// static ALLOC: QADAPT = QADAPT;
///
/// #[allocate_panic]
/// fn amplify(samples: &mut [f32], gain: f32) {
///     for sample in samples {
///         *sample *= gain;
///     }
/// }
///
/// #[allocate_panic(name = "mixer")]
/// fn mix(left: &[f32], right: &[f32]) -> f32 {
///     let both = [left, right].concat(); // allocates
///     both.iter().sum()
/// }
///
/// let mut samples = [1.0, 2.0];
/// amplify(&mut samples, 0.5);
/// assert_eq!(samples, [0.5, 1.0]);
///
/// let outcome = std::panic::catch_unwind(|| mix(&[1.0], &[2.0]));
/// assert_eq!(outcome.is_err(), is_active());
/// ```
///
/// Methods, `?`, and `impl Trait`:
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::num::ParseIntError;
///
/// use qadapt::allocate_panic;
///
/// struct Feed {
///     last: u32,
/// }
///
/// impl Feed {
///     #[allocate_panic]
///     fn prices<'a>(&mut self, line: &'a str) -> Result<impl Iterator<Item = &'a str> + use<'a>, ParseIntError> {
///         let (number, prices) = line.split_once(' ').unwrap_or((line, ""));
///         self.last = number.parse()?;
///         Ok(prices.split(','))
///     }
/// }
///
/// let mut feed = Feed { last: 0 };
/// assert!(feed.prices("7 1.5,2.5").is_ok_and(|prices| prices.eq(["1.5", "2.5"])));
/// assert_eq!(feed.last, 7);
/// assert!(feed.prices("x").is_err());
/// ```
///
/// A future, protected in each poll and not between them:
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// use qadapt::{allocate_panic, is_active, protection_level};
///
/// #[allocate_panic]
/// async fn levels() -> [usize; 2] {
///     let before = protection_level();
///     std::future::ready(()).await;
///     [before, protection_level()]
/// }
///
/// let mut future = pin!(levels());
/// assert_eq!(protection_level(), 0);
/// let inside = usize::from(is_active());
/// assert_eq!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready([inside; 2]));
/// ```
///
/// A function that makes a future, out of what it allocates before:
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
/// use std::future::Future;
///
/// use qadapt::allocate_panic;
///
/// trait Filter {
///     fn apply(&mut self, samples: &[f32]) -> impl Future<Output = Vec<f32>> + Send;
/// }
///
/// struct Gain(f32);
///
/// impl Filter for Gain {
///     #[allocate_panic(future, name = "gain")]
///     fn apply(&mut self, samples: &[f32]) -> impl Future<Output = Vec<f32>> + Send {
///         let mut samples = samples.to_vec(); // outside
///         async move {
///             for sample in &mut samples {
///                 *sample *= self.0;
///             }
///             samples
///         }
///     }
/// }
///
/// let mut gain = Gain(2.0);
/// let mut future = pin!(gain.apply(&[0.5, -1.0]));
/// # let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
/// // let samples = future.await;
/// # let Poll::Ready(samples) = polled else { unreachable!() };
/// assert_eq!(samples, [1.0, -2.0]);
/// ```
///
/// An `async` closure, whose block is guarded:
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// # use std::{future::Future, pin::pin, task::{Context, Poll, Waker}};
/// use qadapt::{Policy, is_active, protection_level};
///
/// const GAIN: Policy = Policy::new().name("gain");
///
/// let gain = async |sample: f32| GAIN.wrap(async move { (2.0 * sample, protection_level()) }).await;
///
/// let mut future = pin!(gain(0.25));
/// # let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
/// // let (sample, level) = future.await;
/// # let Poll::Ready((sample, level)) = polled else { unreachable!() };
/// assert_eq!((sample, level), (0.5, usize::from(is_active())));
/// ```
#[proc_macro_attribute]
pub fn allocate_panic(options: TokenStream, item: TokenStream) -> TokenStream {
    road::take(Attribute::AllocatePanic, options.into(), item.into()).into()
}

/// Runs each call of a function as a protected region: the second name of
/// [`allocate_panic`](macro@allocate_panic), which says everything about both.
///
/// # Panics
/// In mode `Panic`, if the call touched the allocator.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{is_active, no_alloc};
///
/// /// Takes the block and does not hand it back: it is freed in the region.
/// #[no_alloc]
/// fn last(samples: Vec<f32>) -> Option<f32> {
///     samples.last().copied()
/// }
///
/// #[no_alloc]
/// fn last_of(samples: &[f32]) -> Option<f32> {
///     samples.last().copied()
/// }
///
/// assert_eq!(last_of(&[1.0, 2.0]), Some(2.0));
/// let samples = vec![1.0, 2.0];
/// assert_eq!(std::panic::catch_unwind(|| last(samples)).is_err(), is_active());
/// ```
#[proc_macro_attribute]
pub fn no_alloc(options: TokenStream, item: TokenStream) -> TokenStream {
    road::take(Attribute::NoAlloc, options.into(), item.into()).into()
}

/// Runs each call of a function as a region in which this thread must make no system call that may wait: sleeps, locks that
/// others hold, files, sockets that are set to block.
///
/// `Policy::no_blocking` tells what is seen and where. Allocation is allowed; `allocate_panic(nonblocking)` disallows both. It stands
/// where [`allocate_panic`](macro@allocate_panic) does, with the same limits, and an `async` function is watched poll by poll. Its
/// options are `name`, `crate`, `future`, `forbid`, `defer`, `mode`, `sample`, `budget(calls = 2)`, also with `warm_up`, and `allow(clock)`
/// with classes of system calls: `sleep`, `lock`, `file`, `socket`, `memory`, `process`, `clock`, `random`, `yield`, `other`.
///
/// # Panics
/// In mode `panic`, at the end of the call, or of the poll, if such a call was made.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{is_blocking_watched, nonblocking};
///
/// #[nonblocking(allow(yield))]
/// fn spin() {
///     std::thread::yield_now();
/// }
///
/// #[nonblocking]
/// async fn respond() -> std::io::Result<String> {
///     std::fs::read_to_string("Cargo.toml") // waits for the disk, and with it every other task of the thread
/// }
///
/// spin();
/// # use std::{future::Future, pin::pin, task::{Context, Waker}};
/// let polled = std::panic::catch_unwind(|| {
///     // .. an executor polls `respond()` ..
/// #   let _ = pin!(respond()).poll(&mut Context::from_waker(Waker::noop()));
/// });
/// assert_eq!(polled.is_err(), is_blocking_watched());
/// ```
#[proc_macro_attribute]
pub fn nonblocking(options: TokenStream, item: TokenStream) -> TokenStream {
    road::take(Attribute::Nonblocking, options.into(), item.into()).into()
}

/// Runs each call of a function as a permit: inside it, this thread may touch the allocator again.
///
/// For the rare path that may allocate although a protected region is open: the first call, an error's message. A
/// permit sets aside every region around it, unless one of them forbids permits: then it does nothing. A region that opens inside it
/// protects again. Without an open region it does nothing.
///
/// It stands on the same functions as [`allocate_panic`](macro@allocate_panic), with the same limits: arguments taken
/// by value are dropped inside the permit, and an `async` function is permitted poll by poll. Its options are
/// `crate = path` and `future`: then, as at the end of a function in `Box::pin(async ..)`, the permit covers both the
/// call and the polls of the future that it returns.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{allocate_panic, permit_alloc};
///
/// #[permit_alloc]
/// fn describe(code: u32) -> String {
///     format!("error {code}")
/// }
///
/// #[allocate_panic]
/// fn check(code: u32) -> Result<(), String> {
///     if code == 0 { Ok(()) } else { Err(describe(code)) }
/// }
///
/// assert_eq!(check(0), Ok(()));
/// assert_eq!(check(5), Err("error 5".to_owned()));
/// ```
#[proc_macro_attribute]
pub fn permit_alloc(options: TokenStream, item: TokenStream) -> TokenStream {
    road::take(Attribute::PermitAlloc, options.into(), item.into()).into()
}

/// Counts what each call of a function asks of the allocator, and reports it for each call site when the process ends.
///
/// Nothing is disallowed. The report goes to standard error (or to `log` and `tracing`, with those features), a line
/// for each place that calls the function: how often, and the counts of all those calls together. Call sites are told
/// apart by `#[track_caller]`, which the attribute adds; an `async` or `extern` function, or one with a symbol of its own
/// (`no_mangle`, `export_name`), has one line for all of them. So has one that returns its future (`future`, or
/// `Box::pin(async ..)` at its end), of which the polls are counted.
/// In a build without checks the function is what it would be without the attribute, but for `#[track_caller]`.
///
/// Its options are `name = ".."`, `crate = path` and `future`; it stands where [`allocate_panic`](macro@allocate_panic) does.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// #[qadapt::count_alloc]
/// fn label(n: u32) -> String {
///     format!("item {n}")
/// }
///
/// assert_eq!(label(7), "item 7");
/// // At the end: qadapt: `..::label` called once at src/main.rs:8:12: 1 allocs, ..
/// ```
#[proc_macro_attribute]
pub fn count_alloc(options: TokenStream, item: TokenStream) -> TokenStream {
    road::take(Attribute::CountAlloc, options.into(), item.into()).into()
}

/// A test whose body is a protected region, and that fails where nothing is watched.
///
/// It adds `#[test]`, unless another test attribute stands below it; so for an `async` test write `#[qadapt::test]`
/// above `#[tokio::test]`, and for a test with arguments above `#[rstest]` or `#[test_case(..)]`, which then make their
/// runtime and the arguments outside the region. The other order is an error. Results, `#[should_panic]` and `#[ignore]` work as usual. The options are those of
/// [`allocate_panic`](macro@allocate_panic) but for `future`, `sample` and `prove`; and `c`, for a test that must see what C code
/// allocates. Its mode is `panic`, whatever the process's is, unless `mode` gives another one: with `mode = "count"` or `"log"` a violation
/// does not fail the test.
///
/// # Panics
/// So that the test fails: if the body violated the policy; if QADAPT is not the program's global allocator; if the
/// build has no checks; with `c`, if C's allocation functions are not watched (`qadapt::c_is_active`); with `nonblocking` or a budget of
/// `calls`, if system calls are not watched (`qadapt::is_blocking_watched`).
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// #[qadapt::test]
/// fn parsing_needs_no_memory() {
///     assert_eq!("12".parse(), Ok(12));
/// }
///
/// #[qadapt::test(budget(requests = 1), allow(dealloc))]
/// fn one_buffer_is_enough() -> Result<(), std::num::TryFromIntError> {
///     let buffer = vec![0_u8; usize::try_from(64_i32)?];
///     assert_eq!(buffer.len(), 64);
///     Ok(())
/// }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn test(options: TokenStream, item: TokenStream) -> TokenStream {
    road::take(Attribute::Test, options.into(), item.into()).into()
}
