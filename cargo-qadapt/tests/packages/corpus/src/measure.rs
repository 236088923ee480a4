//! One region: what it works on, what it does, and what is known of it.

/// What is known of a region by construction, over all inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It neither allocates nor frees.
    Never,
    /// It frees on some path and does not allocate.
    Frees,
    /// It allocates on some path.
    Some,
}

/// What was counted over all inputs on which it did not panic.
pub struct Seen {
    pub fewest: u64,
    pub most: u64,
    pub frees: u64,
}

/// A region with its runner.
pub struct Case {
    pub name: &'static str,
    pub expect: Expect,
    pub run: fn() -> Seen,
}

/// The inputs of every region.
pub const INPUTS: usize = 64;

/// Runs one region over all inputs.
pub fn over_inputs(one: impl Fn(usize) -> Option<(u64, u64)>) -> Seen {
    let mut seen = Seen { fewest: u64::MAX, most: 0, frees: 0 };
    for input in 0..INPUTS {
        if let Some((allocs, frees)) = one(input) {
            seen.fewest = seen.fewest.min(allocs);
            seen.most = seen.most.max(allocs);
            seen.frees = seen.frees.max(frees);
        }
    }
    seen
}

/// Declares regions: `name, expectation, inputs, |i| state: Type, |state, i| body;`. A region that may panic names
/// the inputs on which it does not, for builds in which a panic aborts.
#[macro_export]
macro_rules! cases {
    ($($name:ident, $expect:ident, $limit:expr, |$i:ident| $setup:expr => $ty:ty, |$x:ident| $body:expr;)*) => {
        $(pub mod $name {
            #[allow(unused_imports)]
            use super::*;
            #[inline(never)]
            pub fn region($x: &mut $ty, $i: usize) -> usize {
                let _ = &$x;
                let _ = $i;
                $body
            }
            pub fn run() -> $crate::measure::Seen {
                $crate::measure::over_inputs(|$i| {
                    if cfg!(panic = "abort") && $i >= $limit {
                        return None;
                    }
                    let mut state: $ty = $setup;
                    $crate::count::start();
                    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        std::hint::black_box(region(std::hint::black_box(&mut state), std::hint::black_box($i)))
                    }));
                    let counts = $crate::count::stop();
                    std::hint::black_box(&state);
                    result.ok().map(|_| counts)
                })
            }
        })*
        pub fn all() -> Vec<$crate::measure::Case> {
            vec![$($crate::measure::Case {
                name: stringify!($name),
                expect: $crate::measure::Expect::$expect,
                run: $name::run,
            }),*]
        }
    };
}
