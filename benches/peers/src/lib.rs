//! The workload that every allocator runs, and how a program of one allocator is called.
//!
//! ```text
//! PROGRAM               lists what it can do, a line each
//! PROGRAM NAME TURNS    does it so many times, and prints the nanoseconds that all of it took
//! ```

use std::collections::HashMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

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
    /// A pair of which the profiler keeps a record.
    pub recorded: Option<Turns>,
}

/// An allocation of 64 bytes and its deallocation: a *pair*.
#[inline(always)]
pub fn pair() {
    // Not zeros, for which the compiler asks otherwise.
    black_box(Box::new([7_u8; 64]));
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
                ..$crate::Ways::default()
            })
        }
    };
}

fn pairs(turns: u64) {
    for _ in 0..turns {
        pair();
    }
}

fn pairs_on_two_threads(turns: u64) {
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| pairs(turns / 2));
        }
    });
}

/// A vector that grows from nothing to 1,000 numbers.
fn growth(turns: u64) {
    for _ in 0..turns {
        let mut numbers = Vec::new();
        for number in 0..1000_u32 {
            black_box(&mut numbers).push(number);
        }
        black_box(numbers);
    }
}

/// 64 MiB of zeros, of which nothing is touched.
fn zeros(turns: u64) {
    for _ in 0..turns {
        black_box(vec![0_u8; 64 << 20]);
    }
}

/// A map of 100 words.
fn words(turns: u64) {
    for _ in 0..turns {
        let map: HashMap<u32, String> = (0..100).map(|number| (number, format!("word {number}"))).collect();
        black_box(map);
    }
}

/// The body of a program of one allocator.
#[must_use]
pub fn main_with(ways: &Ways) -> ExitCode {
    let all: [(&str, Option<Turns>); 11] = [
        ("pair", Some(pairs)),
        ("pair-2-threads", Some(pairs_on_two_threads)),
        ("growth", Some(growth)),
        ("zeroed-64-mib", Some(zeros)),
        ("map", Some(words)),
        ("region", ways.region),
        ("enter-exit", ways.enter_exit),
        ("permitted", ways.permitted),
        ("counted", ways.counted),
        ("violating", ways.violating),
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
