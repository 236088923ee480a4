//! The workload that every allocator runs, and how a program of one allocator is called.
//!
//! ```text
//! PROGRAM               lists what it can do, a line each
//! PROGRAM NAME TURNS    does it so many times, and prints the nanoseconds that all of it took
//! ```

mod work;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

pub use work::{Filter, callbacks, pair};

/// Does something so many times.
pub type Turns = fn(u64);

/// What only some allocators have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ways {
    /// A protected closure that does nothing.
    pub region: Option<Turns>,
    /// Protection between two calls.
    pub enter_exit: Option<Turns>,
    /// A pair that is permitted in a protected closure.
    pub permitted: Option<Turns>,
    /// A pair whose calls are counted, by itself.
    pub counted: Option<Turns>,
    /// A pair in a protected closure, which is counted as a violation.
    pub violating: Option<Turns>,
    /// The same, of which the stack is kept.
    pub shown: Option<Turns>,
    /// A protected future that is polled.
    pub poll: Option<Turns>,
    /// [`callbacks`] that are protected.
    pub callbacks: Option<Turns>,
    /// A pair of which the profiler keeps a record.
    pub recorded: Option<Turns>,
    /// What the others are held against: it does the callbacks without protection.
    pub is_bare: bool,
}

/// The program of an allocator that goes by the names of `assert_no_alloc`, whose violations abort.
#[macro_export]
macro_rules! like_assert_no_alloc {
    ($peer:ident) => {
        #[global_allocator]
        static ALLOC: $peer::AllocDisabler = $peer::AllocDisabler;

        fn main() -> std::process::ExitCode {
            use $peer::{assert_no_alloc, permit_alloc};

            let region =
                |turns| (0..turns).for_each(|turn| _ = std::hint::black_box(assert_no_alloc(|| turn)));
            let permitted = |turns| (0..turns).for_each(|_| assert_no_alloc(|| permit_alloc($crate::pair)));
            $crate::main_with(&$crate::Ways {
                region: Some(region),
                permitted: Some(permitted),
                callbacks: Some(|turns| {
                    $crate::callbacks(turns, |filter, block| assert_no_alloc(|| filter.process(block)));
                }),
                ..$crate::Ways::default()
            })
        }
    };
}

/// The body of a program of one allocator.
#[must_use]
pub fn main_with(ways: &Ways) -> ExitCode {
    let all: [(&str, Option<Turns>); 15] = [
        ("pair", Some(work::pairs)),
        ("pair-2-threads", Some(work::pairs_on_two_threads)),
        ("growth", Some(work::growth)),
        ("zeroed-64-mib", Some(work::zeros)),
        ("map", Some(work::words)),
        ("json", Some(work::json)),
        ("region", ways.region),
        ("enter-exit", ways.enter_exit),
        ("permitted", ways.permitted),
        ("counted", ways.counted),
        ("violating", ways.violating),
        ("shown", ways.shown),
        ("poll", ways.poll),
        ("callbacks", ways.callbacks.or(ways.is_bare.then_some(work::bare_callbacks))),
        ("recorded", ways.recorded),
    ];
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, turns] = arguments.as_slice() else {
        for (name, turns) in all {
            if turns.is_some() {
                println!("{name}");
            }
        }
        return ExitCode::SUCCESS;
    };
    let way = all.iter().find(|(known, _)| known == name).and_then(|(_, way)| *way);
    let (Some(way), Ok(turns)) = (way, turns.parse()) else { return ExitCode::from(2) };
    // What happens once has happened.
    way(2);
    let start = Instant::now();
    counted_from_here(way, turns);
    let took = start.elapsed();
    println!("{}", took.as_nanos());
    ExitCode::SUCCESS
}

/// Instructions are counted inside this function, which the counting tool knows by its name.
#[inline(never)]
fn counted_from_here(way: Turns, turns: u64) {
    way(black_box(turns));
}
